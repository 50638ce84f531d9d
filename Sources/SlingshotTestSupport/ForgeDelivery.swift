import Crypto
public import Foundation
public import StagingModel

/// A delivery as each forge sends it, with its headers, and signed.
public struct ForgeDelivery: Sendable {
    public var forge: Forge
    public var payload: JSONValue
    /// What the header that names the event says; none for a generic delivery.
    public var event: String
    public var id: String

    public init(_ forge: Forge, _ payload: JSONValue, event: String? = nil, id: String = "72d3162e-cc78-11e3-81ab-4c9367dc0958") {
        self.forge = forge
        self.payload = payload
        self.event = event ?? Self.pullRequestEvent(of: forge)
        self.id = id
    }

    /// Pull request 42 of acme/shop is opened, in the shape that the forge's documentation gives. Throws when the fixture is not there.
    public static func opened(on forge: Forge) throws -> ForgeDelivery {
        ForgeDelivery(forge, try fixtures[forge]?.get() ?? .null)
    }

    static func commentPayload(on forge: Forge) throws -> JSONValue { try comments[forge]?.get() ?? .null }

    private static let fixtures = read(fixture)
    private static let comments = read(commentFixture)

    private static func read(_ name: (Forge) -> String) -> [Forge: Result<JSONValue, any Error>] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let pairs = Forge.allCases.map { forge in
            let file = root.appending(path: "Tests/WebhooksTests/Fixtures/\(name(forge)).json")
            return (forge, Result { try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: file)) })
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    private static func fixture(of forge: Forge) -> String {
        switch forge {
        case .github: "github-pull_request-opened"
        case .gitlab: "gitlab-merge_request-open"
        case .gitea, .forgejo: "gitea-pull_request-opened"
        case .bitbucket: "bitbucket-pullrequest-created"
        case .bitbucketServer: "bitbucket-server-pr-opened"
        case .generic: "generic-opened"
        }
    }

    private static func pullRequestEvent(of forge: Forge) -> String {
        switch forge {
        case .github, .gitea, .forgejo: "pull_request"
        case .gitlab: "Merge Request Hook"
        case .bitbucket: "pullrequest:created"
        case .bitbucketServer: "pr:opened"
        case .generic: ""
        }
    }

    public var body: Data { Data(payload.canonicalBytes) }

    public func headers(secret: String, at now: Date) -> [String: String] { headers(of: body, secret: secret, at: now) }

    /// The headers of a delivery of `body` that is sent `now`, as the forge sends them with a webhook's `secret`.
    public func headers(of body: Data, secret: String, at now: Date) -> [String: String] {
        var headers =
            switch forge {
            case .github: gitHubHeaders(of: body, secret).merging(["X-GitHub-Hook-ID": "292430182"]) { $1 }
            case .gitea: giteaHeaders("Gitea", of: body, secret)
            case .forgejo: giteaHeaders("Gitea", of: body, secret).merging(giteaHeaders("Forgejo", of: body, secret)) { $1 }
            case .gitlab:
                [
                    "X-Gitlab-Event": event, "X-Gitlab-Token": secret, "X-Gitlab-Webhook-UUID": "7c1c2b3a-5d4e-4f6a-8b9c-0d1e2f3a4b5c",
                    "X-Gitlab-Event-UUID": "0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9", "X-Gitlab-Instance": "https://gitlab.example.com",
                    "Idempotency-Key": id,
                ]
            case .bitbucket:
                [
                    "X-Event-Key": event, "X-Request-UUID": id, "X-Hook-UUID": "3f4b6c52-2a9c-4a6f-9a55-0f1c2d3e4f50",
                    "X-Attempt-Number": "1", "X-Hub-Signature": "sha256=" + Self.digits(of: body, secret),
                ]
            case .bitbucketServer:
                ["X-Event-Key": event, "X-Request-Id": id, "X-Hub-Signature": "sha256=" + Self.digits(of: body, secret)]
            case .generic: Self.standardHeaders(of: body, id: id, secret: secret, at: now)
            }
        headers["Content-Type"] = "application/json"
        return headers
    }

    private func gitHubHeaders(of body: Data, _ secret: String) -> [String: String] {
        ["X-GitHub-Event": event, "X-GitHub-Delivery": id, "X-Hub-Signature-256": "sha256=" + Self.digits(of: body, secret)]
    }

    /// They send GitHub's besides.
    private func giteaHeaders(_ brand: String, of body: Data, _ secret: String) -> [String: String] {
        gitHubHeaders(of: body, secret).merging([
            "X-\(brand)-Event": event, "X-\(brand)-Event-Type": event, "X-\(brand)-Delivery": id,
            "X-\(brand)-Signature": Self.digits(of: body, secret),
        ]) { $1 }
    }

    private static func digits(of body: Data, _ secret: String) -> String {
        code(of: body, secret: secret).map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined()
    }

    /// Standard Webhooks' three headers; the secret is the key itself.
    public static func standardHeaders(of body: Data, id: String, secret: String, at now: Date) -> [String: String] {
        let time = String(Int(now.timeIntervalSince1970))
        let code = code(of: Data("\(id).\(time).".utf8) + body, secret: secret)
        return ["webhook-id": id, "webhook-timestamp": time, "webhook-signature": "v1," + Data(code).base64EncodedString()]
    }

    private static func code(of data: Data, secret: String) -> HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: data, using: SymmetricKey(data: Data(secret.utf8)))
    }
}
