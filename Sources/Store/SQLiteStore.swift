public import Foundation
import GRDB
public import Orchestration
public import StagingModel

/// The working record on SQLite: WAL, `synchronous=FULL`, so that a write that returned survives a loss of power
/// (https://www.sqlite.org/pragma.html#pragma_synchronous).
public struct SQLiteStore: StackStore {
    private let pool: DatabasePool
    private let writes: GroupCommit
    private let recent = RecentRecords()
    private let announcements = Announcements()
    private let tells: Set<RepositoryName>

    /// Opens `slingshot.sqlite` in `directory`, or makes it, readable by its owner only. Throws ``StoreError``.
    ///
    /// - Parameter tells: the repositories whose forge is told of their stacks: each change of them is put into the outbox.
    public init(directory: URL, tells: Set<RepositoryName> = []) throws {
        self.tells = tells
        let file = directory.appending(path: "slingshot.sqlite")
        do {
            // Made before SQLite does, which would let others read it; SQLite gives its other files the same rights.
            if !FileManager.default.fileExists(atPath: file.path) {
                _ = FileManager.default.createFile(atPath: file.path, contents: nil, attributes: [.posixPermissions: 0o600])
            }
            var configuration = Configuration()
            configuration.label = "slingshot"
            configuration.busyMode = .timeout(5)
            configuration.maximumReaderCount = 4
            configuration.prepareDatabase { database in
                // A reader that takes long lets the log grow; afterwards it must not stay that large.
                try database.execute(sql: "PRAGMA journal_size_limit = \(16 * 1024 * 1024)")
            }
            pool = try DatabasePool(path: file.path, configuration: configuration)
            // GRDB opens WAL databases with NORMAL, under which the last commits before a power loss may be lost.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            try Schema.migrator.migrate(pool)
            writes = GroupCommit(pool: pool)
        } catch {
            throw StoreError(path: file.path, reason: "\(error)")
        }
    }

    public func read<T: Sendable>(_ body: @escaping @Sendable (any StackReading) throws -> T) async throws -> T {
        try await pool.read { [recent, tells] in try body(Transaction(database: $0, recent: recent, tells: tells)) }
    }

    public func write<T: Sendable>(_ body: @escaping @Sendable (any StackWriting) throws -> T) async throws -> T {
        let (value, saved) = try await writes.write { [recent, tells] database in
            let transaction = Transaction(database: database, recent: recent, tells: tells)
            return (try body(transaction), transaction.saved.names)
        }
        announcements.announce(saved)
        return value
    }

    func inWriter<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        try await pool.write { try body($0) }
    }

    /// Writes the log into the database, and empties it. A reader that is at work keeps it from that; then the next one does it.
    func checkpoint() async throws {
        do {
            _ = try await pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY || error.resultCode == .SQLITE_LOCKED {}
    }

    /// The names of the stacks whose records change from now on, each after its change is on disk.
    public func changes() -> AsyncStream<StackName> { announcements.listen() }

    /// How durable a write is: `journal_mode` and `synchronous` of the connection that writes.
    func pragmas() async throws -> (journal: String?, synchronous: Int?) {
        try await pool.write { database in
            (try String.fetchOne(database, sql: "PRAGMA journal_mode"), try Int.fetchOne(database, sql: "PRAGMA synchronous"))
        }
    }
}

/// The database can't be opened: the disk, its rights, or a file that is no database. Not retryable without a change.
public struct StoreError: Error, CustomStringConvertible {
    public let path: String
    public let reason: String

    public var description: String {
        "can't open the database \(path): \(reason); check `state` in the configuration, the disk and the rights (the stacks' leases are on their namespaces too: without the file they are found there again)"
    }
}
