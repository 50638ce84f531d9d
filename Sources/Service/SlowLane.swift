import ControlAPI
import Synchronization

/// Lets one at a time through, in the order in which they came: where suspect deliveries wait to be verified, so that a flood of
/// them gets one core's worth of work at the most, and a bounded share of the memory.
final class SlowLane: Sendable {
    /// So many wait at the most; what comes above is absurd, and told to come back.
    static let mostWaiting = 256

    private struct State {
        var isBusy = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func pass<T>(_ body: () async throws -> T) async throws -> T {
        guard await enter() else {
            throw Problem(
                "too-many-rejected", status: 429, title: "Too many rejected requests",
                detail: "this address sends many requests that are rejected, and this one would have to wait too long; send it again later")
        }
        defer { leave() }
        return try await body()
    }

    private func enter() async -> Bool {
        guard state.withLock({ $0.waiting.count < Self.mostWaiting }) else { return false }
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.isBusy else {
                    state.isBusy = true
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
        return true
    }

    private func leave() {
        let next = state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isBusy = false
                return nil as CheckedContinuation<Void, Never>?
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
