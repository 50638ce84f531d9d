public import Foundation
public import StagingModel

/// Destroys what has expired on one engine, with nothing but the engine: what a cron job does when the service is down.
public struct Reaper: Sendable {
    let runtime: any StackRuntime
    let clock: any WallClock

    public init(runtime: any StackRuntime, clock: any WallClock) {
        self.runtime = runtime
        self.clock = clock
    }

    /// What one stack's end came to.
    public enum Result: Sendable {
        case gone(TeardownReceipt)
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
                        if let receipt = try await destroy(verdict.stack) { await report(verdict, .gone(receipt)) }
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
        try await runtime.awaitGone(stack.name, uid: stack.uid) { _ in }
        return TeardownReceipt(namespace: stack.namespace, uid: stack.uid, removed: removed, startedAt: startedAt, goneAt: clock.now)
    }
}
