import FakeForges
import Forges
import Foundation
import Orchestration
import SlingshotTestSupport
import StagingModel
import Synchronization
import Testing

/// What a payload lacks is asked from the forge: the real orchestrator, store and clients, and the fakes of the forges behind them.
@Suite(.timeLimit(.minutes(5))) struct AskingOrchestratorTests {
    private let name = Samples.stackName()
    private let head = Samples.commit("a")

    private struct Situation: Sendable {
        var orchestrator: OrchestratorFixture
        var forge: FakeForge
        var name: StackName

        func history() async throws -> [String] {
            try await orchestrator.store.read { [name] in try $0.events(of: name, after: nil, limit: 100) }.map(\.name)
        }
    }

    private func with(
        _ kind: FakeForge.Kind, author: String = "ada", isFork: Bool = false, _ change: (inout RepositorySettings) -> Void = { _ in },
        _ body: @Sendable @escaping (Situation) async throws -> Void
    ) async throws {
        let clock = TestClock()
        var repository = Samples.repository()
        (repository.forge, repository.credentials) = (kind.forge, .token(.environment("TOKEN")))
        change(&repository)
        try await FakeForge.running(kind, now: { clock.now }) { [repository, head, name] forge async throws in
            forge.change { state in
                var pullRequest = ForgeState.PullRequest(7, author: author, head: head.description, at: clock.now)
                (pullRequest.isFork, pullRequest.labels) = (isFork, ["preview"])
                state.add(pullRequest)
            }
            var repository = repository
            repository.api = forge.api
            try await Forges.with(clock: clock, secret: { _ in "t0ken" }) { [repository] forges async throws in
                try await OrchestratorFixture.run(repository: repository, clock: clock, forge: forges.client(for:)) { fixture in
                    try await body(Situation(orchestrator: fixture, forge: forge, name: name))
                }
            }
        }
    }

    private func event(author: String = "octocat", shortHead: String? = nil) -> PullRequestEvent {
        var event = Samples.event(.opened)
        event.pullRequest.author = author
        if let shortHead { (event.pullRequest.head, event.pullRequest.shortHead) = (nil, shortHead) }
        return event
    }

    @Test(arguments: [("ada", true), ("mallory", false)])
    func `GitLab's author is asked for when somebody else acted, and held against the rule`(author: String, isIn: Bool) async throws {
        try await with(.gitlab, author: author) {
            $0.when.authors = Patterns(["ada"])
        } _: { situation in
            let outcome = try await situation.orchestrator.deliver(event(author: ""))
            #expect(outcome.action == .create)
            let stack = try await situation.orchestrator.wait(until: isIn ? .ready : .destroyed)
            #expect(stack.pullRequest.author == author && stack.exclusion?.rule == (isIn ? nil : .authors))
            #expect(situation.orchestrator.engine.snapshot.applies == (isIn ? 1 : 0))
            if !isIn { #expect(stack.fetched == nil && stack.message.contains("\"mallory\" is not among `when.authors`")) }
        }
    }

    @Test func `Bitbucket's short commit is asked for in full, before anything is fetched`() async throws {
        try await with(.bitbucket) { situation in
            try await situation.orchestrator.deliver(event(shortHead: String(head.description.prefix(12))))
            let stack = try await situation.orchestrator.wait(until: .ready)
            #expect(stack.pullRequest.head == head && stack.pullRequest.shortHead == nil)
            let history = try await situation.history()
            #expect(try #require(history.firstIndex(of: "ask")) < #require(history.firstIndex(of: "fetch")))
            // What is known is not asked for again.
            let asked = situation.forge.requests.count
            try await situation.orchestrator.deliver(event(shortHead: String(head.description.prefix(12))))
            try await situation.orchestrator.wait(until: .ready)
            #expect(situation.forge.requests.count == asked)
        }
    }

    @Test(arguments: FakeForge.Kind.allCases)
    func `a stack that somebody asked for knows its pull request`(kind: FakeForge.Kind) async throws {
        try await with(kind) { situation in
            _ = try await situation.orchestrator.intake.create(repository: "shop", number: 7, ref: nil, commit: nil)
            let known = try await situation.orchestrator.wait(until: .ready).pullRequest
            #expect(known.title == "Add a thing" && known.author == "ada" && known.branch == "thing" && known.base == "main")
            #expect(known.head == head && !known.isFork && known.url.hasPrefix("https://"))
            #expect(known.labels == (kind.forge.hasLabels ? ["preview"] : []))
        }
    }

    @Test(arguments: [RepositorySettings.ForkPolicy.deny, .approval, .allow])
    func `a fork that somebody asked for is treated as one`(forks: RepositorySettings.ForkPolicy) async throws {
        try await with(.github, isFork: true) {
            $0.forks = forks
        } _: { situation in
            _ = try await situation.orchestrator.intake.create(repository: "shop", number: 7, ref: nil, commit: nil)
            switch forks {
            case .deny:
                let stack = try await situation.orchestrator.wait(until: .destroyed)
                #expect(stack.message.contains("forks are denied for shop") && situation.orchestrator.engine.snapshot.applies == 0)
            case .approval:
                let stack = try await situation.orchestrator.wait(until: .waiting)
                #expect(stack.commitToApprove == head && stack.fetched == nil)
            case .allow:
                let stack = try await situation.orchestrator.wait(until: .ready)
                #expect(stack.fetched?.base != nil, "its stack file is the base's")
            }
        }
    }

    @Test(arguments: FakeForge.Kind.allCases)
    func `a fork that was deleted is one, and waits`(kind: FakeForge.Kind) async throws {
        try await with(kind) {
            $0.forks = .approval
        } _: { situation in
            situation.forge.change { $0.pullRequests[7]?.isHeadGone = true }
            _ = try await situation.orchestrator.intake.create(repository: "shop", number: 7, ref: nil, commit: nil)
            let stack = try await situation.orchestrator.wait(until: .waiting)
            #expect(stack.pullRequest.isFork && stack.fetched == nil && situation.orchestrator.engine.snapshot.applies == 0)
        }
    }

    @Test func `a repository that is elsewhere now costs the knowledge, and the history names the fix`() async throws {
        try await with(.github) { situation in
            situation.forge.fail(.status(301), times: .max)
            _ = try await situation.orchestrator.intake.create(repository: "shop", number: 7, ref: nil, commit: nil)
            try await situation.orchestrator.wait(until: .ready)
            let told = try await situation.orchestrator.store.read { [name] in try $0.events(of: name, after: nil, limit: 100) }
            #expect(
                told.contains { $0.name == "ask" && $0.message.contains("is elsewhere (301); correct its `repository`, `url` or `api`") })
        }
    }

    @Test func `a pull request that is closed gets no stack`() async throws {
        try await with(.gitea) { situation in
            situation.forge.change { $0.pullRequests[7]?.state = .merged }
            _ = try await situation.orchestrator.intake.create(repository: "shop", number: 7, ref: nil, commit: nil)
            let stack = try await situation.orchestrator.wait(until: .destroyed)
            #expect(stack.destroyReason == .closed && situation.orchestrator.engine.snapshot.applies == 0)
        }
    }

    @Test func `a right that is missing costs the knowledge, and is in the history once`() async throws {
        try await with(.gitlab) { situation in
            situation.forge.fail(.status(403), times: .max)
            try await situation.orchestrator.deliver(event(author: ""))
            let stack = try await situation.orchestrator.wait(until: .ready)
            #expect(stack.pullRequest.author == "")
            let told = try await situation.orchestrator.store.read { [name] in try $0.events(of: name, after: nil, limit: 100) }
                .filter { $0.name == "ask" && $0.kind == .failure }
            #expect(told.count == 1 && told.first?.message.contains("nobody told the pull request's author") == true)
        }
    }

    @Test func `a forge that is down costs three tries, and a rule that needs it waits until it is back`() async throws {
        try await with(.gitlab) { situation in
            situation.forge.fail(.status(503), times: .max)
            try await situation.orchestrator.deliver(event(author: ""))
            for attempts in 1...2 {
                try await situation.orchestrator.store.wait(for: name) { $0.failure?.attempts == attempts }
                situation.orchestrator.clock.advance(by: 300)
            }
            try await situation.orchestrator.wait(until: .ready)
        }
        try await with(.gitlab) {
            $0.when.authors = Patterns(["ada"])
        } _: { situation in
            situation.forge.fail(.status(503), times: .max)
            try await situation.orchestrator.deliver(event(author: ""))
            for attempts in 1...6 {
                try await situation.orchestrator.store.wait(for: name) { $0.failure?.attempts == attempts }
                situation.orchestrator.clock.advance(by: 300)
            }
            let waiting = try await situation.orchestrator.store.wait(for: name) { $0.failure?.attempts == 7 }
            #expect(waiting.phase == .failed && waiting.message.contains("`when.authors` can't be answered") && waiting.fetched == nil)
            situation.forge.heal()
            situation.orchestrator.clock.advance(by: 300)
            #expect(try await situation.orchestrator.wait(until: .ready).pullRequest.author == "ada")
        }
    }

    @Test func `what is wanted by the time of the answer counts`() async throws {
        let fixtures = Box()
        let forge = SimulatedForge { number in
            let fixture = try #require(fixtures.fixture)
            try await fixture.deliver(Samples.event(.closed))
            return ForgePullRequest(pullRequest: Samples.pullRequest(number), state: .open)
        }
        var repository = Samples.repository()
        repository.credentials = .token(.environment("TOKEN"))
        try await OrchestratorFixture.run(repository: repository, forge: { _ in forge }) { fixture in
            fixtures.fixture = fixture
            try await fixture.deliver(event(author: ""))
            let stack = try await fixture.wait(until: .destroyed)
            #expect(stack.destroyReason == .closed && fixture.engine.snapshot.applies == 0)
        }
    }
}

/// What a forge needs that is made before the fixture.
private final class Box: Sendable {
    private let kept = Mutex<OrchestratorFixture?>(nil)
    var fixture: OrchestratorFixture? {
        get { kept.withLock { $0 } }
        set { kept.withLock { $0 = newValue } }
    }
}
