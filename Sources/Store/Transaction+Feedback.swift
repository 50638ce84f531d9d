import Foundation
import GRDB
import Orchestration
import StagingModel

/// The outbox: a row for each stack of which its forge is told.
extension Transaction {
    /// Notes that the forge does not know of `stack` any more, unless that is noted, or `record` is what there is already.
    func noteChange(of stack: Stack, record: String) throws {
        guard tells.contains(stack.name.repository) else { return }
        let statement = try database.cachedStatement(sql: "SELECT pendingSince, dueAt, toldAt FROM feedback WHERE stack = ?")
        let known = try Row.fetchOne(statement, arguments: [stack.name.description]).map(Self.schedule) ?? FeedbackSchedule()
        var schedule = known
        schedule.changed(at: stack.updatedAt)
        guard schedule != known else { return }
        let same = try one(Int.self, "SELECT 1 FROM stack WHERE name = ? AND record = ?", [stack.name.description, record])
        guard same == nil else { return }
        try run(
            """
            INSERT INTO feedback (stack, repository, pendingSince, dueAt) VALUES (?, ?, ?, ?)
            ON CONFLICT (stack) DO UPDATE SET pendingSince = excluded.pendingSince, dueAt = excluded.dueAt
            """,
            [
                stack.name.description, stack.name.repository.description, schedule.pendingSince.map(seconds),
                schedule.dueAt.map(seconds),
            ])
    }

    func feedback(of stack: StackName) throws -> StackFeedback? {
        let statement = try database.cachedStatement(sql: "SELECT * FROM feedback WHERE stack = ?")
        return try Row.fetchOne(statement, arguments: [stack.description]).flatMap(Self.feedback)
    }

    func pendingFeedback() throws -> [StackFeedback] {
        let statement = try database.cachedStatement(sql: "SELECT * FROM feedback WHERE dueAt IS NOT NULL ORDER BY stack")
        return try Row.fetchAll(statement).compactMap(Self.feedback)
    }

    func feedbackDue(of repository: RepositoryName, at instant: Date) throws -> [StackName] {
        let statement = try database.cachedStatement(
            sql: "SELECT stack FROM feedback WHERE repository = ? AND dueAt <= ? ORDER BY dueAt, stack")
        return try String.fetchAll(statement, arguments: [repository.description, seconds(instant)]).compactMap { StackName($0) }
    }

    func nextFeedback(of repository: RepositoryName, after instant: Date) throws -> Date? {
        try one(
            Int64.self, "SELECT min(dueAt) FROM feedback WHERE repository = ? AND dueAt > ?", [repository.description, seconds(instant)]
        ).map(date)
    }

    func save(_ feedback: StackFeedback) throws {
        let schedule = feedback.schedule
        try run(
            """
            INSERT INTO feedback (stack, repository, pendingSince, dueAt, toldAt, told) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (stack) DO UPDATE SET pendingSince = excluded.pendingSince, dueAt = excluded.dueAt, toldAt = excluded.toldAt,
                told = excluded.told
            """,
            [
                feedback.stack.description, feedback.stack.repository.description, schedule.pendingSince.map(seconds),
                schedule.dueAt.map(seconds), schedule.toldAt.map(seconds), try encode(feedback.told),
            ])
    }

    func removeFeedback(of stack: StackName) throws { try run("DELETE FROM feedback WHERE stack = ?", [stack.description]) }

    private static func schedule(_ row: Row) -> FeedbackSchedule {
        FeedbackSchedule(
            pendingSince: (row["pendingSince"] as Int64?).map(date), dueAt: (row["dueAt"] as Int64?).map(date),
            toldAt: (row["toldAt"] as Int64?).map(date))
    }

    private static func feedback(_ row: Row) -> StackFeedback? {
        guard let stack = StackName(row["stack"]) else { return nil }
        // What another version wrote is as good as nothing: then all is told once more, and found to be there.
        let told: ToldFeedback? = (row["told"] as String?).flatMap { try? decode($0) }
        return StackFeedback(stack: stack, schedule: schedule(row), told: told ?? ToldFeedback())
    }
}
