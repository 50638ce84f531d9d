/// GitHub's webhooks, as "Webhook events and payloads" and "Validating webhook deliveries" document them.
public struct GitHubAdapter: ForgeAdapter {
    public let forge = "github"

    public init() {}

    /// `X-Hub-Signature-256: sha256=<64 hexadecimal digits>`. The older `X-Hub-Signature` is SHA-1 and counts for nothing.
    public func isSigned(_ delivery: Delivery, with secret: WebhookSecret) throws(DeliveryRejection) -> Bool {
        try delivery.hasCode(in: "X-Hub-Signature-256", after: "sha256=", of: secret)
    }

    /// The hook's id may be missing, as from older GitHub Enterprise Servers; the delivery's may not.
    public func key(of delivery: Delivery) throws(DeliveryRejection) -> (hook: String, id: String) {
        guard let id = try delivery.identifier("x-github-delivery") else { throw .malformed(field: "x-github-delivery", why: "is missing") }
        return (try delivery.identifier("x-github-hook-id") ?? "", id)
    }

    public func message(in delivery: Delivery) throws(DeliveryRejection) -> ForgeMessage {
        guard let event = try delivery.identifier("x-github-event") else { throw .malformed(field: "x-github-event", why: "is missing") }
        switch event {
        case "pull_request":
            return try DeliveryJSON.decode(GitHubPullRequestDelivery.self, from: delivery.body).message
        case "issue_comment":
            return try DeliveryJSON.decode(GitHubCommentDelivery.self, from: delivery.body).message
        case "ping":
            let ping = try DeliveryJSON.decode(GitHubPing.self, from: delivery.body)
            return .ping(repository: ping.repository?.fullName, text: ping.zen)
        default:
            let payload = try DeliveryJSON.decode(GitHubPayload.self, from: delivery.body)
            return .ignored(
                repository: payload.repository?.fullName,
                reason: "because only pull_request and issue_comment events matter to a stack, and this is \(event)")
        }
    }
}
