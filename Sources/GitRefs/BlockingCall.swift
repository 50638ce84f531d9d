import Dispatch
import Synchronization

/// One call that blocks its thread, made on a dispatch queue so that the threads of Swift concurrency stay free.
///
/// The caller gets its answer at the latest when its task is cancelled, even when the thread hangs in a system call.
final class BlockingCall<Value: Sendable>: Sendable {
    private enum State {
        case ready
        case waiting(CheckedContinuation<Value, any Error>)
        case over
    }

    private let state = Mutex(State.ready)

    /// Throws what `body` throws, or `CancellationError`.
    static func run(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        let call = BlockingCall()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard call.begin(continuation) else { return continuation.resume(throwing: CancellationError()) }
                DispatchQueue.global().async { call.answer(Result { try body() }) }
            }
        } onCancel: {
            call.answer(.failure(CancellationError()))
        }
    }

    /// False when the call is over before it began.
    private func begin(_ continuation: CheckedContinuation<Value, any Error>) -> Bool {
        state.withLock { state in
            guard case .ready = state else { return false }
            state = .waiting(continuation)
            return true
        }
    }

    private func answer(_ result: Result<Value, any Error>) {
        let continuation: CheckedContinuation<Value, any Error>? = state.withLock { state in
            defer { state = .over }
            if case .waiting(let continuation) = state { return continuation }
            return nil
        }
        continuation?.resume(with: result)
    }
}
