/// Deliveries of our own form, for git servers that have no webhooks: `webhooks/git/post-receive` posts them. docs/forges.md describes them,
/// and `openapi.json` has the schema.
public struct GenericAdapter: ForgeAdapter {
    public let forge = "generic"

    public init() {}

    /// Standard Webhooks 1.0: `webhook-signature: v1,<base64>` over id, time and body.
    public func isSigned(_ delivery: Delivery, with secret: WebhookSecret) throws(DeliveryRejection) -> Bool {
        try delivery.hasStandardSignature(of: secret)
    }

    /// `webhook-id`, which is the same for each attempt.
    public func key(of delivery: Delivery) throws(DeliveryRejection) -> (hook: String, id: String) {
        guard let id = try delivery.identifier("webhook-id") else { throw .malformed(field: "webhook-id", why: "is missing") }
        return ("", id)
    }

    public func message(in delivery: Delivery) throws(DeliveryRejection) -> ForgeMessage {
        try DeliveryJSON.decode(GenericDelivery.self, from: delivery.body).message
    }
}
