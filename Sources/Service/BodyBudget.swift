import ControlAPI
import Synchronization

/// The memory that request bodies may take at the same time: senders that nobody has verified yet must not be able to fill it, and
/// none of them may take more than half. What counts is what has come in, not what was announced.
final class BodyBudget: Sendable {
    private struct State {
        var used = 0
        var bySender: [Sender: Int] = [:]
    }

    private let bytes: Int
    private let state = Mutex(State())

    init(bytes: Int) { self.bytes = bytes }

    /// Runs `body`, which tells each piece that it keeps before it keeps it; when `body` ends, nothing of it is kept any more. Telling throws
    /// a 503 that says when to come back, when there is no room.
    func with<T>(_ sender: Sender, _ body: (_ keep: (Int) throws -> Void) async throws -> T) async throws -> T {
        var kept = 0
        defer { free(kept, sender) }
        return try await body { more in
            try take(more, sender)
            kept += more
        }
    }

    private func take(_ more: Int, _ sender: Sender) throws {
        let isGranted = state.withLock { state in
            let own = state.bySender[sender, default: 0]
            guard state.used + more <= bytes, own + more <= bytes / 2 else { return false }
            state.used += more
            state.bySender[sender] = own + more
            return true
        }
        guard isGranted else {
            throw Problem(
                "busy", status: 503, title: "Busy", detail: "too many deliveries come in at this moment; send it again in a few seconds")
        }
    }

    private func free(_ kept: Int, _ sender: Sender) {
        guard kept > 0 else { return }
        state.withLock { state in
            state.used -= kept
            let left = state.bySender[sender, default: 0] - kept
            state.bySender[sender] = left > 0 ? left : nil
        }
    }
}
