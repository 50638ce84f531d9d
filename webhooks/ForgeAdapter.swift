/// One forge's part of receiving webhooks: where its deliveries carry what, and how they are signed. Pure.
public protocol ForgeAdapter: Sendable {
    /// The last part of the route, and `forge` in a repository's configuration: `github`.
    var forge: String { get }

    /// Whether the delivery's raw bytes were signed with `secret`, decided in constant time and without reading them. A
    /// missing signature throws ``DeliveryRejection/unsigned(header:)``; one that is no signature at all is just wrong. A right one of
    /// another time than the delivery's is ``DeliveryRejection/stale``.
    func isSigned(_ delivery: Delivery, with secret: WebhookSecret) throws(DeliveryRejection) -> Bool

    /// What makes the delivery unique: the webhook's id (empty when the forge does not say), and the delivery's, which a redelivery keeps.
    func key(of delivery: Delivery) throws(DeliveryRejection) -> (hook: String, id: String)

    /// What a verified delivery says. What can't be read is ``DeliveryRejection/malformed(field:why:)``; what is of no
    /// interest is ``ForgeMessage/ignored(repository:reason:)``.
    func message(in delivery: Delivery) throws(DeliveryRejection) -> ForgeMessage
}
