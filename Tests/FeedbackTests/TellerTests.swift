import FakeForges
import Foundation
import Orchestration
import SlingshotTestSupport
import StagingModel
import Store
import Telemetry
import Testing

@testable import Feedback

/// From the record through the outbox to the forge.
@Suite struct TellerTests {
    @Test(arguments: FakeForge.Kind.allCases) func `a life is told in one comment, with its statuses`(kind: FakeForge.Kind) async throws {
        try await FeedbackFixture.with(kind) { fixture async throws in
            try await fixture.tell(Stacks.at(.queued))
            #expect(try fixture.comment.hasPrefix("### ⏳ shop-7 is on its way"))
            try await fixture.tell(Stacks.at(.deploying))
            #expect(fixture.status?.state == kind.running)
            try await fixture.tell(Stacks.at(.ready))
            #expect(try fixture.comment.contains("✅ shop-7 is ready"))
            #expect(fixture.status?.state == kind.succeeded)
            #expect(fixture.status?.url == "http://shop-7.staging.example.com")
            #expect(try await fixture.row?.schedule.dueAt == nil)
            try await fixture.tell(Stacks.at(.destroying))
            let outlook = try await fixture.tell(Stacks.at(.destroyed))
            #expect(try fixture.comment.contains("⚫ shop-7 is gone"))
            #expect(fixture.status?.state == kind.succeeded)
            #expect(fixture.status?.description == "Destroyed because its pull request was closed")
            #expect(outlook == Outlook())
            #expect(fixture.forge.state.comments.first?.version == 4)
        }
    }

    @Test func `GitHub's deployment has the address, and is inactive in the end`() async throws {
        try await FeedbackFixture.with(.github) { fixture async throws in
            try await fixture.tell(Stacks.at(.deploying))
            try await fixture.tell(Stacks.at(.ready))
            let second = Stacks.at(.ready) {
                $0.revision = 2
                $0.fetched = .init(revision: 2, commit: Samples.commit("b"))
                $0.deployed?.revision = 2
            }
            try await fixture.tell(second)
            var deployments = fixture.forge.state.deployments
            #expect(deployments.map(\.environment) == ["slingshot/shop-7", "slingshot/shop-7"])
            #expect(deployments[0].statuses.map(\.state) == ["in_progress", "success", "inactive"])
            #expect(deployments[1].statuses.map(\.state) == ["success"])
            #expect(deployments[1].statuses.last?.url == "http://shop-7.staging.example.com")
            try await fixture.tell(Stacks.at(.destroyed))
            deployments = fixture.forge.state.deployments
            #expect(deployments.allSatisfy { $0.statuses.last?.state == "inactive" })
        }
    }

    @Test func `GitLab's environment is stopped in the end, and starts again with the next life`() async throws {
        try await FeedbackFixture.with(.gitlab) { fixture async throws in
            try await fixture.tell(Stacks.at(.ready))
            #expect(fixture.forge.state.environments.map(\.name) == ["slingshot/shop-7"])
            #expect(fixture.forge.state.environments.first?.url == "http://shop-7.staging.example.com")
            try await fixture.tell(Stacks.at(.destroyed))
            #expect(fixture.forge.state.environments.map(\.isStopped) == [true])
            try await fixture.tell(Stacks.at(.ready))
            #expect(fixture.forge.state.environments.map(\.isStopped) == [false])
        }
    }

