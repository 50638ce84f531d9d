import Foundation
import GRDB
import StagingModel

extension Transaction {
    func tokens() throws -> [AccessToken] {
        try Row.fetchAll(try database.cachedStatement(sql: "SELECT * FROM token ORDER BY name")).compactMap(Self.token)
    }

    func token(digest: [UInt8]) throws -> AccessToken? {
        try Row.fetchOne(try database.cachedStatement(sql: "SELECT * FROM token WHERE digest = ?"), arguments: [Data(digest)])
            .flatMap(Self.token)
    }

    func save(_ token: AccessToken) throws {
        try run(
            """
            INSERT INTO token (name, role, digest, createdAt, expiresAt, lastUsedAt) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET role = excluded.role, digest = excluded.digest, createdAt = excluded.createdAt,
                expiresAt = excluded.expiresAt, lastUsedAt = excluded.lastUsedAt
            """,
            [
                token.name, token.role.rawValue, Data(token.digest), seconds(token.createdAt), token.expiresAt.map(seconds),
                token.lastUsedAt.map(seconds),
            ])
    }

    func removeToken(_ name: String) throws -> AccessToken? {
        let statement = try database.cachedStatement(sql: "DELETE FROM token WHERE name = ? RETURNING *")
        return try Row.fetchAll(statement, arguments: [name]).first.flatMap(Self.token)
    }

    /// Nil for a role that a later version knows: it may not be taken for another.
    private static func token(_ row: Row) -> AccessToken? {
        guard let role = Role(rawValue: row["role"]) else { return nil }
        return AccessToken(
            name: row["name"], role: role, digest: Array(row["digest"] as Data), createdAt: date(row["createdAt"]),
            expiresAt: (row["expiresAt"] as Int64?).map(date), lastUsedAt: (row["lastUsedAt"] as Int64?).map(date))
    }
}
