import Foundation
import Logging
import StagingModel

extension StackWorker {
    func begin(_ step: Step, of stack: Stack) async throws {
        logger.info("step", metadata: ["stack": "\(name)", "step": "\(step.name)"])
        var changed = stack
        changed.began(step)
        guard changed != stack else { return }
        _ = try await store {
            $0.began(step)
        } event: {
            // The history has the first try; the others are in the record.
            stack.failure?.step == step.name
                ? nil : StackEvent(stack: name, at: engines.clock.now, kind: .step, name: step.name, message: $0.message)
        }
    }

    func fail(_ step: Step, of stack: Stack, _ error: StepError) async throws {
        logger.warning(
            "step failed", metadata: ["stack": "\(name)", "step": "\(step.name)", "error": "\(error)", "retryable": "\(error.isRetryable)"])
        let now = engines.clock.now.wholeSeconds
        try await engines.store.write { transaction in
            guard var current = try transaction.stack(name) else { return }
            // What failed may not be wanted any more; then its failure is nobody's.
            guard current.revision == stack.revision, current.wanted == stack.wanted else { return }
            let message = current.failed(step, error, at: now)
            current.updatedAt = now
            try transaction.save(current, wakeAt: now)
            if try isNews(current.failure, of: step, transaction) {
                try transaction.append(StackEvent(stack: name, at: now, kind: .failure, name: step.name, message: message))
            }
        }
    }

    /// An engine that is away for an hour, or whose errors read differently each time, must not fill the history: what was told since the last
    /// success is not told again, and of many tries the first, second, fourth, eighth … may say something new.
    private func isNews(_ failure: Stack.Failure?, of step: Step, _ transaction: any StackReading) throws -> Bool {
        guard let failure, failure.retryAt != nil else { return true }
        guard failure.attempts & (failure.attempts - 1) == 0 else { return false }
        let told = try transaction.events(of: name, after: nil, limit: 20).reversed().prefix { $0.kind == .failure || $0.kind == .step }
        return !told.contains { $0.kind == .failure && $0.name == step.name && $0.message.hasSuffix(failure.message) }
    }

    func record(
        _ step: Step, kind: StackEvent.Kind = .outcome, name word: String? = nil, _ message: String,
        _ change: @escaping @Sendable (inout Stack) throws -> Void
    ) async throws {
        try await record(step, kind: kind, name: word) {
            try change(&$0)
            return message
        }
    }

    /// The same, where the change itself says what to tell.
    func record(
        _ step: Step, kind: StackEvent.Kind, name word: String? = nil, _ change: @escaping @Sendable (inout Stack) throws -> String
    ) async throws {
        _ = try await write { stack, now in
            StackEvent(stack: name, at: now, kind: kind, name: word ?? step.name, message: try change(&stack))
        }
    }

    /// Changes the record as it is now, which may be newer than the one that the step began with.
    func store(_ change: @escaping @Sendable (inout Stack) throws -> Void, event: (@Sendable (Stack) -> StackEvent?)? = nil) async throws
        -> Stack
    {
        try await write { stack, _ in
            try change(&stack)
            return event?(stack)
        }
    }

    private func write(_ change: @escaping @Sendable (inout Stack, _ now: Date) throws -> StackEvent?) async throws -> Stack {
        let now = engines.clock.now.wholeSeconds
        return try await engines.store.write { transaction in
            guard var stack = try transaction.stack(name) else { throw Superseded() }
            let event = try change(&stack, now)
            stack.updatedAt = now
            try transaction.save(stack, wakeAt: now)
            if let event { try transaction.append(event) }
            return stack
        }
    }
}
