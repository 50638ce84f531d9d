import Crypto
import Foundation
import StagingModel

@testable import Webhooks

/// GitHub's deliveries as the tests make them: a realistic payload, edited by path, and signed.
enum GitHubFixture {
    static let secret = "fish and chips"
    static let now = Date(timeIntervalSince1970: 1_795_248_060)

    /// A `pull_request` event with the action `opened`, in GitHub's documented shape.
    static func opened() throws -> JSONValue { try payload.get() }

    private static let payload = Result {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/github-pull_request-opened.json")
        return try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: file))
    }

    static func secret(_ text: String) throws -> WebhookSecret {
        guard let secret = WebhookSecret(text.utf8) else { throw CocoaError(.coderInvalidValue) }
        return secret
    }

    static func subscription(_ name: String, _ fullName: String, secret text: String = secret, forge: String = "github") throws
        -> Subscription
    {
        guard let repository = RepositoryName(name) else { throw CocoaError(.coderInvalidValue) }
        return Subscription(repository: repository, forge: forge, fullName: fullName, secret: try secret(text))
    }

    /// One repository, `acme/shop`, named `shop`.
    static func receiver(_ subscriptions: [Subscription]? = nil) throws -> WebhookReceiver {
        WebhookReceiver(adapters: [GitHubAdapter()], subscriptions: try subscriptions ?? [subscription("shop", "acme/shop")])
    }

    static func signature(_ body: some DataProtocol, secret: String) -> String {
        HMAC<SHA256>.authenticationCode(for: body, using: SymmetricKey(data: Data(secret.utf8))).map { String(format: "%02x", $0) }.joined()
    }

    /// A signed delivery. `headers` are set last; nil takes one away.
    static func delivery(
        _ body: some DataProtocol, event: String = "pull_request", secret: String = secret, forge: String = "github",
        headers changes: [String: String?] = [:]
    ) -> Delivery {
        var headers = [
            "Content-Type": "application/json", "X-GitHub-Event": event, "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
            "X-GitHub-Hook-ID": "292430182", "X-Hub-Signature-256": "sha256=" + signature(body, secret: secret),
        ]
        for (name, value) in changes { headers[name] = value }
        return Delivery(forge: forge, headers: headers.map { (name: $0.key, value: $0.value) }, body: Data(body), receivedAt: now)
    }

    /// What the payload says, signed and received.
    static func message(_ payload: JSONValue, event: String = "pull_request") throws -> ForgeMessage {
        try receiver().receive(delivery(payload.canonicalBytes, event: event)).message
    }

    static func event(_ payload: JSONValue) throws -> PullRequestEvent? {
        if case .pullRequest(let event) = try message(payload) { event } else { nil }
    }
}

extension JSONValue {
    /// This document with the value at a path such as `labels[0].name` replaced; nil removes it.
    func with(_ path: String, _ value: JSONValue?) -> JSONValue {
        with(path.replacing("[", with: ".").replacing("]", with: "").split(separator: ".").map(String.init)[...], value)
    }

    private func with(_ path: ArraySlice<String>, _ value: JSONValue?) -> JSONValue? {
        guard let key = path.first else { return value }
        var copy = self
        if let index = Int(key), case .array(var items) = self {
            items[index] = items[index].with(path.dropFirst(), value) ?? .null
            copy = .array(items)
        } else {
            copy[key] = (self[key] ?? .null).with(path.dropFirst(), value)
        }
        return copy
    }

    private func with(_ path: ArraySlice<String>, _ value: JSONValue?) -> JSONValue {
        let changed: JSONValue? = with(path, value)
        return changed ?? .null
    }
}

/// SplitMix64: the same seed gives the same mutations on every machine.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
