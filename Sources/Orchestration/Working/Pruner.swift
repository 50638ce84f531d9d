public import Foundation
public import Logging
public import ServiceLifecycle

/// Keeps the record from growing for ever: once an hour it forgets what is older than the configured time.
public struct Pruner: Service {
    /// Seconds between two looks.
    public static let interval: TimeInterval = 3_600

    let store: any PrunableStore
    let clock: any WallClock
    /// Seconds that deliveries, events and destroyed stacks are kept.
    let retention: Int
    let logger: Logger

    public init(store: any PrunableStore, clock: any WallClock, retention: Int, logger: Logger) {
        self.store = store
        self.clock = clock
        self.retention = retention
        self.logger = logger
    }

    /// Runs until the task is cancelled or the service shuts down.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await prune()
                try? await clock.sleep(until: clock.now.addingTimeInterval(Self.interval))
            }
        }
    }

    private func prune() async {
        do {
            let counts = try await store.prune(before: clock.now.addingTimeInterval(-TimeInterval(retention)))
            guard counts != PruneCounts() else { return }
            logger.info(
                "forgot what is old",
                metadata: [
                    "deliveries": "\(counts.deliveries)", "commands": "\(counts.commands)", "events": "\(counts.events)",
                    "stacks": "\(counts.stacks)",
                ])
        } catch {
            logger.error("the store could not be pruned; trying again in an hour", metadata: ["error": "\(error)"])
        }
    }
}
