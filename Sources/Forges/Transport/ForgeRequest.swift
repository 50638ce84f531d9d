import Foundation
import Orchestration
import StagingModel

/// What a call is about, in words that its errors use.
struct ForgeCall: Sendable {
    /// Completes "to …": `set a commit status`.
    var purpose: String
    /// The right that it needs, in the forge's own words.
    var right: String
}

/// One request to a forge's API, below its base address.
struct ForgeRequest: Sendable {
    enum Method: String { case GET, POST, PUT, PATCH, DELETE }

    var method: Method
    /// Not encoded yet: a segment can't reach another path, whatever is in it.
    var path: [String]
    var query: [(name: String, value: String)]
    var body: JSONValue?
    var call: ForgeCall
    /// Whether the last answer is kept, and asked for only if it changed.
    var isConditional = false

    init(
        _ method: Method, _ path: [String], query: [(name: String, value: String)] = [], body: JSONValue? = nil, _ call: ForgeCall
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.call = call
    }

    /// Path and query, encoded. Throws ``ForgeError/Kind/refused`` for a segment that servers read as a step in the tree.
    func target() throws(ForgeError) -> String {
        var target = ""
        for segment in path {
            guard !segment.isEmpty, segment != ".", segment != ".." else {
                throw ForgeError(.refused, "there is no such name as \"\(segment)\" to \(call.purpose)")
            }
            target += "/" + Self.encoded(segment)
        }
        guard !query.isEmpty else { return target }
        return target + "?" + query.map { "\(Self.encoded($0.name))=\(Self.encoded($0.value))" }.joined(separator: "&")
    }

    /// Everything but RFC 3986's unreserved characters: no server reads anything else into them.
    private static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
    }

    private static let unreserved = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
}
