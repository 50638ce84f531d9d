import Foundation
import Logging
import StagingModel

/// Works on one stack until there is nothing to do for it: decide, do one step, write its outcome, decide again.
struct StackWorker: Sendable {
    let name: StackName
    let engines: Engines
    let settings: OrchestrationSettings
    let logger: Logger

    /// Throws `CancellationError`, and what the store throws. The failure of a step is written into the record instead.
    func run(listen: @Sendable () async -> AsyncStream<Void>?) async throws {
        var observed: Observation?
        while true {
            try Task.checkCancellation()
            guard let stack = try await engines.store.read({ try $0.stack(name) }) else { return }
            let now = engines.clock.now
            let step = decide(stack, observed: observed, now: now)
            let metrics = StepMetrics(factory: engines.metrics)
            func ended(_ outcome: StepMetrics.Outcome) { metrics.ended(step, outcome, from: now, to: engines.clock.now) }
            do {
                switch step {
                case .wait(let instant):
                    // The record may have changed since it was read: then the bell was rung, and the worker runs again.
                    try await engines.store.write { transaction in
                        guard let current = try transaction.stack(name), current == stack else { return }
                        try transaction.save(current, wakeAt: instant)
                    }
                    return
                case .observe:
                    observed = try await unlessOutdated(step, stack: stack, bell: await listen()) {
                        try await engines.runtime(of: stack).observe(name)
                    }
                default:
                    try await begin(step, of: stack)
                    try await unlessOutdated(step, stack: stack, bell: await listen()) { try await perform(step, on: stack) }
                    observed = nil
                }
                ended(.done)
            } catch is Superseded {
                ended(.superseded)
                logger.info("step superseded", metadata: ["stack": "\(name)", "step": "\(step.name)"])
                observed = nil
            } catch let error as CancellationError {
                ended(.cancelled)
                throw error
            } catch {
                ended(.failed)
                if let engine = step.engine(of: stack) { metrics.failed(runtime: engine) }
                try await fail(step, of: stack, error as? StepError ?? StepError("\(error)", isRetryable: true))
                observed = nil
            }
        }
    }

    /// Runs `body`, and cancels it as soon as the record says that the step has to yield, or the lease ends.
    private func unlessOutdated<T: Sendable>(
        _ step: Step, stack: Stack, bell: AsyncStream<Void>?, _ body: @Sendable @escaping () async throws -> T
    ) async throws -> T {
        try await withThrowingTaskGroup(of: T?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                if let bell {
                    for await _ in bell {
                        let current = try await engines.store.read { try $0.stack(name) }
                        if current.map({ step.yields(to: $0, begunWith: stack, at: engines.clock.now) }) ?? true { return nil }
                    }
                }
                try await forever()
                return nil
            }
            group.addTask {
                guard let end = stack.lease.expiresAt, step.isSuperseded(by: stack, at: end) else {
                    try await forever()
                    return nil
                }
                try await engines.clock.sleep(until: end)
                return nil
            }
            let first = try await group.next() ?? nil
            group.cancelAll()
            guard let result = first else { throw Superseded() }
            return result
        }
    }
}

/// Thrown when a step has no use any more; what is wanted by now decides what comes next.
struct Superseded: Error {}

/// Never returns; throws when the task is cancelled.
private func forever() async throws {
    while true { try await Task.sleep(for: .seconds(86_400)) }
}
