import Foundation
import GRDB
import Orchestration
import SlingshotTestSupport
import StagingModel
import Store
import Testing

/// The outbox: in the same transaction as the change that it is about.
@Suite struct FeedbackStoreTests {
    private let name = Samples.stackName()

    private func stack(_ phase: Phase, at seconds: TimeInterval) -> Stack {
        Samples.stack {
            $0.phase = phase
            $0.updatedAt = Samples.start.addingTimeInterval(seconds)
        }
    }

    private func at(_ seconds: TimeInterval) -> Date { Samples.start.addingTimeInterval(seconds) }

    @Test func `a change is pending, the same record again is none`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory, tells: [name.repository])
            try await store.write { try $0.save(stack(.queued, at: 10), wakeAt: nil) }
            let row = try #require(try await store.read { try $0.feedback(of: name) })
            #expect(row == StackFeedback(stack: name, schedule: .init(pendingSince: at(10), dueAt: at(12))))
            try await store.write { try $0.save(StackFeedback(stack: name)) }
            try await store.write { try $0.save(stack(.queued, at: 10), wakeAt: at(99)) }
            #expect(try await store.read { try $0.pendingFeedback() }.isEmpty)
            #expect(try await store.read { try $0.stack(name) } == stack(.queued, at: 10))
            try await store.write { try $0.save(stack(.deploying, at: 20), wakeAt: nil) }
            #expect(try await store.read { try $0.feedback(of: name)?.schedule.dueAt } == at(22))
        }
    }

    @Test func `of many changes the first says when`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory, tells: [name.repository])
            for second in 10..<20 { try await store.write { try $0.save(stack(.queued, at: TimeInterval(second)), wakeAt: nil) } }
            #expect(try await store.read { try $0.feedback(of: name)?.schedule } == .init(pendingSince: at(10), dueAt: at(12)))
            #expect(try await store.read { try $0.feedbackDue(of: name.repository, at: at(11)) } == [])
            #expect(try await store.read { try $0.nextFeedback(of: name.repository, after: at(11)) } == at(12))
            #expect(try await store.read { try $0.feedbackDue(of: name.repository, at: at(12)) } == [name])
            #expect(try await store.read { try $0.feedbackDue(of: Samples.stackName("web-1").repository, at: at(12)) } == [])
            let statistics = try await store.read { try $0.statistics(at: at(12)) }
            #expect(statistics.untold == 1 && statistics.untoldSince == at(10))
        }
    }

    @Test func `two tellings are apart, and a pause ends with a change`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory, tells: [name.repository])
            var row = StackFeedback(stack: name, schedule: .init(pendingSince: at(1), dueAt: at(900), toldAt: at(10)))
            row.told.comment.value = "ö\n\"text\""
            row.told.comment.id = "4711"
            try await store.write { [row] in try $0.save(row) }
            try await store.write { try $0.save(stack(.ready, at: 11), wakeAt: nil) }
            row.schedule.dueAt = at(15)
            #expect(try await store.read { try $0.feedback(of: name) } == row)
        }
    }

    @Test func `what is not told of is in no outbox`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory, tells: [Samples.stackName("web-1").repository])
            try await store.write { try $0.save(stack(.queued, at: 0), wakeAt: nil) }
            #expect(try await store.read { try $0.feedback(of: name) } == nil)
        }
    }

    @Test func `a change that is rolled back is not told of`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory, tells: [name.repository])
            await #expect(throws: StepError.self) {
                try await store.write { transaction in
                    try transaction.save(stack(.queued, at: 0), wakeAt: nil)
                    throw StepError("no", isRetryable: false)
                }
            }
            #expect(try await store.read { try $0.feedback(of: name) } == nil)
        }
    }

    @Test func `it survives a new start, and goes with its stack`() async throws {
        try await withTemporaryDirectory { directory in
            let gone = stack(.destroyed, at: 0)
            try await SQLiteStore(directory: directory, tells: [name.repository]).write { try $0.save(gone, wakeAt: nil) }
            let store = try SQLiteStore(directory: directory, tells: [name.repository])
            #expect(try await store.read { try $0.pendingFeedback() }.map(\.stack) == [name])
            _ = try await store.prune(before: at(1))
            #expect(try await store.read { try $0.feedback(of: name) } == nil)
        }
    }

    @Test func `what another version wrote is told once more`() async throws {
        try await withTemporaryDirectory { directory in
            var row = StackFeedback(stack: name, schedule: .init(pendingSince: at(1), dueAt: at(2), toldAt: at(1)))
            row.told.comment.value = "text"
            let store = try SQLiteStore(directory: directory, tells: [name.repository])
            try await store.write { [row] in try $0.save(row) }
            let file = try DatabaseQueue(path: directory.appending(path: "slingshot.sqlite").path)
            try await file.write { try $0.execute(sql: #"UPDATE feedback SET told = '{"comment":{"value":7}}'"#) }
            row.told = ToldFeedback()
            #expect(try await store.read { try $0.feedback(of: name) } == row)
        }
    }
}
