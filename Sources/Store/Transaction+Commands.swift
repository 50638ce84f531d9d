import Foundation
import GRDB
import Orchestration
import StagingModel

/// Commands from comments: a row each, kept after it was answered so that the same comment is no command twice.
extension Transaction {
    func command(_ comment: String, of repository: RepositoryName) throws -> ReceivedCommand? {
        try one(
            String.self, "SELECT record FROM command WHERE repository = ? AND comment = ?", [repository.description, comment]
        ).map { try decode($0) }
    }

    func openCommands(of repository: RepositoryName) throws -> [ReceivedCommand] {
        let statement = try database.cachedStatement(
            sql: "SELECT record FROM command WHERE repository = ? AND dueAt IS NOT NULL ORDER BY id")
        // What another version wrote is nothing that this one could do.
        return try String.fetchAll(statement, arguments: [repository.description]).compactMap { try? decode($0) }
    }

    func deniedCommands(by account: String, of repository: RepositoryName, since start: Date) throws -> Int {
        try one(
            Int.self,
            """
            SELECT count(*) FROM command
            WHERE repository = ? AND at >= ? AND record ->> '$.outcome' = 'denied' AND record ->> '$.author.account' = ?
            """, [repository.description, seconds(start), account]) ?? 0
    }

    func save(_ command: ReceivedCommand) throws {
        saved.names.insert(command.stack)
        try run(
            """
            INSERT INTO command (repository, comment, at, dueAt, record) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (repository, comment) DO UPDATE SET dueAt = excluded.dueAt, record = excluded.record
            """,
            [
                command.stack.repository.description, command.comment, seconds(command.receivedAt), command.dueAt.map(seconds),
                try encode(command),
            ])
    }
}
