import ControlAPI
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Orchestration
import StagingModel
import Telemetry
import Webhooks

/// `POST /webhooks/{forge}`: verified over the raw bytes, on disk before 202.
struct WebhookRoutes {
    let receiver: WebhookReceiver
    let intake: Intake
    let rejections: Rejections
    let metrics: ServiceMetrics
    let clock: any WallClock
    private let budget = BodyBudget(bytes: 128 * 1024 * 1024)
    private let lane = SlowLane()

    init(receiver: WebhookReceiver, intake: Intake, rejections: Rejections, metrics: ServiceMetrics, clock: any WallClock) {
        self.receiver = receiver
        self.intake = intake
        self.rejections = rejections
        self.metrics = metrics
        self.clock = clock
    }

    func add(to router: some RouterMethods<CallContext>) {
        router.post("webhooks/:forge") { request, context in
            let forge = try context.parameters.require("forge")
            do {
                let verified = try await verified(request, forge: forge, context)
                return try await LogScope.with(["delivery": "\(verified.id)"]) {
                    try await answer(to: verified, context)
                }
            } catch let rejection as DeliveryRejection {
                // What a sender calls a forge is no label.
                metrics.delivered(forge: receiver.knows(forge) ? forge : "unknown", outcome: rejection.code)
                throw rejection
            }
        }
    }

    private func verified(_ request: Request, forge: String, _ context: CallContext) async throws -> VerifiedDelivery {
        let headers = request.headers.map { (name: $0.name.canonicalName, value: $0.value) }
        let head = Delivery(forge: forge, headers: headers, body: Data(), receivedAt: clock.now)
        try receiver.checkHeaders(of: head)
        return try await budget.with(context.sender) { keep in
            let delivery = head.with(body: try await body(of: request, keep))
            guard rejections.suspects(context.sender) else { return try receiver.receive(delivery) }
            return try await lane.pass { try receiver.receive(delivery) }
        }
    }

    private func answer(to verified: VerifiedDelivery, _ context: CallContext) async throws -> Response {
        let outcome: DeliveryOutcome
        var status = HTTPResponse.Status.accepted
        var word: String?
        switch verified.message {
        case .ping:
            outcome = DeliveryOutcome(delivery: verified.id, stack: nil, action: .ignored, reason: "pong")
            (status, word) = (.ok, "ping")
        case .ignored(_, let reason):
            outcome = DeliveryOutcome(delivery: verified.id, stack: nil, action: .ignored, reason: reason)
        case .pullRequest(let event):
            outcome = try await store(verified, context) { try await intake.receive(event, delivery: $0, repository: $1) }
        case .comment(let event):
            outcome = try await store(verified, context) { try await intake.receive(event, delivery: $0, repository: $1) }
        }
        metrics.delivered(forge: verified.forge, outcome: word ?? outcome.action.rawValue)
        var metadata: Logger.Metadata = [
            "forge": "\(verified.forge)", "action": "\(outcome.action.rawValue)", "reason": "\(outcome.reason)",
        ]
        if let stack = outcome.stack { metadata["stack"] = "\(stack)" }
        context.logger.info("delivery", metadata: metadata)
        return try Response.json(outcome, status: status)
    }

    private func store(
        _ verified: VerifiedDelivery, _ context: CallContext,
        _ receive: (DeliveryKey, RepositoryName) async throws -> DeliveryOutcome
    ) async throws -> DeliveryOutcome {
        guard let repository = verified.repository else {
            throw DeliveryRejection.unknownRepository(verified.message.repository ?? "")
        }
        let key = DeliveryKey(forge: verified.forge, hook: verified.hook, id: verified.id)
        do {
            return try await receive(key, repository)
        } catch {
            context.logger.error("a delivery could not be stored", metadata: ["error": "\(error)"])
            metrics.delivered(forge: key.forge, outcome: "not-stored")
            throw Problem("unavailable", status: 503, title: "Not stored", detail: "the delivery could not be stored; send it again")
        }
    }

    /// The raw bytes, each piece counted before it is kept.
    private func body(of request: Request, _ keep: (Int) throws -> Void) async throws -> Data {
        let limit = WebhookReceiver.bodyLimit
        // Refused by its header before a byte is read; a body without one is counted while it comes in.
        let announced = request.headers[.contentLength].flatMap { Int($0) } ?? 0
        guard announced <= limit else { throw DeliveryRejection.tooLarge(limit: limit) }
        var data = Data()
        for try await piece in request.body {
            guard data.count + piece.readableBytes <= limit else { throw DeliveryRejection.tooLarge(limit: limit) }
            try keep(piece.readableBytes)
            // Room for all of it at once, but on the word of a stranger for no more than what most deliveries take.
            if data.isEmpty { data.reserveCapacity(max(piece.readableBytes, min(announced, 256 * 1024))) }
            piece.readableBytesView.withUnsafeBytes { data.append(contentsOf: $0) }
        }
        return data
    }
}
