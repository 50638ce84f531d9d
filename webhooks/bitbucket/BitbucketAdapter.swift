import StagingModel

/// Bitbucket Cloud's webhooks, as Atlassian documents them under "Event payloads" and "Manage webhooks".
public struct BitbucketAdapter: ForgeAdapter {
    public let forge = "bitbucket"

    public init() {}

    /// `X-Hub-Signature: sha256=<64 hexadecimal digits>`. GitHub has SHA-1 under this name.
    public func isSigned(_ delivery: Delivery, with secret: WebhookSecret) throws(DeliveryRejection) -> Bool {
        try delivery.hasCode(in: "X-Hub-Signature", after: "sha256=", of: secret)
    }

    public func key(of delivery: Delivery) throws(DeliveryRejection) -> (hook: String, id: String) {
        guard let id = try delivery.identifier("x-request-uuid") else { throw .malformed(field: "x-request-uuid", why: "is missing") }
        return (try delivery.identifier("x-hook-uuid") ?? "", id)
    }

    public func message(in delivery: Delivery) throws(DeliveryRejection) -> ForgeMessage {
        let event = try delivery.event("x-event-key")
        if event == "pullrequest:comment_created" {
            return try DeliveryJSON.decode(BitbucketCommentDelivery.self, from: delivery.body).message
        }
        switch ForgeAction(bitbucket: event) {
        case .ignored(let reason):
            let payload = try DeliveryJSON.decode(BitbucketPayload.self, from: delivery.body)
            return .ignored(repository: payload.repository?.fullName, reason: reason)
        case .change(let change):
            return try DeliveryJSON.decode(BitbucketPullRequestDelivery.self, from: delivery.body).message(change)
        }
    }
}

extension ForgeAction {
    /// What an event means. An update is of the title as well as of the commits.
    fileprivate init(bitbucket event: String) {
        self =
            switch event {
            case "pullrequest:created": .change(.opened)
            case "pullrequest:updated": .change(.updated)
            case "pullrequest:fulfilled": .change(.merged)
            case "pullrequest:rejected": .change(.closed)
            case "pullrequest:comment_updated", "pullrequest:comment_deleted": .ignored(reason: Self.editedComment)
            default: .ignored(reason: Self.otherEvent(event))
            }
    }
}

/// What every payload may have.
private struct BitbucketPayload: Decodable {
    let repository: BitbucketRepository?
}
