import CLibgit2
import Dispatch
import Orchestration
import Synchronization

/// Tells code that blocks a thread to stop.
final class StopFlag: Sendable {
    private let raised = Atomic(false)

    var isRaised: Bool { raised.load(ordering: .acquiring) }
    func raise() { raised.store(true, ordering: .releasing) }

    /// Callbacks that end a transfer once the flag is raised. They borrow the flag, which has to outlive their use.
    var callbacks: git_remote_callbacks {
        var callbacks = git_remote_callbacks()
        git_remote_init_callbacks(&callbacks, UInt32(GIT_REMOTE_CALLBACKS_VERSION))
        callbacks.payload = Unmanaged.passUnretained(self).toOpaque()
        callbacks.sideband_progress = { _, _, payload in StopFlag.answer(payload) }
        callbacks.transfer_progress = { _, payload in StopFlag.answer(payload) }
        return callbacks
    }

    private static func answer(_ payload: UnsafeMutableRawPointer?) -> Int32 {
        guard let payload else { return 0 }
        return Unmanaged<StopFlag>.fromOpaque(payload).takeUnretainedValue().isRaised ? GIT_EUSER.rawValue : 0
    }
}

/// One call that blocks its thread, made on a dispatch queue so that the threads of Swift concurrency stay free.
///
/// The caller gets its answer at the latest when its task is cancelled or the time is up, even when the thread hangs in a system
/// call; the thread ends at its next look at the flag, and its queue waits for it.
final class BlockingCall<Value: Sendable>: Sendable {
    private enum State {
        case ready
        case waiting(CheckedContinuation<Value, any Error>)
        case over(any Error)
        case answered
    }

    private let flag = StopFlag()
    private let state = Mutex(State.ready)

    /// Throws what `body` throws, `CancellationError`, or `late` when `limit` has passed since the call was queued.
    static func run(
        on queue: DispatchQueue, limit: Duration, late: StepError, _ body: @escaping @Sendable (StopFlag) throws -> Value
    ) async throws -> Value {
        let call = BlockingCall()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard call.begin(continuation) else { return }
                queue.async {
                    guard !call.flag.isRaised else { return }
                    call.answer(Result { try body(call.flag) })
                }
                DispatchQueue.global().asyncAfter(deadline: .now() + limit / .seconds(1)) { [weak call] in call?.stop(late) }
            }
        } onCancel: {
            call.stop(CancellationError())
        }
    }

    private func begin(_ continuation: CheckedContinuation<Value, any Error>) -> Bool {
        let early: (any Error)? = state.withLock { state in
            if case .over(let error) = state { return error }
            state = .waiting(continuation)
            return nil
        }
        if let early { continuation.resume(throwing: early) }
        return early == nil
    }

    private func stop(_ error: any Error) {
        flag.raise()
        answer(.failure(error))
    }

    private func answer(_ result: Result<Value, any Error>) {
        let continuation: CheckedContinuation<Value, any Error>? = state.withLock { state in
            switch state {
            case .waiting(let continuation):
                state = .answered
                return continuation
            case .ready:
                if case .failure(let error) = result { state = .over(error) }
                return nil
            case .over, .answered:
                return nil
            }
        }
        continuation?.resume(with: result)
    }
}
