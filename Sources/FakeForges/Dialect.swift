import Foundation
import StagingModel

/// One forge's manner of speaking: its addresses, its words, its pages and its errors.
protocol Dialect: Sendable {
    /// The segments before every route.
    var root: [String] { get }
    var routes: [FakeRoute] { get }
    /// What a token has to have to do everything.
    var allScopes: Set<String> { get }
    /// The events, in the API's words, that a webhook sends which is set up as documented.
    var webhookEvents: Set<String> { get }
    /// Whether it says which answer it was, so that the same is not sent again.
    var hasETags: Bool { get }
    /// Whether the parameters name the one repository that there is, as far as they name one.
    func names(_ parameters: [String: String], _ repository: String) -> Bool
    /// What goes with every answer.
    func headers(_ token: ForgeState.Token) -> [String: String]
    func answer(_ refusal: FakeRefusal) -> FakeAnswer
    func lacking(_ scopes: [String]) -> FakeRefusal
    func limited(until: Date, now: Date) -> FakeAnswer
}

extension Dialect {
    var hasETags: Bool { false }
    func headers(_: ForgeState.Token) -> [String: String] { [:] }

    func names(_ parameters: [String: String], _ repository: String) -> Bool {
        guard let owner = parameters["owner"], let name = parameters["name"] else { return true }
        return "\(owner)/\(name)".lowercased() == repository.lowercased()
    }

    func answer(_ refusal: FakeRefusal) -> FakeAnswer {
        FakeAnswer(refusal.status, ["message": .string(refusal.message)], headers: refusal.headers)
    }

    func limited(until: Date, now: Date) -> FakeAnswer {
        FakeAnswer(429, ["message": "Too Many Requests"], headers: ["retry-after": "\(Int(until.timeIntervalSince(now).rounded(.up)))"])
    }
}

/// A part of a list, by pages that count from 1.
struct NumberedSlice {
    var items: [JSONValue]
    var page: Int
    var size: Int
    var total: Int
    var hasNext: Bool { page < pages }
    var pages: Int { (total + size - 1) / size }

    init(_ all: [JSONValue], _ call: FakeCall, size name: String, standard: Int, most: Int) throws(FakeRefusal) {
        page = Int(call.query["page"] ?? "1") ?? 0
        size = min(Int(call.query[name] ?? "") ?? standard, most)
        total = all.count
        guard page >= 1, size >= 1 else { throw FakeRefusal(status: 400, message: "page is invalid") }
        items = Array(all.dropFirst((page - 1) * size).prefix(size))
    }

    /// The address of another page, below `base`.
    func link(_ call: FakeCall, base: String, page: Int) -> String {
        var query = call.query
        query["page"] = "\(page)"
        var parts = URLComponents()
        parts.queryItems = query.sorted { $0.key < $1.key }.map { URLQueryItem(name: $0.key, value: $0.value) }
        return base + "?" + (parts.percentEncodedQuery ?? "")
    }
}
