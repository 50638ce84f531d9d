public import Foundation
import GRDB
public import Orchestration

extension SQLiteStore: PrunableStore {
    /// Rows that one commit removes at the most: a delivery that comes in meanwhile waits for that commit only.
    private static let batch = 2_000

    public func prune(before cutoff: Date) async throws -> PruneCounts {
        let before = seconds(cutoff)
        var counts = PruneCounts()
        counts.deliveries = try await remove(
            """
            DELETE FROM delivery WHERE (forge, hook, id) IN (SELECT forge, hook, id FROM delivery WHERE at < ? LIMIT ?)
            """, before)
        counts.commands = try await remove(
            "DELETE FROM command WHERE id IN (SELECT id FROM command WHERE dueAt IS NULL AND at < ? LIMIT ?)", before)
        // Ids grow with time: the old ones are in front, and nothing behind them is looked at.
        counts.events = try await remove(
            """
            DELETE FROM event WHERE id IN (
                SELECT id FROM event
                WHERE id < coalesce((SELECT id FROM event WHERE at >= ? ORDER BY id LIMIT 1), 9223372036854775807) LIMIT ?)
            """, before)
        counts.stacks = try await remove(
            """
            DELETE FROM stack WHERE name IN
                (SELECT name FROM stack WHERE phase = 'destroyed' AND record ->> '$.updatedAt' < ? LIMIT ?)
            """, before)
        _ = try await inWriter { database in
            try database.execute(sql: "DELETE FROM feedback WHERE stack NOT IN (SELECT name FROM stack)")
        }
        try await checkpoint()
        return counts
    }

    private func remove(_ sql: String, _ before: Int64) async throws -> Int {
        var all = 0
        while true {
            let removed = try await inWriter { database in
                try database.cachedStatement(sql: sql).execute(arguments: [before, Self.batch])
                return database.changesCount
            }
            all += removed
            guard removed == Self.batch else { return all }
        }
    }
}
