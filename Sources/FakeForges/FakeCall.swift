import Foundation
import HTTPTypes
import StagingModel

/// One request, read and authenticated.
struct FakeCall: Sendable {
    var method: HTTPRequest.Method
    var path: [String]
    /// What the pattern of the route names.
    var parameters: [String: String] = [:]
    var query: [String: String]
    var body: JSONValue?
    var token: ForgeState.Token
    var now: Date
    /// The address that was asked, without query.
    var address: String

    func text(_ name: String) -> String { parameters[name] ?? "" }

    func number(_ name: String) throws(FakeRefusal) -> Int {
        guard let number = Int(text(name)) else { throw .notFound }
        return number
    }
}

struct FakeAnswer: Sendable {
    var status = 200
    var headers: [String: String] = [:]
    var body: JSONValue?

    init(_ status: Int = 200, _ body: JSONValue? = nil, headers: [String: String] = [:]) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// A request that the forge does not do.
struct FakeRefusal: Error, Sendable {
    var status: Int
    var message: String
    var headers: [String: String] = [:]

    static let notFound = FakeRefusal(status: 404, message: "Not Found")
    static func invalid(_ message: String) -> FakeRefusal { FakeRefusal(status: 422, message: message) }
}

/// A method and a pattern of segments, of which those with a colon are parameters.
struct FakeRoute: Sendable {
    typealias Handler = @Sendable (FakeCall, inout ForgeState) throws(FakeRefusal) -> FakeAnswer

    var method: String
    var pattern: [String]
    /// Scopes of which one is enough; none when any token will do.
    var scopes: [String]
    var handle: Handler

    init(_ text: String, _ scopes: [String] = [], _ handle: @escaping Handler) {
        let words = text.split(separator: " ")
        method = String(words[0])
        pattern = words[1].split(separator: "/").map { String($0) }
        self.scopes = scopes
        self.handle = handle
    }

    /// The parameters; nil when the request is another's.
    func match(_ method: String, _ path: [String]) -> [String: String]? {
        guard method == self.method, path.count == pattern.count else { return nil }
        var parameters: [String: String] = [:]
        for (expected, segment) in zip(pattern, path) {
            if expected.hasPrefix(":") { parameters[String(expected.dropFirst())] = segment } else if expected != segment { return nil }
        }
        return parameters
    }
}

/// The fields of a body, held against what the forge documents. Unknown ones are refused, which real forges are too polite for.
struct Fields {
    private let values: [String: JSONValue]

    init(_ body: JSONValue?, allowing names: [String]) throws(FakeRefusal) {
        guard let values = body?.object else { throw FakeRefusal(status: 400, message: "Problems parsing JSON") }
        for name in values.keys where !names.contains(name) { throw .invalid("\(name) is not a permitted key.") }
        self.values = values
    }

    subscript(name: String) -> JSONValue? { values[name].flatMap { $0 == .null ? nil : $0 } }

    func optional(_ name: String, longest: Int = 65_536, oneOf words: [String]? = nil) throws(FakeRefusal) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.string else { throw .invalid("\(name) is not a string") }
        guard text.unicodeScalars.count <= longest else { throw .invalid("\(name) is too long (maximum is \(longest) characters)") }
        if let words, !words.contains(text) { throw .invalid("\(name) does not have a valid value") }
        return text
    }

    func required(_ name: String, longest: Int = 65_536, oneOf words: [String]? = nil) throws(FakeRefusal) -> String {
        guard let text = try optional(name, longest: longest, oneOf: words), !text.isEmpty else { throw .invalid("\(name) can't be blank") }
        return text
    }

    func link(_ name: String, longest: Int = 2_048) throws(FakeRefusal) -> String? {
        guard let text = try optional(name, longest: longest) else { return nil }
        guard text.hasPrefix("https://") || text.hasPrefix("http://") else { throw .invalid("\(name) must use http(s) scheme") }
        return text
    }

    func flag(_ name: String) throws(FakeRefusal) -> Bool? {
        guard let value = self[name] else { return nil }
        guard let flag = value.bool else { throw .invalid("\(name) is not a boolean") }
        return flag
    }
}

extension JSONValue {
    static func number(_ value: Int) -> JSONValue { .integer(Int64(value)) }
    static func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
    static func time(_ value: Date) -> JSONValue { .string(value.formatted(.iso8601)) }
}
