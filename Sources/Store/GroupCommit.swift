import GRDB
import Synchronization

/// Lets writes that come at the same time share one commit, and so one wait for the disk: while a commit is under way, the writes that
/// arrive queue up for the next. Each runs in a savepoint of its own, so that one that throws takes no other with it.
final class GroupCommit: Sendable {
    private struct State {
        var waiting: [any PendingWrite] = []
        var isCommitting = false
    }

    private let pool: DatabasePool
    private let state = Mutex(State())

    init(pool: DatabasePool) { self.pool = pool }

    /// Returns when the change is on disk. Throws what `body` throws, or what SQLite says of the commit.
    func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let mustCommit = state.withLock { state in
                state.waiting.append(Write(body: body, continuation: continuation))
                defer { state.isCommitting = true }
                return !state.isCommitting
            }
            if mustCommit { commit() }
        }
    }

    private func commit() {
        pool.asyncWriteWithoutTransaction { database in
            let batch = self.state.withLock { state in
                defer { state.waiting = [] }
                state.isCommitting = !state.waiting.isEmpty
                return state.waiting
            }
            guard !batch.isEmpty else { return }
            var failure: (any Error)?
            do {
                try database.inTransaction {
                    for write in batch { write.run(in: database) }
                    return .commit
                }
            } catch {
                failure = error
            }
            for write in batch { write.finish(failure) }
            self.commit()
        }
    }
}

/// A write that waits for its commit.
private protocol PendingWrite: Sendable {
    func run(in database: Database)
    /// Tells the caller how it ended; `failure` is that of the commit.
    func finish(_ failure: (any Error)?)
}

private final class Write<T: Sendable>: PendingWrite {
    private let body: @Sendable (Database) throws -> T
    private let continuation: CheckedContinuation<T, any Error>
    private let result = Mutex<Result<T, any Error>>(.failure(DatabaseError(message: "the write was not run")))

    init(body: @escaping @Sendable (Database) throws -> T, continuation: CheckedContinuation<T, any Error>) {
        self.body = body
        self.continuation = continuation
    }

    func run(in database: Database) {
        do {
            try database.inSavepoint {
                let value = try body(database)
                result.withLock { $0 = .success(value) }
                return .commit
            }
        } catch {
            result.withLock { $0 = .failure(error) }
        }
    }

    func finish(_ failure: (any Error)?) {
        continuation.resume(with: failure.map { .failure($0) } ?? result.withLock { $0 })
    }
}
