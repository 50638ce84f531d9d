import FakeForges
import Forges
import Foundation
import Orchestration
import SlingshotTestSupport
import StagingModel
import Store
import Testing

@testable import Feedback

@Suite struct CommandServiceTests {
    private func running(_ service: CommandService, _ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            try await body()
            group.cancelAll()
        }
    }

    @Test(.timeLimit(.minutes(1))) func `commands are carried out as they come, and what an earlier process left first`() async throws {
        try await FeedbackFixture.with(.gitea) { fixture async throws in
            try await fixture.save(Stacks.at(.ready))
            try await fixture.say("/slingshot extend 4h")
            let service = CommandService(
                clients: [FeedbackFixture.name.repository: fixture.client], intake: fixture.intake(), store: fixture.store,
                changes: fixture.store.changes(), clock: fixture.clock, logger: FeedbackFixture.logger)
            try await running(service) {
                try await fixture.forge.wait { $0.comments.first?.reactions.count == 2 }
                try await fixture.say("/slingshot destroy")
                try await fixture.forge.wait { $0.comments.last?.reactions.count == 2 }
            }
            #expect(try await fixture.stack?.lease.expiresAt == Samples.start.addingTimeInterval(86_400 + 14_400))
            #expect(try await fixture.stack?.destroyReason == .requested)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a forge that says nothing keeps no other waiting`() async throws {
        let clock = TestClock()
        let (one, other) = (Samples.stackName("shop-7"), Samples.stackName("web-7"))
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            try await FakeForge.running(.github, now: { clock.now }) { silent async throws in
                try await FakeForge.running(.gitea, now: { clock.now }) { forge async throws in
                    silent.fail(.silence, times: 1_000)
                    forge.change { state in
                        state.add(ForgeState.PullRequest(7, at: clock.now))
                        state.comment(on: 7, by: "ada", "/slingshot help")
                    }
                    let id = forge.state.comments.last?.id ?? 0
                    try await Forges.with(clock: clock, secret: { _ in "t0ken" }) { forges in
                        let repositories = [
                            FeedbackFixture.repository("shop", .github, api: silent.api),
                            FeedbackFixture.repository("web", .gitea, api: forge.api),
                        ]
                        let intake = Intake(store: store, repositories: repositories, policy: Samples.policy, clock: clock) { _ in }
                        for name in [one, other] {
                            let event = CommentEvent(
                                repository: "acme/shop", number: 7, comment: "\(id)", author: CommentAuthor(account: "ada"),
                                text: "/slingshot help")
                            let key = DeliveryKey(forge: name.repository.description, hook: "1", id: "d1")
                            #expect(try await intake.receive(event, delivery: key, repository: name.repository).action == .command)
                        }
                        let service = CommandService(
                            clients: try forges.clients(for: repositories), intake: intake, store: store, changes: store.changes(),
                            clock: clock, logger: FeedbackFixture.logger)
                        try await running(service) {
                            try await forge.wait { $0.comments.contains { $0.text.hasPrefix("### ⚫ There is no web-7") } }
                        }
                        #expect(try await store.read { try $0.openCommands(of: one.repository) }.count == 1)
                    }
                }
            }
        }
    }
}
