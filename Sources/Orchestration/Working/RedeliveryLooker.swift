import CoreMetrics
import Foundation
import Logging
import StagingModel

/// Looks for the deliveries about one repository that did not arrive, and asks for them again.
struct RedeliveryLooker: Sendable {
    enum Outcome: String { case asked, refused, abandoned }

    /// Seconds between two looks, when nothing is due sooner.
    static let interval: TimeInterval = 600
    /// Seconds between two looks at the least: what was asked for has to be on the forge's list by then.
    static let breath: TimeInterval = 60
    /// Seconds until a forge is asked again that does not let us: a person has to mend something.
    static let patience: TimeInterval = 3_600
    /// Seconds that are looked back at the start. GitHub keeps its list for three days.
    static let reach: TimeInterval = 3 * 86_400
    /// Deliveries that are asked for in one look: forges don't like bursts.
    static let most = 50

    let repository: RepositorySettings
    let client: any ForgeClient
    let store: any StackStore
    let clock: any WallClock
    let metrics: any MetricsFactory
    let logger: Logger

    /// From when to look; nil for as far back as the forge remembers.
    private var since: Date?
    /// The trouble that was logged last: the same is not said twice.
    private var trouble: String?
    /// Deliveries that are not asked for any more, and that was said.
    private var abandoned: Set<String> = []

    init(
        repository: RepositorySettings, client: any ForgeClient, store: any StackStore, clock: any WallClock, metrics: any MetricsFactory,
        logger: Logger
    ) {
        self.repository = repository
        self.client = client
        self.store = store
        self.clock = clock
        self.metrics = metrics
        self.logger = logger
    }

    /// Looks once. Returns when to look again; throws `CancellationError` only.
    mutating func look() async throws -> Date {
        let now = clock.now
        do {
            let failed = try await client.failedDeliveries(since: max(since ?? .distantPast, now.addingTimeInterval(-Self.reach)))
            let (ids, forge) = (Set(failed.map(\.guid)), repository.forge.rawValue)
            let known = ids.isEmpty ? [] : try await store.read { try $0.knownDeliveries(among: ids, of: forge) }
            let found = Redeliveries(of: failed, known: known, at: now)
            abandoned.formIntersection(ids)
            for delivery in found.abandoned { abandon(delivery) }
            let due = found.due.filter { !abandoned.contains($0.guid) }
            for delivery in due.prefix(Self.most) { try await ask(for: delivery) }
            (since, trouble) = (found.since, nil)
            let next = due.count > Self.most ? now : found.next ?? .distantFuture
            return min(now.addingTimeInterval(Self.interval), max(next, now.addingTimeInterval(Self.breath)))
        } catch let error as ForgeError {
            say(error.message)
            let pause = now.addingTimeInterval(error.isRetryable ? Self.interval : Self.patience)
            return max(error.retryAt ?? pause, pause)
        } catch {
            try Task.checkCancellation()
            say("\(error)")
            return now.addingTimeInterval(Self.interval)
        }
    }

    /// Throws what concerns all of them.
    private mutating func ask(for delivery: FailedDelivery) async throws {
        do {
            try await client.redeliver(delivery)
            count(.asked)
            logger.info("asked for a delivery again", metadata: metadata(of: delivery))
        } catch let error as ForgeError where [.notFound, .refused].contains(error.kind) {
            // The forge does not have it any more. The others are asked for all the same.
            count(.refused)
            abandoned.insert(delivery.guid)
            logger.warning("a delivery can't be asked for again: \(error.message)", metadata: metadata(of: delivery))
        }
    }

    private mutating func abandon(_ delivery: FailedDelivery) {
        guard abandoned.insert(delivery.guid).inserted else { return }
        count(.abandoned)
        let why = delivery.mayYetArrive ? "did not arrive in \(delivery.attempts) attempts" : "was refused"
        let fix = "mend that, then use Redeliver in the webhook's settings, or `slingshot create`"
        logger.warning("a delivery \(why), and is not asked for any more; \(fix)", metadata: metadata(of: delivery))
    }

    private mutating func say(_ text: String) {
        defer { trouble = text }
        guard text != trouble else { return }
        logger.warning(
            "deliveries that did not arrive can't be asked for", metadata: ["repository": "\(repository.name)", "error": "\(text)"])
    }

    private func count(_ outcome: Outcome) {
        Counter(label: "slingshot_redeliveries_total", dimensions: [("outcome", outcome.rawValue)], factory: metrics).increment()
    }

    private func metadata(of delivery: FailedDelivery) -> Logger.Metadata {
        [
            "repository": "\(repository.name)", "delivery": "\(delivery.guid.prefix(100))", "sent": "\(delivery.at.rfc3339)",
            "attempts": "\(delivery.attempts)", "answer": "\(delivery.status)",
        ]
    }
}
