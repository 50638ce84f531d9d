import FakeForges
import Forges
import Foundation
import Orchestration
import SlingshotTestSupport
import StagingModel
import Store
import Testing

@testable import Feedback

@Suite struct FeedbackServiceTests {
    private let one = Samples.stackName("shop-7")
    private let other = Samples.stackName("web-7")

    /// A record that changed so long ago that it is due.
    private func stack(_ name: StackName, _ phase: Phase, at now: Date) -> Stack {
        Stacks.at(phase) {
            $0.name = name
            $0.updatedAt = now.addingTimeInterval(-60)
        }
    }

    private func running(_ service: FeedbackService, _ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            try await body()
            group.cancelAll()
        }
    }

    @Test(.timeLimit(.minutes(1))) func `changes are told as they come, and what an earlier process left first`() async throws {
        try await FeedbackFixture.with(.gitea) { fixture async throws in
            try await fixture.store.write { try $0.save(stack(one, .deploying, at: fixture.clock.now), wakeAt: nil) }
            let service = FeedbackService(
                clients: [one.repository: fixture.client], store: fixture.store, changes: fixture.store.changes(), clock: fixture.clock,
                logger: FeedbackFixture.logger)
            try await running(service) {
                try await fixture.forge.wait { $0.comments.first?.text.contains("is being deployed") == true && !$0.statuses.isEmpty }
                // Its row is written after the last answer.
                while try await fixture.row?.schedule.toldAt == nil { await Task.yield() }
                try await fixture.save(Stacks.at(.ready))
                while fixture.clock.nextWake == nil { await Task.yield() }
                fixture.clock.advance(by: FeedbackSchedule.spacing)
                try await fixture.forge.wait { $0.comments.first?.text.contains("is ready") == true }
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a forge that says nothing keeps no other waiting`() async throws {
        let clock = TestClock()
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory, tells: [one.repository, other.repository])
            try await FakeForge.running(.github, now: { clock.now }) { silent async throws in
                try await FakeForge.running(.gitea, now: { clock.now }) { forge async throws in
                    silent.fail(.silence, times: 1_000)
                    forge.change { $0.add(ForgeState.PullRequest(7, at: clock.now)) }
                    try await Forges.with(clock: clock, secret: { _ in "t0ken" }) { forges in
                        let clients = try forges.clients(for: [
                            FeedbackFixture.repository("shop", .github, api: silent.api),
                            FeedbackFixture.repository("web", .gitea, api: forge.api),
                        ])
                        try await store.write { transaction in
                            for name in [one, other] { try transaction.save(stack(name, .ready, at: clock.now), wakeAt: nil) }
                        }
                        let service = FeedbackService(
                            clients: clients, store: store, changes: store.changes(), clock: clock, logger: FeedbackFixture.logger)
                        try await running(service) {
                            try await forge.wait { $0.comments.count == 1 && $0.statuses.count == 1 }
                        }
                        #expect(silent.state.comments.isEmpty)
                        #expect(try await store.read { try $0.feedback(of: one)?.schedule.pendingSince } != nil)
                    }
                }
            }
        }
    }

    @Test func `a start tries everything at once, tells of what stood before, and forgets who is told no more`() async throws {
        try await withTemporaryDirectory { directory in
            let now = Samples.start
            let before = try SQLiteStore(directory: directory, tells: [one.repository])
            try await before.write { transaction in
                try transaction.save(stack(one, .ready, at: now), wakeAt: nil)
                try transaction.save(stack(other, .ready, at: now), wakeAt: nil)
                try transaction.save(stack(Samples.stackName("web-8"), .destroyed, at: now), wakeAt: nil)
                var row = try #require(try transaction.feedback(of: one))
                row.schedule.dueAt = now.addingTimeInterval(86_400)
                row.told.comment.notBefore = row.schedule.dueAt
                try transaction.save(row)
            }
            try await before.write { try $0.openOutbox(for: [one.repository, other.repository], at: now) }
            let rows = try await before.read { try $0.pendingFeedback() }
            #expect(rows.map(\.stack) == [one, other])
            #expect(rows.allSatisfy { $0.schedule.dueAt == now && $0.told.comment.notBefore == nil })
            #expect(rows[0].schedule.pendingSince == now.addingTimeInterval(-60))
            try await before.write { try $0.openOutbox(for: [other.repository], at: now) }
            #expect(try await before.read { try $0.pendingFeedback() }.map(\.stack) == [other])
        }
    }
}
