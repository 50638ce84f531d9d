public import StagingModel

/// A configured repository, as far as its webhook is concerned.
public struct Subscription: Sendable {
    public let repository: RepositoryName
    public let forge: String
    /// The full name on the forge, `acme/shop`; compared without regard to case.
    public let fullName: String
    public let secret: WebhookSecret

    public init(repository: RepositoryName, forge: String, fullName: String, secret: WebhookSecret) {
        self.repository = repository
        self.forge = forge
        self.fullName = fullName
        self.secret = secret
    }
}

/// The whole way from a raw delivery to a verified one. Pure: no I/O, no clock.
public struct WebhookReceiver: Sendable {
    /// The largest body in bytes: GitHub caps its payloads at 25 MB ("Webhook events and payloads"), and no forge sends more.
    public static let bodyLimit = 25 * 1024 * 1024

    private let adapters: [any ForgeAdapter]
    private let subscriptions: [Subscription]

    public init(adapters: [any ForgeAdapter], subscriptions: [Subscription]) {
        self.adapters = adapters
        self.subscriptions = subscriptions
    }

    /// Verifies the delivery, then reads it, then finds its repository, in this order: whoever holds no secret learns nothing.
    ///
    /// A secret speaks only for the repositories that it is configured for, so the holder of one can't forge for another.
    public func receive(_ delivery: Delivery) throws(DeliveryRejection) -> VerifiedDelivery {
        guard delivery.body.count <= Self.bodyLimit else { throw .tooLarge(limit: Self.bodyLimit) }
        guard let adapter = adapters.first(where: { $0.forge == delivery.forge }) else { throw .unknownForge(delivery.forge) }
        let candidates = subscriptions.filter { $0.forge == delivery.forge }
        let proven = try secrets(of: candidates, thatSigned: delivery, adapter)
        guard !proven.isEmpty else { throw .wrongSignature }

        try delivery.refuseOtherForges()
        let (hook, id) = try adapter.key(of: delivery)
        guard isJSON(delivery) else { throw .unsupportedMediaType }
        let message = try adapter.message(in: delivery)
        let repository = try message.repository.map { (name) throws(DeliveryRejection) in
            try find(name, among: candidates, proven: proven)
        }
        return VerifiedDelivery(forge: delivery.forge, hook: hook, id: id, repository: repository, message: message)
    }

    /// Whether there is an adapter for the forge.
    public func knows(_ forge: String) -> Bool { adapters.contains { $0.forge == forge } }

    /// Refuses what can be refused by its headers, so that nobody without a signature gets a body read: an unknown forge, a missing
    /// signature (or another forge's), and a body that is not JSON. Gitea signs the JSON in a form, so that its form would only be wrong later.
    public func checkHeaders(of delivery: Delivery) throws(DeliveryRejection) {
        guard let adapter = adapters.first(where: { $0.forge == delivery.forge }) else { throw .unknownForge(delivery.forge) }
        guard let subscription = subscriptions.first(where: { $0.forge == delivery.forge }) else { throw .wrongSignature }
        do throws(DeliveryRejection) {
            _ = try adapter.isSigned(delivery, with: subscription.secret)
        } catch {
            try delivery.refuseOtherForges()
            throw error
        }
        guard isJSON(delivery) else { throw .unsupportedMediaType }
    }

    private func secrets(
        of candidates: [Subscription], thatSigned delivery: Delivery, _ adapter: any ForgeAdapter
    ) throws(DeliveryRejection) -> Set<WebhookSecret> {
        var proven: Set<WebhookSecret> = []
        for secret in Set(candidates.map(\.secret)) where try adapter.isSigned(delivery, with: secret) {
            proven.insert(secret)
        }
        return proven
    }

    private func find(
        _ fullName: String, among candidates: [Subscription], proven: Set<WebhookSecret>
    ) throws(DeliveryRejection) -> RepositoryName {
        let named = candidates.filter { $0.fullName.lowercased() == fullName.lowercased() }
        guard !named.isEmpty else { throw .unknownRepository(fullName) }
        guard let match = named.first(where: { proven.contains($0.secret) }) else { throw .wrongSignature }
        return match.repository
    }

    private func isJSON(_ delivery: Delivery) -> Bool {
        let mediaType = delivery.header("content-type")?.prefix { $0 != ";" && $0 != " " && $0 != "\t" }
        return mediaType?.lowercased() == "application/json"
    }
}
