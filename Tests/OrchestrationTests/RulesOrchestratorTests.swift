import FakeForges
import Forges
import Foundation
import Orchestration
import SlingshotTestSupport
import StagingModel
import Testing

/// The configuration's `when`, from delivery to teardown, with the real orchestrator and the real store on disk.
@Suite(.timeLimit(.minutes(5))) struct RulesOrchestratorTests {
    private let name = Samples.stackName()

    private func repository(_ rules: AdmissionRules, api: String? = nil) -> RepositorySettings {
        var repository = Samples.repository()
        repository.when = rules
        repository.api = api
        repository.credentials = .token(.environment("TOKEN"))
        return repository
    }

    private func event(_ change: PullRequestEvent.Change, labels: [String] = []) -> PullRequestEvent {
        var event = Samples.event(change)
        event.pullRequest.labels = labels
        return event
    }

    @Test func `a pull request without the label is on record, and the label makes and ends its stack`() async throws {
        try await OrchestratorFixture.run(repository: repository(AdmissionRules(label: "preview"))) { fixture in
            let outcome = try await fixture.deliver(event(.opened))
            #expect(outcome.action == .ignored && outcome.reason == "no stack, because the label `preview` is missing")
            #expect(try await fixture.wait(until: .destroyed).message == outcome.reason)
            let events = try await fixture.store.read { try $0.events(of: name, after: nil, limit: 100) }
            #expect(events.map(\.name) == ["ignored", "destroyed"])
            #expect(events.first?.message.contains(outcome.reason) == true)
            try await fixture.deliver(event(.labeled, labels: ["preview"]))
            try await fixture.wait(until: .ready)
            try await fixture.deliver(event(.unlabeled))
            #expect(try await fixture.wait(until: .destroyed).destroyReason == .unlabeled)
            #expect(fixture.engine.snapshot.applies == 1 && fixture.engine.snapshot.namespaces.isEmpty)
        }
    }

    // argo-cd #16574: path filter.
    @Test func `a pull request that changes nothing of what matters gets no stack, until it does`() async throws {
        let rules = AdmissionRules(paths: Patterns(["src/**"]))
        try await OrchestratorFixture.run(repository: repository(rules)) { fixture in
            fixture.refs.change(["docs/a.md"])
            try await fixture.deliver(event(.opened))
            let excluded = try await fixture.wait(until: .destroyed)
            #expect(excluded.destroyReason == .excluded && excluded.fetched == nil)
            #expect(excluded.message == "no stack, because nothing that it changes matches `when.paths`")
            #expect(fixture.engine.snapshot.applies == 0)
            fixture.refs.change(["docs/a.md", "src/a.swift"])
            fixture.refs.push(Samples.commit("b"))
            try await fixture.deliver(Samples.event(.pushed, head: Samples.commit("b")))
            try await fixture.wait(until: .ready)
            // What ran goes when a push takes it all back.
            fixture.refs.change([])
            fixture.refs.push(Samples.commit("c"))
            try await fixture.deliver(Samples.event(.pushed, head: Samples.commit("c")))
            #expect(try await fixture.wait(until: .destroyed).destroyReason == .excluded)
            #expect(fixture.engine.snapshot.namespaces.isEmpty)
        }
    }

    @Test func `what somebody asks for by name is not asked for its paths`() async throws {
        let rules = AdmissionRules(label: "preview", paths: Patterns(["src/**"]))
        try await OrchestratorFixture.run(repository: repository(rules)) { fixture in
            try await fixture.deliver(event(.opened))
            try await fixture.wait(until: .destroyed)
            _ = try await fixture.intake.create(repository: "shop", number: 7, ref: nil, commit: nil)
            #expect(try await fixture.wait(until: .ready).exclusion == nil)
        }
    }

    @Test func `paths that can't be answered fail the stack, and destroy nothing`() async throws {
        try await OrchestratorFixture.run(repository: repository(AdmissionRules(paths: Patterns(["src/**"])))) { fixture in
            fixture.refs.change(["src/a.swift"])
            try await fixture.deliver(event(.opened))
            try await fixture.wait(until: .ready)
            fixture.refs.change(nil)
            fixture.refs.push(Samples.commit("b"))
            try await fixture.deliver(Samples.event(.pushed, head: Samples.commit("b")))
            let failed = try await fixture.wait(until: .failed)
            #expect(
                failed.message
                    == "`when.paths` can't be answered: the two share no history; `slingshot create shop 7` launches it all the same; aaaaaaa keeps running"
            )
            #expect(fixture.engine.snapshot.namespaces[name] != nil)
        }
    }

    /// The real client, and the fake of GitHub behind it.
    private func withForge(
        _ body: @Sendable @escaping (OrchestratorFixture, FakeForge) async throws -> Void
    ) async throws {
        let clock = TestClock()
        try await FakeForge.running(.github, now: { clock.now }) { forge async throws in
            forge.change { state in
                state.pullRequests[7] = .init(7, at: clock.now)
                state.pullRequests[7]?.labels = ["preview", "bug"]
            }
            try await Forges.with(clock: clock, secret: { _ in "t0ken" }) { forges async throws in
                let rules = AdmissionRules(label: "preview", removesLabelOnExpiry: true)
                try await OrchestratorFixture.run(
                    repository: repository(rules, api: forge.api), clock: clock, forge: forges.client(for:)
                ) { fixture in
                    try await fixture.deliver(event(.opened, labels: ["preview", "bug"]))
                    try await fixture.wait(until: .ready)
                    try await body(fixture, forge)
                }
            }
        }
    }

    @Test func `with the end of its lease the label goes, though the forge is away for a while, and adding it again launches`() async throws
    {
        try await withForge { fixture, forge in
            forge.fail(.status(503), times: 2) { $0.method == "DELETE" }
            fixture.clock.advance(by: 86_400)
            try await fixture.wait(until: .destroyed)
            let late = try await fixture.store.wait(for: name) { $0.failure != nil }
            #expect(late.message == "nothing of it is left", "what is left to do is not why it is gone")
            for attempts in 2...3 {
                fixture.clock.advance(by: 60)
                try await fixture.store.wait(for: name) { $0.failure == nil || $0.failure?.attempts == attempts }
            }
            let gone = try await fixture.store.wait(for: name) { $0.expiredLabel == nil }
            #expect(forge.state.pullRequests[7]?.labels == ["bug"])
            #expect(gone.destroyReason == .expired)
            #expect(gone.message == "its lease ended, and the label `preview` was taken off: adding it again launches it anew")
            try await fixture.deliver(event(.labeled, labels: ["bug", "preview"]))
            #expect(try await fixture.wait(until: .ready).lease.startedAt == fixture.clock.now)
        }
    }

    @Test func `a label that may not be removed stays, and that is said once`() async throws {
        try await withForge { fixture, forge in
            forge.fail(.status(403), times: 9) { $0.method == "DELETE" }
            fixture.clock.advance(by: 86_400)
            let gone = try await fixture.store.wait(for: name) { $0.phase == .destroyed && $0.expiredLabel == nil }
            #expect(gone.exclusion == nil && gone.failure == nil)
            let last = try await fixture.store.read { try $0.events(of: name, after: nil, limit: 100).last }
            #expect(last?.message.hasPrefix("the label `preview` stays on the pull request: ") == true)
            #expect(forge.requests.count { $0.method == "DELETE" } == 1)
        }
    }
}
