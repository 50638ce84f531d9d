import StagingModel

/// The webhooks of Bitbucket Data Center and Server, as Atlassian documents them under "Event payload" and "Manage webhooks".
public struct BitbucketServerAdapter: ForgeAdapter {
    public let forge = "bitbucket-server"

    public init() {}

    /// `X-Hub-Signature: sha256=<64 hexadecimal digits>`. "Test connection" is not signed, and so is refused.
    public func isSigned(_ delivery: Delivery, with secret: WebhookSecret) throws(DeliveryRejection) -> Bool {
        try delivery.hasCode(in: "X-Hub-Signature", after: "sha256=", of: secret)
    }

    /// It sends each delivery once and never again. Proxies write over its `X-Request-Id`, so that it is the body that counts: that names
    /// the pull request's version and the time.
    public func key(of delivery: Delivery) throws(DeliveryRejection) -> (hook: String, id: String) { ("", delivery.digest) }

    public func message(in delivery: Delivery) throws(DeliveryRejection) -> ForgeMessage {
        let event = try delivery.event("x-event-key")
        guard event != "diagnostics:ping" else {
            _ = try DeliveryJSON.decode(BitbucketServerPayload.self, from: delivery.body)
            return .ping(repository: nil, text: nil)
        }
        if event == "pr:comment:added" {
            return try DeliveryJSON.decode(BitbucketServerCommentDelivery.self, from: delivery.body).message
        }
        switch ForgeAction(bitbucketServer: event) {
        case .ignored(let reason):
            let payload = try DeliveryJSON.decode(BitbucketServerPayload.self, from: delivery.body)
            return .ignored(repository: payload.fullName, reason: reason)
        case .change(let change):
            return .pullRequest(try DeliveryJSON.decode(BitbucketServerPullRequestDelivery.self, from: delivery.body).event(change))
        }
    }
}

extension ForgeAction {
    /// What an event means. `pr:to_ref_updated` is a push to the base branch.
    fileprivate init(bitbucketServer event: String) {
        self =
            switch event {
            case "pr:opened": .change(.opened)
            case "pr:reopened": .change(.reopened)
            case "pr:from_ref_updated": .change(.pushed)
            case "pr:modified": .change(.edited)
            case "pr:merged": .change(.merged)
            case "pr:declined", "pr:deleted": .change(.closed)
            case "pr:comment:edited", "pr:comment:deleted": .ignored(reason: Self.editedComment)
            default: .ignored(reason: Self.otherEvent(event))
            }
    }
}
