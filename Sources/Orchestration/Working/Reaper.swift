public import Foundation
public import StagingModel
import Synchronization

/// Destroys what has expired on one engine, with nothing but the engine: what a cron job does when the service is down.
public struct Reaper: Sendable {
    let runtime: any StackRuntime
    let clock: any WallClock
    /// Seconds that one teardown may take before the reaper goes on without it.
    let patience: Int

    public init(runtime: any StackRuntime, clock: any WallClock, patience: Int) {
        self.runtime = runtime
        self.clock = clock
        self.patience = patience
    }

    /// What one stack's end came to.
    public enum Result: Sendable {
        case gone(TeardownReceipt)
        /// It was extended, or went by itself, since the verdict.
        case spared
        case failed(StepError)
    }

    /// The verdict on every stack as of `instant`. Throws ``StepError`` when the engine does not answer: silence is no evidence.
    public func verdicts(at instant: Date) async throws -> [ReapVerdict] {
        sweep(try await runtime.stacks(), at: instant)
    }

    /// Destroys every stack whose verdict is `destroy`, several at once, and tells each result as it comes. One stack's failure never stops the
    /// sweep. The lease is read once more right before: it may have been extended in between.
    public func reap(_ verdicts: [ReapVerdict], report: @escaping @Sendable (ReapVerdict, Result) async -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, verdict) in verdicts.filter({ $0.fate == .destroy }).enumerated() {
                if index >= 8 { try await group.next() }
                group.addTask {
                    do {
                        await report(verdict, try await destroy(verdict.stack).map { .gone($0) } ?? .spared)
                    } catch let error as StepError {
                        await report(verdict, .failed(error))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func destroy(_ stack: ObservedStack) async throws -> TeardownReceipt? {
        let startedAt = clock.now
        guard case .present(let current) = try await runtime.observe(stack.name), current.uid == stack.uid else { return nil }
        guard current.lease?.isExpired(at: startedAt) == true else { return nil }
        let removed = try await runtime.destroy(stack.name, uid: stack.uid)
        try await awaitGone(stack)
        return TeardownReceipt(namespace: stack.namespace, uid: stack.uid, removed: removed, startedAt: startedAt, goneAt: clock.now)
    }

    /// A namespace that hangs in a finalizer must not hold up the rest of the sweep.
    private func awaitGone(_ stack: ObservedStack) async throws {
        let holding = Holding()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await runtime.awaitGone(stack.name, uid: stack.uid) { text in holding.text.withLock { $0 = text } } }
            group.addTask {
                try await clock.sleep(until: clock.now.addingTimeInterval(TimeInterval(patience)))
                let why = holding.text.withLock { $0 }
                throw StepError("not gone after \(DurationText.text(patience)): \(why); it goes on going", isRetryable: true)
            }
            try await group.next()
            group.cancelAll()
        }
    }
}

/// What was last told to hold a deletion up.
private final class Holding: Sendable {
    let text = Mutex("the engine tells no reason")
}
