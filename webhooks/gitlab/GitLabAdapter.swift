/// GitLab's webhooks, as its documentation has them under "Webhooks" and "Webhook events".
public struct GitLabAdapter: ForgeAdapter {
    public let forge = "gitlab"

    public init() {}

    /// `X-Gitlab-Token`, the secret itself; or, when the webhook has a signing token, `webhook-signature` as Standard Webhooks have it. A
    /// webhook can send both, of which the repository's secret is one.
    public func isSigned(_ delivery: Delivery, with secret: WebhookSecret) throws(DeliveryRejection) -> Bool {
        let token = delivery.header("x-gitlab-token")
        if let token, secret.equals(token) { return true }
        if delivery.header("webhook-signature") != nil { return try delivery.hasStandardSignature(of: secret) }
        guard token != nil else { throw .unsigned(header: "X-Gitlab-Token") }
        return false
    }

    /// A redelivery keeps its `Idempotency-Key`, which is `webhook-id` too. GitLab before 17.4 sends neither; its `X-Gitlab-Event-UUID` is of
    /// what caused the delivery, and may have caused others.
    public func key(of delivery: Delivery) throws(DeliveryRejection) -> (hook: String, id: String) {
        let ids = [try delivery.identifier("idempotency-key"), try delivery.identifier("webhook-id")].compactMap(\.self)
        return (try delivery.identifier("x-gitlab-webhook-uuid") ?? "", ids.first ?? delivery.digest)
    }

    public func message(in delivery: Delivery) throws(DeliveryRejection) -> ForgeMessage {
        let event = try delivery.event("x-gitlab-event")
        switch event {
        case "Merge Request Hook":
            return try DeliveryJSON.decode(GitLabMergeRequestDelivery.self, from: delivery.body).message
        case "Note Hook":
            return try DeliveryJSON.decode(GitLabNoteDelivery.self, from: delivery.body).message
        default:
            let payload = try DeliveryJSON.decode(GitLabPayload.self, from: delivery.body)
            return .ignored(repository: payload.project?.fullName, reason: ForgeAction.otherEvent(event))
        }
    }
}

/// What every payload may have; those of an instance's own events have no project.
private struct GitLabPayload: Decodable {
    let project: GitLabProject?
}
