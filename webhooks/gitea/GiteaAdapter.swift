/// Gitea's webhooks, as its documentation and its source (`services/webhook`, `modules/structs/hook.go`) have them, and Forgejo's, which
/// are named otherwise. Their payloads are made after GitHub's.
public struct GiteaAdapter: ForgeAdapter {
    public let forge: String
    /// What the names of its headers have in the middle.
    private let brand: String

    public init() { self.init(forge: "gitea", brand: "Gitea") }

    init(forge: String, brand: String) {
        self.forge = forge
        self.brand = brand
    }

    /// `X-Gitea-Signature: <64 hexadecimal digits>`. It is empty for a webhook without a secret, which is as good as missing.
    public func isSigned(_ delivery: Delivery, with secret: WebhookSecret) throws(DeliveryRejection) -> Bool {
        try delivery.hasCode(in: "X-\(brand)-Signature", of: secret)
    }

    /// A delivery that somebody has sent again ("Replay") gets a new id. So it counts anew, unless the pull request has changed since.
    public func key(of delivery: Delivery) throws(DeliveryRejection) -> (hook: String, id: String) {
        let header = "x-\(forge)-delivery"
        guard let id = try delivery.identifier(header) else { throw .malformed(field: header, why: "is missing") }
        return ("", id)
    }

    /// A webhook that is tested sends a `push` with the repository's newest commit, and is answered as any push.
    public func message(in delivery: Delivery) throws(DeliveryRejection) -> ForgeMessage {
        let event = try delivery.event("x-\(forge)-event")
        switch event {
        case "pull_request":
            return try DeliveryJSON.decode(GiteaPullRequestDelivery.self, from: delivery.body).message
        case "issue_comment":
            // Its finer type tells issues from pull requests, and so does the payload. `pull_request_comment` is a review.
            return try DeliveryJSON.decode(GitHubCommentDelivery.self, from: delivery.body).message
        default:
            let payload = try DeliveryJSON.decode(GitHubPayload.self, from: delivery.body)
            return .ignored(repository: payload.repository?.fullName, reason: ForgeAction.otherEvent(event))
        }
    }
}
