import Foundation
import Glibc
import Logging
import Orchestration
import ServiceLifecycle
import UnixSignals

/// Runs services until SIGTERM or SIGINT, then stops them one after another, the last first.
struct UntilSignalled {
    /// Seconds that they get to end what is under way; after that their tasks are cancelled.
    static let grace = 10
    /// Seconds after which the process ends, whatever still hangs. Nothing is lost: all that counts is in the store.
    static let end = 20

    let logger: Logger
    let clock: any WallClock

    /// Throws what a service throws that ends by itself.
    func run(_ services: [any Service]) async throws {
        var configuration = ServiceGroupConfiguration(services: services.map { .init(service: $0) }, logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(Self.grace)
        let group = ServiceGroup(configuration: configuration)
        // From here on the signals come to us, also the first one that comes early.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let (stopping, began) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                do {
                    try await group.run()
                } catch is CancellationError {
                    // What took longer than the grace was cut off.
                }
            }
            tasks.addTask {
                var isStopping = false
                for await signal in signals {
                    if isStopping {
                        logger.warning("stopped at once: second signal", metadata: ["signal": "\(signal)"])
                        _exit(128 + (signal == .sigint ? SIGINT : SIGTERM))
                    }
                    isStopping = true
                    logger.notice("stopping", metadata: ["signal": "\(signal)"])
                    began.yield()
                    await group.triggerGracefulShutdown()
                }
            }
            tasks.addTask {
                for await _ in stopping { break }
                try await clock.sleep(until: clock.now.addingTimeInterval(TimeInterval(Self.end)))
                logger.warning("something did not stop; ending without it")
                _exit(0)
            }
            try await tasks.next()
            tasks.cancelAll()
        }
        logger.notice("stopped")
    }
}
