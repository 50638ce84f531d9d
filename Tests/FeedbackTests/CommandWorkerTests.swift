import FakeForges
import Foundation
import Orchestration
import SlingshotTestSupport
import StagingModel
import Store
import Telemetry
import Testing

@testable import Feedback

/// From a comment on the forge to what becomes of it there.
@Suite struct CommandWorkerTests {
    private let end = Samples.start.addingTimeInterval(86_400)
    private let later = Samples.start.addingTimeInterval(86_400 + 14_400)

    @Test(arguments: FakeForge.Kind.allCases) func `somebody who may write commands, and is answered`(kind: FakeForge.Kind) async throws {
        try await FeedbackFixture.with(kind) { fixture async throws in
            try await fixture.tell(Stacks.at(.ready))
            let outcome = try await fixture.say("Let us look at it tonight.\n\n/slingshot extend 4h")
            #expect(outcome.action == .command && outcome.stack == FeedbackFixture.name)
            #expect(outcome.reason == "/slingshot extend 4h is carried out if its author may write to the repository")
            #expect(try await fixture.stack?.lease.expiresAt == end, "nothing happens before the forge was asked")
            #expect(try await fixture.worker().pass() == Outlook())
            #expect(try await fixture.stack?.lease.expiresAt == later)
            #expect(fixture.reactions == fixture.reactable(.seen, .done))
            #expect(try await fixture.history.last?.hasSuffix("(by ada on github)") == true)
            try await fixture.pass(after: FeedbackSchedule.spacing)
            #expect(try fixture.comment.contains("`/slingshot extend 4h` by `ada`: it lives until 2 January 2026 at 04:00 UTC."))
            #expect(
                Exposition.text(fixture.metrics.collect()).contains(#"slingshot_commands_total{outcome="done",verb="extend"} 1"#),
                "\(Exposition.text(fixture.metrics.collect()))")
            let count = fixture.forge.requests.count
            #expect(try await fixture.worker().pass() == Outlook())
            #expect(fixture.forge.requests.count == count)
        }
    }

