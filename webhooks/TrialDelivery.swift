public import Foundation
public import StagingModel

/// A delivery that changes nothing, signed as the forge signs, and about a configured repository: `doctor` sends it to see whether the route is
/// reached, and whether who answers there knows the repository and has the same secret. The right answer is 200 or 202.
public struct TrialDelivery: Sendable {
    public let headers: [String: String]
    public let body: Data

    public init(of forge: Forge, repository: String, secret: WebhookSecret, id: String, at now: Date) {
        let event = "slingshot-trial"
        let payload = Self.payload(of: forge, repository)
        body = Data(payload.canonicalBytes)
        var headers = ["Content-Type": "application/json"]
        switch forge {
        case .github:
            headers["X-GitHub-Event"] = "ping"
            headers["X-GitHub-Delivery"] = id
            headers["X-Hub-Signature-256"] = "sha256=" + secret.code(of: body)
        case .gitea, .forgejo:
            let brand = forge == .gitea ? "Gitea" : "Forgejo"
            headers["X-\(brand)-Event"] = event
            headers["X-\(brand)-Delivery"] = id
            headers["X-\(brand)-Signature"] = secret.code(of: body)
        case .gitlab:
            headers["X-Gitlab-Event"] = event
            headers["Idempotency-Key"] = id
            headers.merge(secret.isSigningToken ? secret.standardHeaders(of: body, id: id, at: now) : ["X-Gitlab-Token": secret.token]) {
                $1
            }
        case .bitbucket:
            headers["X-Event-Key"] = event
            headers["X-Request-UUID"] = id
            headers["X-Hub-Signature"] = "sha256=" + secret.code(of: body)
        case .bitbucketServer:
            headers["X-Event-Key"] = event
            headers["X-Hub-Signature"] = "sha256=" + secret.code(of: body)
        case .generic:
            headers.merge(secret.standardHeaders(of: body, id: id, at: now)) { $1 }
        }
        self.headers = headers
    }

    private static func payload(of forge: Forge, _ repository: String) -> JSONValue {
        switch forge {
        case .github, .gitea, .forgejo: return ["repository": ["id": 0, "full_name": .string(repository)]]
        case .gitlab: return ["project": ["id": 0, "path_with_namespace": .string(repository)]]
        case .bitbucket: return ["repository": ["full_name": .string(repository)]]
        case .bitbucketServer:
            let parts = repository.split(separator: "/", maxSplits: 1).map { String($0) }
            return ["repository": ["id": 0, "project": ["key": .string(parts[0])], "slug": .string(parts.last ?? "")]]
        case .generic: return ["action": "ping", "repository": .string(repository)]
        }
    }
}

extension WebhookSecret {
    /// Standard Webhooks' three headers.
    fileprivate func standardHeaders(of body: Data, id: String, at now: Date) -> [String: String] {
        let time = String(Int(now.timeIntervalSince1970))
        let code = Data(standardCode(of: "\(id).\(time).", body)).base64EncodedString()
        return ["webhook-id": id, "webhook-timestamp": time, "webhook-signature": "v1,\(code)"]
    }
}
