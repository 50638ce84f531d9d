import ControlAPI
import Synchronization

/// The memory that request bodies may take at the same time: senders that nobody has verified yet must not be able to fill it.
final class BodyBudget: Sendable {
    private let free: Mutex<Int>

    init(bytes: Int) { free = Mutex(bytes) }

    /// Runs `body` while `bytes` are set aside for it. Throws a 503 that says when to come back, when they are not there.
    func with<T>(_ bytes: Int, _ body: () async throws -> T) async throws -> T {
        let isGranted = free.withLock { free in
            guard free >= bytes else { return false }
            free -= bytes
            return true
        }
        guard isGranted else {
            throw Problem(
                "busy", status: 503, title: "Busy", detail: "too many deliveries come in at this moment; send it again in a few seconds")
        }
        defer { free.withLock { $0 += bytes } }
        return try await body()
    }
}