    /// Dokploy #4902: comments that bots repeat. Nobody can fill the one comment who may not write.
    @Test(arguments: FakeForge.Kind.allCases) func `nobody else does, and nothing is said about it`(kind: FakeForge.Kind) async throws {
        try await FeedbackFixture.with(kind) { fixture async throws in
            try await fixture.tell(Stacks.at(.ready))
            let before = try await fixture.stack
            let comment = fixture.forge.state.comments.first
            for account in ["mallory", "nobody", "slingshot"] {
                try await fixture.say("/slingshot destroy", by: account)
                #expect(try await fixture.worker().pass() == Outlook())
                #expect(fixture.reactions == fixture.reactable(.refused), "\(account)")
            }
            #expect(try await fixture.stack == before)
            try await fixture.pass(after: 60)
            #expect(fixture.forge.state.comments.first == comment)
            let history = try await fixture.history
            #expect(history.contains("/slingshot destroy by mallory: no write access to the repository"))
            #expect(history.last == "/slingshot destroy by slingshot: the account that Slingshot uses does not command")
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func `a comment counts once, whatever its delivery is called`(kind: FakeForge.Kind)
        async throws
    {
        try await FeedbackFixture.with(kind) { fixture async throws in
            try await fixture.tell(Stacks.at(.ready))
            try await fixture.say("/slingshot extend 4h")
            #expect(try await fixture.deliverLast().reason == "because the comment was read before")
            _ = try await fixture.worker().pass()
            #expect(try await fixture.deliverLast().reason == "because the comment was read before")
            _ = try await fixture.worker().pass()
            #expect(try await fixture.stack?.lease.expiresAt == later)
        }
    }

    @Test(arguments: [FakeForge.Kind.github, .bitbucket]) func `a process that dies after the effect does not do it again`(
        kind: FakeForge.Kind
    )
        async throws
    {
        try await FeedbackFixture.with(kind) { fixture async throws in
            try await fixture.tell(Stacks.at(.ready))
            try await fixture.say("/slingshot extend 4h")
            let command = try #require(try await fixture.open.first)
            #expect(try await fixture.intake().carryOut(command, nil).outcome == .done)
            // Whoever comes next finds it settled, and whoever was late too.
            #expect(try await fixture.intake().carryOut(command, nil).outcome == .done)
            #expect(try await fixture.intake().dismiss(command, .denied, because: "late").outcome == .done)
            #expect(try await fixture.worker().pass() == Outlook())
            #expect(try await fixture.stack?.lease.expiresAt == later)
            #expect(fixture.reactions == fixture.reactable(.done))
            #expect(try await fixture.open.isEmpty)
        }
    }

    @Test func `a forge that is away costs lateness, and the order is kept`() async throws {
        try await FeedbackFixture.with(.github) { fixture async throws in
            try await fixture.tell(Stacks.at(.ready))
            fixture.forge.fail(.status(502), times: .max)
            try await fixture.say("/slingshot extend 4h")
            try await fixture.say("/slingshot destroy")
            let outlook = try await fixture.worker().pass()
            #expect(outlook == Outlook(next: fixture.clock.now.addingTimeInterval(1)))
            #expect(try await fixture.open.map(\.failures) == [1, 0])
            fixture.clock.advance(by: 1)
            _ = try await fixture.worker().pass()
            #expect(try await fixture.open.map(\.failures) == [2, 0])
            fixture.forge.heal()
            fixture.clock.advance(by: 2)
            #expect(try await fixture.worker().pass() == Outlook())
            let history = try await fixture.history
            #expect(history.suffix(2).map { $0.hasSuffix("(by ada on github)") } == [true, true])
            #expect(try await fixture.stack?.destroyReason == .requested)
            #expect(try await fixture.stack?.lease.expiresAt == later)
        }
    }

    @Test func `a command that nobody could be asked about for hours is not carried out`() async throws {
        try await FeedbackFixture.with(.gitea) { fixture async throws in
            try await fixture.tell(Stacks.at(.ready))
            fixture.forge.fail(.status(502), times: .max)
            try await fixture.say("/slingshot destroy")
            _ = try await fixture.worker().pass()
            fixture.forge.heal()
            fixture.clock.advance(by: CommandWorker.patience + 1)
            #expect(try await fixture.worker().pass() == Outlook())
            #expect(try await fixture.stack?.wanted == .running)
            #expect(fixture.reactions == [.refused])
            #expect(try await fixture.history.last?.contains("did not answer for two hours; write it again") == true)
        }
    }

    /// Its number leads to the code that is fetched.
    @Test func `a forge that tells of another pull request is not believed`() async throws {
        try await FeedbackFixture.with(.github) { fixture async throws in
            try await fixture.tell(Stacks.at(.ready))
            let before = try await fixture.stack
            fixture.forge.change { $0.pullRequests[7]?.number = 8 }
            try await fixture.say("/slingshot redeploy")
            _ = try await fixture.worker().pass()
            #expect(try await fixture.stack == before)
        }
    }

    @Test func `a rate limit holds all of the repository, and loses nothing`() async throws {
        try await FeedbackFixture.with(.github) { fixture async throws in
            try await fixture.tell(Stacks.at(.ready))
            let end = fixture.clock.now.addingTimeInterval(600)
            fixture.forge.change { $0.budget = (0, end) }
            try await fixture.say("/slingshot extend 4h")
            let outlook = try await fixture.worker().pass()
            #expect(outlook.closedUntil != nil && outlook.next == outlook.closedUntil)
            #expect(outlook.closedUntil.map { $0 >= end } == true)
            fixture.clock.advance(by: 700)
            #expect(try await fixture.worker().pass() == Outlook())
            #expect(try await fixture.stack?.lease.expiresAt == later)
        }
    }

    @Test func `a token without the right to ask is named, and nobody may command`() async throws {
        try await FeedbackFixture.with(.gitea) { fixture async throws in
            try await fixture.tell(Stacks.at(.ready))
            fixture.forge.change { $0.members["slingshot"] = .write }
            try await fixture.say("/slingshot destroy")
            #expect(try await fixture.worker().pass() == Outlook())
            #expect(try await fixture.stack?.wanted == .running)
            let last = try #require(try await fixture.history.last)
            #expect(last.hasPrefix("/slingshot destroy by ada: ") && last.contains("administers the repository"), "\(last)")
            #expect(Exposition.text(fixture.metrics.collect()).contains(#"slingshot_commands_total{outcome="failed",verb="destroy"} 1"#))
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func `help and mistakes are answered in the one comment`(kind: FakeForge.Kind) async throws {
        try await FeedbackFixture.with(kind) { fixture async throws in
            try await fixture.tell(Stacks.at(.ready))
            func answer(to text: String) async throws -> String {
                try await fixture.say(text)
                _ = try await fixture.worker().pass()
                try await fixture.pass(after: FeedbackSchedule.spacing)
                return try fixture.comment
            }
            #expect(try await answer(to: "/slingshot help").contains("- `/slingshot redeploy` deploys"))
            let status = try await answer(to: "/slingshot status")
            #expect(status.contains("`/slingshot status` by `ada`: this is how it is, 1 January 2026 at 00:00 UTC."), "\(status)")
            #expect(fixture.reactions == fixture.reactable(.seen, .done))
            let unknown = try await answer(to: "/slingshot `@acme/all` launch")
            #expect(unknown.contains("A command by `ada` was refused: there is no such command; these are the commands."), "\(unknown)")
            #expect(unknown.contains("- `/slingshot extend 4h`") && !unknown.contains("@acme"))
            #expect(fixture.reactions == fixture.reactable(.seen, .refused))
            #expect(try await answer(to: "/slingshot status\n/slingshot destroy").contains("write one a comment"))
            #expect(try await answer(to: "/slingshot extend 30d").contains("was refused: a stack lives 7d at most"))
            #expect(try await fixture.stack?.wanted == .running)
        }
    }

    // MARK: Pull requests without a stack

    @Test(arguments: FakeForge.Kind.allCases) func `a pull request without a stack is answered, and the comment is the stack's then`(
        kind: FakeForge.Kind
    ) async throws {
        try await FeedbackFixture.with(kind) { fixture async throws in
            try await fixture.say("/slingshot extend 4h")
            #expect(try await fixture.worker().pass() == Outlook())
            #expect(try await fixture.stack == nil)
            #expect(try fixture.comment.hasPrefix("### ⚫ There is no shop-7"))
            #expect(try fixture.comment.contains("was refused: the pull request has no stack; a push launches one"))

            try await fixture.say("/slingshot redeploy")
            #expect(try await fixture.worker().pass() == Outlook())
            let stack = try #require(try await fixture.stack)
            #expect(stack.wanted == .running && stack.exempt == true && stack.pullRequest.branch == "thing")
            #expect(stack.pullRequest.author == "ada" && !stack.pullRequest.isFork)
            try await fixture.pass(after: FeedbackSchedule.spacing)
            #expect(try fixture.comment.contains("shop-7 is on its way"), "one comment, whoever wrote it first")
        }
    }

    /// coolify #6546. What a fork brings is held by a command as by a delivery.
    @Test func `a fork is denied, or held`() async throws {
        try await FeedbackFixture.with(.github) { fixture async throws in
            fixture.forge.change { $0.pullRequests[7]?.isFork = true }
            try await fixture.say("/slingshot redeploy")
            _ = try await fixture.worker().pass()
            #expect(try await fixture.stack == nil)
            #expect(try fixture.comment.contains("was refused: the pull request comes from a fork, and forks are denied for shop"))

            let intake = fixture.intake { $0.forks = .approval }
            try await fixture.say("/slingshot redeploy", to: intake)
            _ = try await fixture.worker(intake).pass()
            #expect(try await fixture.stack?.awaitsApproval == true)
            #expect(try await fixture.stack?.answer?.text == "the newest commit was asked for, and waits until it is approved")

            for (digit, approved) in [("b", false), ("a", true)] as [(Character, Bool)] {
                try await fixture.say("/slingshot approve \(Samples.commit(digit))", to: intake)
                _ = try await fixture.worker(intake).pass()
                #expect(try await fixture.stack?.awaitsApproval == !approved)
            }
            #expect(try await fixture.stack?.approval?.commit == Samples.commit("a"))
        }
    }

    @Test(arguments: [ForgeState.PullRequest.State.closed, .merged]) func `what is closed is not launched`(
        state: ForgeState.PullRequest.State
    )
        async throws
    {
        try await FeedbackFixture.with(.gitlab) { fixture async throws in
            fixture.forge.change { $0.pullRequests[7]?.state = state }
            try await fixture.say("/slingshot redeploy")
            _ = try await fixture.worker().pass()
            #expect(try await fixture.stack == nil)
            #expect(try fixture.comment.contains("was refused: the pull request is \(state); reopen it first"))
        }
    }

    /// Dokploy #4203: closing during creation resurrects the service.
    @Test func `what is closed after the forge was asked is not launched`() async throws {
        try await FeedbackFixture.with(.github) { fixture async throws in
            try await fixture.tell(Stacks.at(.ready))
            try await fixture.say("/slingshot redeploy")
            let command = try #require(try await fixture.open.first)
            let asked = try await fixture.client.pullRequest(7)
            let closed = Samples.event(.closed, updatedAt: fixture.clock.now.addingTimeInterval(1))
            let key = DeliveryKey(forge: "github", hook: "1", id: "closed")
            _ = try await fixture.intake().receive(closed, delivery: key, repository: FeedbackFixture.name.repository)
            #expect(try await fixture.intake().carryOut(command, asked).outcome == .refused)
            #expect(try await fixture.stack?.destroyReason == .closed)
            #expect(try await fixture.stack?.answer?.text.contains("was closed meanwhile") == true)
        }
    }

    @Test func `what a delivery told meanwhile stays`() async throws {
        try await FeedbackFixture.with(.github) { fixture async throws in
            try await fixture.tell(Stacks.at(.ready))
            try await fixture.say("/slingshot redeploy")
            let command = try #require(try await fixture.open.first)
            let asked = try await fixture.client.pullRequest(7)
            let pushed = Samples.event(.pushed, head: Samples.commit("b"), updatedAt: fixture.clock.now.addingTimeInterval(1))
            let key = DeliveryKey(forge: "github", hook: "1", id: "pushed")
            _ = try await fixture.intake().receive(pushed, delivery: key, repository: FeedbackFixture.name.repository)
            #expect(try await fixture.intake().carryOut(command, asked).outcome == .done)
            #expect(try await fixture.stack?.pullRequest.head == Samples.commit("b"))
            #expect(try await fixture.stack?.revision == 3)
        }
    }

    @Test func `an answer stands until something else happens`() async throws {
        try await FeedbackFixture.with(.github) { fixture async throws in
            try await fixture.tell(Stacks.at(.ready))
            try await fixture.say("/slingshot extend 4h")
            _ = try await fixture.worker().pass()
            #expect(try await fixture.stack?.answer?.command == "/slingshot extend 4h")
            let key = DeliveryKey(forge: "github", hook: "1", id: "pushed")
            _ = try await fixture.intake().receive(
                Samples.event(.pushed, head: Samples.commit("b")), delivery: key, repository: FeedbackFixture.name.repository)
            #expect(try await fixture.stack?.answer == nil)
        }
    }

    @Test func `who is refused again and again costs nothing in the end`() async throws {
        try await FeedbackFixture.with(.gitlab) { fixture async throws in
            try await fixture.tell(Stacks.at(.ready))
            for _ in 0..<5 {
                #expect(try await fixture.say("/slingshot destroy", by: "mallory").action == .command)
                _ = try await fixture.worker().pass()
            }
            #expect(try await fixture.history.count == 1)
            let outcome = try await fixture.say("/slingshot destroy", by: "mallory")
            #expect(outcome.action == .ignored && outcome.reason == "because its author was refused 5 times within an hour")
            #expect(try await fixture.say("/slingshot status", by: "ada").action == .command)
            fixture.clock.advance(by: 3_601)
            #expect(try await fixture.say("/slingshot destroy", by: "mallory").action == .command)
        }
    }

    @Test func `a comment that was deleted meanwhile commands all the same`() async throws {
        try await FeedbackFixture.with(.github) { fixture async throws in
            try await fixture.tell(Stacks.at(.ready))
            try await fixture.say("/slingshot extend 4h")
            fixture.forge.change { state in state.comments.removeAll { $0.text.hasPrefix("/slingshot") } }
            #expect(try await fixture.worker().pass() == Outlook())
            #expect(try await fixture.stack?.lease.expiresAt == later)
        }
    }
}
