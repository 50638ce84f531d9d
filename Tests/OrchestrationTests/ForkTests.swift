import Foundation
import SlingshotTestSupport
import StagingModel
import Synchronization
import Testing

@testable import Orchestration

/// Pull requests from forks. coolify #6546: code of a pull request could dump environment variables.
@Suite(.timeLimit(.minutes(5))) struct ForkTests {
    private let name = Samples.stackName()
    private let now = Samples.start.addingTimeInterval(100)

    private func repository(_ forks: RepositorySettings.ForkPolicy) -> RepositorySettings {
        var repository = Samples.repository()
        repository.forks = forks
        return repository
    }

    private func waiting(approved: CommitID? = nil, _ change: (inout Stack) -> Void = { _ in }) -> Stack {
        Samples.stack {
            $0.pullRequest.isFork = true
            $0.approval = Approval(commit: approved)
            change(&$0)
        }
    }

    // MARK: Deciding

    @Test func `nothing is fetched before the commit is approved, and that is said once`() {
        #expect(decide(waiting(), observed: nil, now: now) == .observe)
        #expect(decide(waiting(), observed: .absent, now: now) == .hold)
        var held = waiting()
        held.held()
        #expect(held.phase == .waiting)
        let command = "slingshot approve shop-7 --sha \(Samples.commit("a"))"
        #expect(held.message == "it comes from a fork; to approve aaaaaaa: \(command)")
        #expect(decide(held, observed: .absent, now: now) == .wait(until: Samples.start.addingTimeInterval(86_400)))
        #expect(decide(waiting(approved: Samples.commit("a")), observed: .absent, now: now) == .fetch(revision: 1))
        #expect(decide(waiting(approved: Samples.commit("b")), observed: .absent, now: now) == .hold)
        #expect(decide(waiting { $0.pullRequest.head = nil }, observed: .absent, now: now) == .hold)
        #expect(
            decide(waiting(approved: Samples.commit("b")) { $0.pinnedCommit = Samples.commit("b") }, observed: .absent, now: now)
                == .fetch(revision: 1))
        // An engine that was away meanwhile left its failure in the message.
        held.failure = .init(step: "observe", message: "away", attempts: 1, retryAt: now)
        #expect(decide(held, observed: .absent, now: now) == .hold)
    }

    @Test func `what is approved already does not wait for that`() throws {
        let stack = waiting(approved: Samples.commit("a")) { ($0.phase, $0.message) = (.waiting, "the image is not there") }
        let (again, _) = try StackRequest.approve(Samples.commit("a")).applied(
            to: stack, stack.name, of: repository(.approval), policy: Samples.policy, now: now)
        #expect(stack.waitReason == .image && again == stack)
    }

    @Test func `what waits makes way for an end, and for the approval`() {
        let held = waiting()
        #expect(!Step.hold.yields(to: held, begunWith: held, at: now))
        #expect(Step.hold.yields(to: waiting(approved: Samples.commit("a")), begunWith: held, at: now))
        #expect(Step.hold.yields(to: waiting { $0.wanted = .gone(.closed) }, begunWith: held, at: now))
    }

    // MARK: Admission

    private func admit(
        _ change: PullRequestEvent.Change, _ forks: RepositorySettings.ForkPolicy, current: Stack? = nil, head: Character = "a"
    )
        -> Admission
    {
        let event = Samples.event(change, head: Samples.commit(head), isFork: true)
        return Orchestration.admit(event, to: repository(forks), current: current, policy: Samples.policy, now: now)
    }

    @Test func `a fork's pull request waits, and a push takes the approval back`() throws {
        let opened = admit(.opened, .approval)
        #expect(opened.action == .create && opened.reason == "pull request opened; waiting until its commit is approved")
        #expect(opened.stack?.awaitsApproval == true)
        var approved = try #require(opened.stack)
        approved.approval?.commit = Samples.commit("a")
        #expect(admit(.edited, .approval, current: approved).stack?.awaitsApproval == false)
        let pushed = admit(.pushed, .approval, current: approved, head: "b")
        #expect(pushed.action == .update && pushed.stack?.awaitsApproval == true)
        #expect(admit(.pushed, .allow, current: approved, head: "b").stack?.approval == nil)
        #expect(admit(.opened, .allow).stack?.awaitsApproval == false)
    }

    @Test func `a stranger's push renews no lease`() {
        let renewing = LaunchPolicy(lifetime: LifetimePolicy(renewOnPush: true), addressing: Samples.policy.addressing)
        func pushed(_ forks: RepositorySettings.ForkPolicy) -> Lease? {
            let event = Samples.event(.pushed, head: Samples.commit("b"), isFork: true)
            let current = waiting(approved: Samples.commit("a"))
            return Orchestration.admit(event, to: repository(forks), current: current, policy: renewing, now: now).stack?.lease
        }
        #expect(pushed(.approval) == Samples.stack().lease)
        #expect(pushed(.allow)?.startedAt == now)
    }

    @Test func `another base of a fork is another revision, because its stack file is there`() {
        var event = Samples.event(.edited, isFork: true)
        event.pullRequest.base = "next"
        let admission = Orchestration.admit(event, to: repository(.allow), current: waiting(), policy: Samples.policy, now: now)
        #expect(admission.stack?.revision == 2)
    }

    // MARK: The whole way

    @Test func `an approved commit becomes a stack, and nothing else does`() async throws {
        let fetches = Mutex(0)
        let refs = SimulatedRefs(head: Samples.commit("a")) { fetches.withLock { $0 += 1 } }
        try await OrchestratorFixture.run(refs: refs, repository: repository(.approval)) { fixture in
            func approve(_ digit: Character) async throws { _ = try await fixture.intake.approve(name, commit: Samples.commit(digit)) }
            try await fixture.deliver(Samples.event(.opened, isFork: true))
            try await fixture.wait(until: .waiting)
            #expect(fetches.withLock { $0 } == 0 && fixture.engine.snapshot.applies == 0)
            await #expect(throws: RequestRefusal.self) { try await approve("b") }
            try await approve("a")
            let ready = try await fixture.wait(until: .ready)
            #expect(ready.fetched?.base == Samples.commit("a") && ready.deployed?.base == Samples.commit("a"))

            refs.push(Samples.commit("b"))
            try await fixture.deliver(Samples.event(.pushed, head: Samples.commit("b"), isFork: true))
            let held = try await fixture.wait(until: .waiting)
            #expect(held.deployed?.commit == Samples.commit("a") && held.deployed?.readyAt != nil, "what was approved runs on")
            let refusal = await #expect(throws: RequestRefusal.self) { try await approve("a") }
            #expect(refusal?.description.contains("the commit of shop-7 is \(Samples.commit("b")), not \(Samples.commit("a"))") == true)

            // The head has gone on, and nobody told yet: what is fetched is not what was approved.
            refs.push(Samples.commit("c"))
            try await approve("b")
            try await fixture.store.wait(for: name) { $0.phase == .waiting && $0.pullRequest.head == Samples.commit("c") }
            #expect(fixture.engine.snapshot.namespaces[name]?.commit == Samples.commit("a"))
            try await approve("c")
            #expect(try await fixture.wait(until: .ready).deployed?.commit == Samples.commit("c"))
        }
    }

    @Test func `one that expired while it waited is launched by its approval, one that was closed is not`() async throws {
        try await OrchestratorFixture.run(repository: repository(.approval)) { fixture in
            try await fixture.deliver(Samples.event(.opened, isFork: true))
            try await fixture.wait(until: .waiting)
            fixture.clock.advance(by: 86_400)
            try await fixture.wait(until: .destroyed)
            _ = try await fixture.intake.approve(name, commit: Samples.commit("a"))
            try await fixture.wait(until: .ready)
            try await fixture.deliver(Samples.event(.closed, isFork: true))
            try await fixture.wait(until: .destroyed)
            await #expect(throws: RequestRefusal.notRunning(name, .destroyed)) {
                try await fixture.intake.approve(name, commit: Samples.commit("a"))
            }
        }
    }

    @Test func `what needs no approval can't be approved`() async throws {
        try await OrchestratorFixture.run { fixture in
            try await fixture.deliver(Samples.event(.opened))
            try await fixture.wait(until: .ready)
            await #expect(throws: RequestRefusal.self) { try await fixture.intake.approve(name, commit: Samples.commit("a")) }
        }
    }

    @Test func `a stack that is found without a record keeps its base, and waits with the next commit`() throws {
        let observed = ObservedStack(
            name: name, namespace: "staging-shop-7", uid: "u1", isTerminating: false, lease: Samples.stack().lease,
            annotations: [
                StackMetadata.headSHA: Samples.commit("a").description, StackMetadata.baseSHA: Samples.commit("b").description,
                StackMetadata.planDigest: "d",
            ])
        let unknown: Stack? = nil
        let found = try #require(
            unknown.adopting(observed, runtime: "cluster", configured: "cluster", policy: Samples.policy, now: now))
        #expect(found.pullRequest.isFork && found.deployed?.base == Samples.commit("b") && found.fetched?.base == Samples.commit("b"))
        #expect(!found.awaitsApproval)
        #expect(admit(.pushed, .approval, current: found, head: "c").stack?.awaitsApproval == true)
    }
}
