import Foundation
import Logging
import Orchestration
import SlingshotTestSupport
import Synchronization
import Testing

@Suite struct PrunerTests {
    private final class Cutoffs: PrunableStore {
        let (told, continuation) = AsyncStream.makeStream(of: Date.self)
        let fails = Mutex(true)

        func prune(before cutoff: Date) async throws -> PruneCounts {
            continuation.yield(cutoff)
            if fails.withLock({ exchange(&$0, with: false) }) { throw StepError("the disk is full", isRetryable: true) }
            return PruneCounts(deliveries: 1)
        }
    }

    @Test func `it prunes at the start and every hour, and goes on when that fails`() async {
        let (store, clock) = (Cutoffs(), TestClock())
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let pruner = Pruner(store: store, clock: clock, retention: 86_400, logger: logger)
        await withTaskGroup { group in
            group.addTask { try? await pruner.run() }
            var cutoffs = store.told.makeAsyncIterator()
            for hour in 0..<3 {
                #expect(await cutoffs.next() == Samples.start.addingTimeInterval(TimeInterval(hour) * 3_600 - 86_400))
                while clock.nextWake == nil { await Task.yield() }
                clock.advance(by: Pruner.interval)
            }
            group.cancelAll()
        }
    }
}

private func exchange<T>(_ value: inout T, with new: T) -> T {
    defer { value = new }
    return value
}
