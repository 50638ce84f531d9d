import Crypto
public import Foundation
public import StagingModel

/// A `pull_request` delivery as GitHub sends it, signed.
public struct GitHubDelivery: Sendable {
    public var action: String
    public var number: Int
    public var head: CommitID
    public var title: String
    public var repository: String
    public var isFork: Bool
    public var labels: [String] = []
    public var updatedAt: Date
    public var id: String

    public init(
        _ action: String, number: Int = 7, head: CommitID, title: String = "Add a basket", repository: String = "acme/shop",
        isFork: Bool = false,
        updatedAt: Date = Date(), id: String = UUID().uuidString.lowercased()
    ) {
        self.action = action
        self.number = number
        self.head = head
        self.title = title
        self.repository = repository
        self.isFork = isFork
        self.updatedAt = updatedAt
        self.id = id
    }

    public var body: Data {
        let base: JSONValue = ["id": 1, "full_name": .string(repository)]
        let fork: JSONValue = ["id": 2, "full_name": "stranger/shop"]
        let payload: JSONValue = [
            "action": .string(action), "number": .integer(Int64(number)), "repository": base,
            "pull_request": [
                "number": .integer(Int64(number)), "title": .string(title), "user": ["login": "octocat"], "draft": false,
                "state": .string(action == "closed" ? "closed" : "open"), "merged": false,
                "labels": .array(labels.map { ["name": .string($0)] }),
                "html_url": .string("https://github.com/\(repository)/pull/\(number)"), "updated_at": .string(updatedAt.rfc3339),
                "head": ["sha": .string(head.description), "ref": "basket", "repo": isFork ? fork : base],
                "base": ["sha": .string(String(repeating: "0", count: 40)), "ref": "main", "repo": base],
            ],
            "sender": ["login": "octocat"],
        ]
        return Data(payload.canonicalBytes)
    }

    /// The headers of a delivery of `body`, signed with `secret`.
    public static func headers(event: String = "pull_request", id: String, body: Data, secret: String) -> [String: String] {
        let code = HMAC<SHA256>.authenticationCode(for: body, using: SymmetricKey(data: Data(secret.utf8)))
        return [
            "Content-Type": "application/json", "X-GitHub-Event": event, "X-GitHub-Delivery": id, "X-GitHub-Hook-ID": "1",
            "X-Hub-Signature-256": "sha256=" + code.map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined(),
        ]
    }

    public func headers(secret: String) -> [String: String] { Self.headers(id: id, body: body, secret: secret) }
}