    /// Dokploy #4902 wants no words on pull requests that have no stack.
    @Test(arguments: FakeForge.Kind.allCases) func `nothing is said where there was never a stack`(kind: FakeForge.Kind) async throws {
        try await FeedbackFixture.with(kind) { fixture async throws in
            try await fixture.tell(Stacks.at(.destroying) { $0.fetched = nil })
            try await fixture.tell(Stacks.at(.destroyed) { $0.fetched = nil })
            #expect(fixture.forge.requests.isEmpty)
            #expect(try await fixture.row?.schedule.dueAt == nil)
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func `what changes nothing for a reviewer makes no request`(kind: FakeForge.Kind) async throws
    {
        try await FeedbackFixture.with(kind) { fixture async throws in
            try await fixture.tell(Stacks.at(.deploying))
            let count = fixture.forge.requests.count
            try await fixture.tell(Stacks.at(.deploying) { $0.message = "waiting: Deployment/web: 0 of 1 pods" })
            try await fixture.store.write { try $0.save(Stacks.at(.deploying), wakeAt: Samples.start) }
            try await fixture.pass(after: 3_600)
            #expect(fixture.forge.requests.count == count)
            #expect(try await fixture.row?.schedule.pendingSince == nil)
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func `a burst is one edit, and the newest state counts`(kind: FakeForge.Kind) async throws {
        try await FeedbackFixture.with(kind) { fixture async throws in
            try await fixture.tell(Stacks.at(.queued))
            let before = fixture.writes("comments") + fixture.writes("notes")
            for _ in 0..<5 { for phase in [Phase.building, .deploying, .failed, .ready] { try await fixture.save(Stacks.at(phase)) } }
            // Not yet: what follows within seconds would be another edit.
            try await fixture.pass(after: 1)
            #expect(fixture.writes("comments") + fixture.writes("notes") == before)
            try await fixture.pass(after: FeedbackSchedule.spacing)
            #expect(fixture.writes("comments") + fixture.writes("notes") == before + 1)
            #expect(try fixture.comment.contains("is ready"))
            #expect(fixture.forge.state.statusHistory.count == 2)
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func `a rate limit is waited for, and asked nothing meanwhile`(kind: FakeForge.Kind)
        async throws
    {
        try await FeedbackFixture.with(kind) { fixture async throws in
            let end = fixture.clock.now.addingTimeInterval(600)
            fixture.forge.change { $0.budget = (1, until: end) }
            let outlook = try await fixture.tell(Stacks.at(.ready))
            let closed = try #require(outlook.closedUntil)
            #expect(abs(closed.timeIntervalSince(end)) <= 1)
            let count = fixture.forge.requests.count
            try await fixture.pass(after: 60)
            #expect(fixture.forge.requests.count == count)
            try await fixture.pass(after: 600)
            #expect(try fixture.comment.contains("is ready"))
            #expect(fixture.status?.state == kind.succeeded)
            #expect(try await fixture.store.read { try $0.events(of: nil, after: nil, limit: 9) }.isEmpty)
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func `what fails is tried again with growing pauses, and holds nothing else up`(
        kind: FakeForge.Kind
    ) async throws {
        try await FeedbackFixture.with(kind) { fixture async throws in
            // Bitbucket Data Center lists comments among the activities.
            fixture.forge.fail(.status(500), times: 3) {
                $0.target.contains("/comments") || $0.target.contains("/notes") || $0.target.contains("/activities")
            }
            try await fixture.tell(Stacks.at(.ready))
            #expect(fixture.status?.state == kind.succeeded)
            for pause in [1, 2, 4] {
                let due = try #require(try await fixture.row?.schedule.dueAt)
                #expect(due.timeIntervalSince(fixture.clock.now) == TimeInterval(pause))
                #expect(fixture.forge.state.comments.isEmpty)
                try await fixture.pass(after: TimeInterval(pause))
            }
            #expect(try fixture.comment.contains("is ready"))
            #expect(fixture.forge.state.statusHistory.count == 1)
            #expect(try await fixture.row?.told.comment.failures == 0)
            let text = Exposition.text(fixture.metrics.collect())
            #expect(text.contains(#"slingshot_feedback_total{outcome="failed",part="comment"} 3"#), "\(text)")
            #expect(text.contains(#"slingshot_feedback_lateness_seconds_count 1"#))
        }
    }

    @Test func `a missing right is said once, with its name, and is not asked for again and again`() async throws {
        try await FeedbackFixture.with(.github) { fixture async throws in
            fixture.forge.change { $0.tokens["t0ken"]?.scopes = ["repo:status", "repo_deployment"] }
            try await fixture.tell(Stacks.at(.deploying))
            let count = fixture.forge.requests.count { $0.target.contains("comments") }
            try await fixture.tell(Stacks.at(.ready))
            #expect(fixture.status?.state == "success")
            #expect(fixture.forge.requests.count { $0.target.contains("comments") } == count)
            try await fixture.pass(after: 3_600)
            #expect(fixture.forge.requests.count { $0.target.contains("comments") } > count)
            let events = try await fixture.store.read { try $0.events(of: FeedbackFixture.name, after: nil, limit: 9) }
            let refusals = events.filter { $0.name == "feedback" && $0.message.contains("comment") }
            #expect(refusals.count == 1 && refusals[0].kind == .failure, "\(events)")
            #expect(refusals.first?.message.contains("Pull requests: ") == true)
            // Who mends the token starts anew.
            fixture.forge.change { $0.tokens["t0ken"]?.scopes.insert("repo") }
            let now = fixture.clock.now
            try await fixture.store.write { try $0.openOutbox(for: [FeedbackFixture.name.repository], at: now) }
            try await fixture.pass(after: 0)
            #expect(try fixture.comment.contains("is ready"))
            #expect(try await fixture.row?.told.comment.refusal == nil)
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func `a repository that is elsewhere now is said once, with the fix`(
        kind: FakeForge.Kind
    ) async throws {
        try await FeedbackFixture.with(kind) { fixture async throws in
            fixture.forge.fail(.status(301), times: .max)
            try await fixture.tell(Stacks.at(.ready))
            try await fixture.pass(after: 600)
            let events = try await fixture.store.read { try $0.events(of: FeedbackFixture.name, after: nil, limit: 9) }
            #expect(events.count == 1, "\(events)")
            #expect(events.first?.message.contains("acme/shop is elsewhere (301); correct its `repository`, `url` or `api`") == true)
            fixture.forge.heal()
            try await fixture.pass(after: 3_600)
            #expect(try fixture.comment.contains("is ready"))
        }
    }

    @Test func `what is refused is tried more and more seldom, and each hour at the least`() async throws {
        try await FeedbackFixture.with(.gitea) { fixture async throws in
            fixture.forge.change { $0.tokens = [:] }
            try await fixture.tell(Stacks.at(.ready))
            var pauses: [TimeInterval] = []
            for _ in 0..<7 {
                let due = try #require(try await fixture.row?.schedule.dueAt)
                pauses.append(due.timeIntervalSince(fixture.clock.now) / 60)
                try await fixture.pass(after: due.timeIntervalSince(fixture.clock.now))
            }
            #expect(pauses == [10, 20, 40, 60, 60, 60, 60])
            let events = try await fixture.store.read { try $0.events(of: FeedbackFixture.name, after: nil, limit: 99) }
            #expect(events.count == 1, "\(events)")
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func `a comment that somebody deleted is written again with the next change`(
        kind: FakeForge.Kind
    ) async throws {
        try await FeedbackFixture.with(kind) { fixture async throws in
            try await fixture.tell(Stacks.at(.deploying))
            fixture.forge.change { $0.comments = [] }
            try await fixture.tell(Stacks.at(.ready))
            #expect(try fixture.comment.contains("is ready"))
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func `without its database the comment is found again, on whatever page`(
        kind: FakeForge.Kind
    ) async throws {
        try await FeedbackFixture.with(kind) { fixture async throws in
            func chat(_ numbers: ClosedRange<Int>) {
                fixture.forge.change { state in for number in numbers { state.comment(on: 7, by: "ada", "talk \(number)") } }
            }
            fixture.forge.change { $0.pageSize = 10 }
            chat(1...25)
            try await fixture.tell(Stacks.at(.deploying))
            chat(26...45)
            try await fixture.store.write { try $0.removeFeedback(of: FeedbackFixture.name) }
            try await fixture.tell(Stacks.at(.ready))
            #expect(try fixture.comment.contains("is ready"))
        }
    }

    /// The comment was written, and the process died before it knew.
    @Test(arguments: FakeForge.Kind.allCases) func `a process that is killed in between writes no second comment`(
        kind: FakeForge.Kind
    ) async throws {
        try await FeedbackFixture.with(kind) { fixture async throws in
            try await fixture.save(Stacks.at(.ready))
            fixture.clock.advance(by: 60)
            let row = try #require(try await fixture.row)
            var lost = Telling(Stacks.at(.ready), told: row.told, client: fixture.client, now: fixture.clock.now)
            try await lost.run()
            #expect(lost.outcomes.allSatisfy { $0.outcome == .told })
            let store = try SQLiteStore(directory: fixture.directory, tells: [FeedbackFixture.name.repository])
            let teller = Teller(
                repository: FeedbackFixture.name.repository, client: fixture.client, store: store, clock: fixture.clock,
                metrics: FeedbackMetrics(factory: fixture.metrics), logger: FeedbackFixture.logger)
            _ = try await teller.pass()
            #expect(try fixture.comment.contains("is ready"))
            #expect(fixture.forge.state.comments.first?.version == 0)
            #expect(fixture.forge.state.statuses.count == 1)
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func `a commit that was overtaken does not stay on its way`(kind: FakeForge.Kind) async throws
    {
        try await FeedbackFixture.with(kind) { fixture async throws in
            try await fixture.tell(Stacks.at(.deploying))
            try await fixture.tell(Stacks.at(.ready) { $0.fetched?.commit = Samples.commit("b") })
            #expect(fixture.status?.description == "Superseded by bbbbbbb")
            #expect(fixture.status?.state != kind.running)
            #expect(fixture.forge.state.statuses.last?.commit == Samples.commit("b").description)
        }
    }

    @Test func `what changes while the forge is told is told next`() async throws {
        try await FeedbackFixture.with(.gitea) { fixture async throws in
            try await fixture.save(Stacks.at(.deploying))
            fixture.clock.advance(by: 60)
            let store = InterruptedStore(base: fixture.store) {
                try $0.save(Stacks.at(.ready) { $0.updatedAt = fixture.clock.now }, wakeAt: nil)
            }
            let teller = Teller(
                repository: FeedbackFixture.name.repository, client: fixture.client, store: store, clock: fixture.clock,
                metrics: FeedbackMetrics(factory: fixture.metrics), logger: FeedbackFixture.logger)
            let outlook = try await teller.pass()
            #expect(try fixture.comment.contains("is being deployed"))
            #expect(outlook.next == fixture.clock.now.addingTimeInterval(FeedbackSchedule.spacing))
            try await fixture.pass(after: FeedbackSchedule.spacing)
            #expect(try fixture.comment.contains("is ready"))
        }
    }

    @Test func `a stack that is not on record any more is forgotten`() async throws {
        try await FeedbackFixture.with(.gitea) { fixture async throws in
            try await fixture.store.write {
                try $0.save(StackFeedback(stack: FeedbackFixture.name, schedule: .init(pendingSince: Samples.start, dueAt: Samples.start)))
            }
            #expect(try await fixture.pass(after: 60) == Outlook())
            #expect(try await fixture.row == nil)
            #expect(fixture.forge.requests.isEmpty)
        }
    }
}

/// Somebody else writes between what the teller reads and what it writes.
private struct InterruptedStore: StackStore {
    let base: any StackStore
    let interruption: @Sendable (any StackWriting) throws -> Void

    func read<T: Sendable>(_ body: @escaping @Sendable (any StackReading) throws -> T) async throws -> T { try await base.read(body) }

    func write<T: Sendable>(_ body: @escaping @Sendable (any StackWriting) throws -> T) async throws -> T {
        try await base.write { [interruption] in try interruption($0) }
        return try await base.write(body)
    }
}
