import ControlAPI
import Foundation
import Hummingbird
import Logging
import NIOCore
import NIOFoundationCompat
import Orchestration
import StagingModel
import Webhooks

/// `POST /webhooks/{forge}`: verified over the raw bytes, on disk before 202.
struct WebhookRoutes {
    let receiver: WebhookReceiver
    let intake: Intake
    private let budget = BodyBudget(bytes: 8 * WebhookReceiver.bodyLimit)

    init(receiver: WebhookReceiver, intake: Intake) {
        self.receiver = receiver
        self.intake = intake
    }

    func add(to router: Router<BasicRequestContext>) {
        router.post("webhooks/:forge") { request, context in
            let forge = try context.parameters.require("forge")
            let headers = request.headers.map { (name: $0.name.canonicalName, value: $0.value) }
            try receiver.checkHeaders(of: Delivery(forge: forge, headers: headers, body: []))
            let verified = try await budget.with(try announcedBytes(of: request)) {
                try receiver.receive(Delivery(forge: forge, headers: headers, body: try await body(of: request)))
            }
            context.logger.info("delivery", metadata: ["forge": "\(forge)", "delivery": "\(verified.id)"])
            switch verified.message {
            case .ping:
                return try Response.json(DeliveryOutcome(delivery: verified.id, stack: nil, action: .ignored, reason: "pong"))
            case .ignored(_, let reason):
                return try Response.json(
                    DeliveryOutcome(delivery: verified.id, stack: nil, action: .ignored, reason: reason), status: .accepted)
            case .pullRequest(let event):
                guard let repository = verified.repository else { throw DeliveryRejection.unknownRepository(event.repository) }
                let key = DeliveryKey(forge: forge, hook: verified.hook, id: verified.id)
                return try Response.json(try await store(event, key, repository, context), status: .accepted)
            }
        }
    }

    private func store(_ event: PullRequestEvent, _ key: DeliveryKey, _ repository: RepositoryName, _ context: BasicRequestContext)
        async throws
        -> DeliveryOutcome
    {
        do {
            return try await intake.receive(event, delivery: key, repository: repository)
        } catch {
            context.logger.error("a delivery could not be stored", metadata: ["delivery": "\(key.id)", "error": "\(error)"])
            throw Problem("unavailable", status: 503, title: "Not stored", detail: "the delivery could not be stored; send it again")
        }
    }

    /// What the body will take at the most. Refused by its header before a byte is read; a body without one is counted while it comes in.
    private func announcedBytes(of request: Request) throws -> Int {
        let length = request.headers[.contentLength].flatMap { Int($0) } ?? WebhookReceiver.bodyLimit
        guard length <= WebhookReceiver.bodyLimit else { throw DeliveryRejection.tooLarge(limit: WebhookReceiver.bodyLimit) }
        return max(length, 0)
    }

    private func body(of request: Request) async throws -> Data {
        do {
            return Data(buffer: try await request.body.collect(upTo: WebhookReceiver.bodyLimit))
        } catch is NIOTooManyBytesError {
            throw DeliveryRejection.tooLarge(limit: WebhookReceiver.bodyLimit)
        }
    }
}
