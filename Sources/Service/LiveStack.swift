import Foundation
import Orchestration
import StagingModel

/// What only the engine knows of a stack, asked for by somebody who waits for the answer.
struct LiveStack: Sendable {
    /// Seconds after which an answer comes from the record alone.
    static let patience = 3.0

    let runtimes: [String: any StackRuntime]
    let clock: any WallClock

    /// - Throws: `StepError` when the engine does not say it, or not soon.
    func workloads(of stack: Stack) async throws -> [WorkloadStatus] {
        // what was never made has nothing that runs, and what is gone has none any more
        guard stack.namespaceUID != nil else { return [] }
        let runtime = try runtime(of: stack)
        return try await withThrowingTaskGroup(of: [WorkloadStatus].self) { group in
            defer { group.cancelAll() }
            group.addTask {
                do { return try await runtime.workloads(of: stack.name) } catch let error as StepError { throw error } catch {
                    throw StepError("the engine could not be asked: \(error)", isRetryable: true)
                }
            }
            group.addTask {
                try await clock.sleep(until: clock.now.addingTimeInterval(Self.patience))
                throw StepError("the engine \"\(stack.runtime)\" did not answer within \(Int(Self.patience)) s", isRetryable: true)
            }
            return try await group.next() ?? []
        }
    }

    func runtime(of stack: Stack) throws -> any StackRuntime {
        guard let runtime = runtimes[stack.runtime] else {
            throw StepError("the runtime \"\(stack.runtime)\" is not configured; add it under `runtimes`", isRetryable: false)
        }
        return runtime
    }
}
