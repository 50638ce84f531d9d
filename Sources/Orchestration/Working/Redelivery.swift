public import CoreMetrics
import Foundation
public import Logging
public import ServiceLifecycle
public import StagingModel

/// Asks forges that try no delivery again by themselves for those that did not arrive: soon after the start, because some were missed while
/// nobody listened, and every ten minutes.
///
/// Each repository has a loop of its own, so that the trouble of one holds up no other. Asking too often does no harm: a delivery that is
/// known gets its first answer again.
public struct Redelivery: Service {
    /// Seconds from the start to the first look: what is asked for is sent at once, and has to find somebody who listens.
    static let delay: TimeInterval = 5

    private let lookers: [RedeliveryLooker]
    private let clock: any WallClock

    /// - Parameter clients: of the repositories that have one; those of forges without such a list are left alone.
    public init(
        repositories: [RepositorySettings], clients: [RepositoryName: any ForgeClient], store: any StackStore, clock: any WallClock,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance, logger: Logger
    ) {
        self.clock = clock
        lookers = repositories.compactMap { repository in
            guard let client = clients[repository.name], client.capabilities.contains(.redelivery) else { return nil }
            return RedeliveryLooker(repository: repository, client: client, store: store, clock: clock, metrics: metrics, logger: logger)
        }
    }

    /// Runs until the task is cancelled or the service shuts down.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for looker in lookers { group.addTask { await keepLooking(looker) } }
                // Without any, it still is a service that runs until it is stopped.
                if lookers.isEmpty { group.addTask { try? await clock.sleep(until: .distantFuture) } }
            }
        }
    }

    private func keepLooking(_ looker: RedeliveryLooker) async {
        var looker = looker
        var next = clock.now.addingTimeInterval(Self.delay)
        while !Task.isCancelled {
            do {
                try await clock.sleep(until: next)
                next = try await looker.look()
            } catch { return }
        }
    }
}
