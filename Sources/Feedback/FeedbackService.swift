public import CoreMetrics
import Foundation
public import Logging
public import Orchestration
public import ServiceLifecycle
public import StagingModel

/// Tells forges of their stacks: one worker a repository, so that a forge that is slow or away keeps no other waiting, and nobody waits for
/// any of them.
///
/// What has to be told is in the store's outbox, which each change of a record is put into, in the same transaction; so nothing is lost
/// when the process ends, and of many changes the newest is told.
public struct FeedbackService: Service {
    private let clients: [RepositoryName: any ForgeClient]
    private let store: any StackStore
    private let changes: AsyncStream<StackName>
    private let clock: any WallClock
    private let metrics: any MetricsFactory
    private let logger: Logger

    /// - Parameters:
    ///   - clients: of the repositories whose forges are told: those that the store's outbox is kept for.
    ///   - changes: the names of stacks whose records change, from before now on.
    public init(
        clients: [RepositoryName: any ForgeClient], store: any StackStore, changes: AsyncStream<StackName>, clock: any WallClock,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance, logger: Logger
    ) {
        self.clients = clients
        self.store = store
        self.changes = changes
        self.clock = clock
        self.metrics = metrics
        self.logger = logger
    }

    /// Runs until the task is cancelled or the service shuts down.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            guard await openOutbox() else { return }
            await clients.keep(
                on: changes, clock: clock, logger: logger, failure: "forges could not be told from the outbox"
            ) { repository, client in
                Teller(
                    repository: repository, client: client, store: store, clock: clock, metrics: FeedbackMetrics(factory: metrics),
                    logger: logger
                ).pass
            }
        }
    }

    /// False when the task was cancelled.
    private func openOutbox() async -> Bool {
        while !Task.isCancelled {
            let now = clock.now.wholeSeconds
            do {
                try await store.write { [clients] in try $0.openOutbox(for: Set(clients.keys), at: now) }
                return true
            } catch {
                logger.error("the outbox could not be opened; trying again in 5 s", metadata: ["error": "\(error)"])
                try? await clock.sleep(until: now.addingTimeInterval(5))
            }
        }
        return false
    }
}

extension StackWriting {
    /// With a new start everything is tried at once: whoever mended a token starts anew. Stacks that stood before their forge was told are
    /// told of; what waits for a forge that is not told any more is forgotten.
    func openOutbox(for repositories: Set<RepositoryName>, at now: Date) throws {
        for var row in try pendingFeedback() {
            guard repositories.contains(row.stack.repository) else {
                try removeFeedback(of: row.stack)
                continue
            }
            row.schedule.dueAt = now
            row.told.comment.notBefore = nil
            row.told.status.notBefore = nil
            row.told.deployment.notBefore = nil
            try save(row)
        }
        for stack in try stacks(includingDestroyed: false) where repositories.contains(stack.name.repository) {
            guard try feedback(of: stack.name) == nil else { continue }
            try save(StackFeedback(stack: stack.name, schedule: FeedbackSchedule(pendingSince: now, dueAt: now)))
        }
    }
}
