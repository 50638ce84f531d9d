import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

@testable import Orchestration

@Suite struct AdmissionTests {
    let now = Samples.start.addingTimeInterval(100)

    private func admit(_ event: PullRequestEvent, current: Stack? = nil) -> Admission {
        Orchestration.admit(event, to: Samples.repository(), current: current, policy: Samples.policy, now: now)
    }

    private let destroyed = Samples.stack {
        $0.wanted = .gone(.expired)
        $0.phase = .destroyed
        $0.revision = 3
    }

    @Test(arguments: [PullRequestEvent.Change.opened, .reopened, .pushed])
    func `launches a stack`(change: PullRequestEvent.Change) {
        let admission = admit(Samples.event(change))
        #expect(admission.action == .create)
        #expect(admission.stack?.wanted == .running)
        #expect(admission.stack?.lease == Lease(from: now, policy: Samples.policy.lifetime))
        #expect(admission.stack?.url == "http://shop-7.staging.example.com")
    }

    @Test(arguments: [PullRequestEvent.Change.edited, .labeled, .unlabeled, .draft, .readyForReview])
    func `launches nothing`(change: PullRequestEvent.Change) {
        #expect(admit(Samples.event(change)).action == .ignored)
        #expect(admit(Samples.event(change), current: destroyed).stack == nil)
    }

    @Test func `a push relaunches an expired stack under a new lease`() {
        let admission = admit(Samples.event(.pushed, head: Samples.commit("b")), current: destroyed)
        #expect(admission.action == .create)
        #expect(admission.stack?.revision == 4)
        #expect(admission.stack?.createdAt == now)
        #expect(admission.stack?.deployed == nil)
    }

    @Test func `a new commit is a new revision, the same commit is none`() {
        #expect(admit(Samples.event(.pushed, head: Samples.commit("b")), current: Samples.stack()).stack?.revision == 2)
        let again = admit(Samples.event(.opened), current: Samples.stack())
        #expect(again.action == .update)
        #expect(again.stack?.revision == 1)
    }

    @Test func `a revision knows when it was asked for`() {
        let stack = Samples.stack()
        #expect(stack.requestedAt == stack.createdAt)
        #expect(admit(Samples.event(.pushed, head: Samples.commit("b")), current: stack).stack?.requestedAt == now)
        #expect(admit(Samples.event(.opened), current: stack).stack?.requestedAt == stack.createdAt)
    }

    @Test func `a push during a deploy is held for a moment, any other is not`() {
        let push = Samples.event(.pushed, head: Samples.commit("b"))
        #expect(admit(push, current: Samples.stack()).stack?.settlesAt == now.addingTimeInterval(2))
        let deployed = Samples.stack {
            $0.deployed = .init(revision: 1, commit: Samples.commit("a"), planDigest: "d", at: now)
            $0.settlesAt = now
        }
        #expect(admit(push, current: deployed).stack?.settlesAt == nil)
        let failed = Samples.stack { $0.failure = .init(step: "deploy", message: "invalid", attempts: 1, retryAt: nil) }
        #expect(admit(push, current: failed).stack?.settlesAt == nil)
    }

    @Test func `a push keeps the lease unless the configuration renews it`() {
        let event = Samples.event(.pushed, head: Samples.commit("b"))
        #expect(admit(event, current: Samples.stack()).stack?.lease == Samples.stack().lease)
        let renewing = LaunchPolicy(lifetime: LifetimePolicy(renewOnPush: true), addressing: Samples.policy.addressing)
        let admission = Orchestration.admit(event, to: Samples.repository(), current: Samples.stack(), policy: renewing, now: now)
        #expect(admission.stack?.lease.startedAt == now)
    }

    @Test(arguments: [PullRequestEvent.Change.closed, .merged])
    func `closing destroys`(change: PullRequestEvent.Change) {
        let admission = admit(Samples.event(change), current: Samples.stack())
        #expect(admission.action == .destroy)
        #expect(admission.stack?.wanted == .gone(.closed))
    }

    /// Its forge may hear of it only when it is gone.
    @Test(arguments: [(Phase.ready, true), (.failed, nil), (.deploying, nil)] as [(Phase, Bool?)])
    func `whether it was ready when its end came stays on record`(phase: Phase, isRemembered: Bool?) throws {
        var stack = Samples.stack()
        stack.phase = phase
        var ended = try #require(admit(Samples.event(.closed), current: stack).stack)
        #expect(ended.endedReady == isRemembered)
        ended.end(.requested, message: "again")
        #expect(ended.endedReady == isRemembered)
    }

    @Test func `an opened that arrives after its closed launches nothing`() throws {
        let closed = admit(Samples.event(.closed, updatedAt: now))
        #expect(closed.action == .ignored)
        let remembered = try #require(closed.stack)
        #expect(remembered.wanted == .gone(.closed))
        #expect(remembered.phase == .destroying, "with a database that was lost the engine may have it: the worker looks")
        #expect(admit(Samples.event(.opened, updatedAt: now.addingTimeInterval(-5)), current: remembered).action == .ignored)
        #expect(admit(Samples.event(.reopened, updatedAt: now.addingTimeInterval(5)), current: remembered).action == .create)
    }

    @Test func `what is out of date changes nothing`() {
        let stack = Samples.stack { $0.forgeUpdatedAt = now }
        let late = admit(Samples.event(.closed, updatedAt: now.addingTimeInterval(-1)), current: stack)
        #expect(late.action == .ignored)
        #expect(late.stack == nil)
    }

    @Test func `forks are denied, but a fork's closing still destroys`() {
        #expect(admit(Samples.event(.opened, isFork: true)).action == .ignored)
        #expect(admit(Samples.event(.opened, isFork: true)).stack == nil)
        #expect(admit(Samples.event(.closed, isFork: true), current: Samples.stack()).action == .destroy)
        #expect(admit(Samples.event(.closed, isFork: true)).stack == nil)
    }

    @Test(arguments: [RepositorySettings.ForkPolicy.deny, .approval, .allow])
    func `the repository's setting decides about forks`(forks: RepositorySettings.ForkPolicy) {
        var repository = Samples.repository()
        repository.forks = forks
        func admit(_ event: PullRequestEvent, current: Stack? = nil) -> Admission {
            Orchestration.admit(event, to: repository, current: current, policy: Samples.policy, now: now)
        }
        let opened = admit(Samples.event(.opened, isFork: true))
        #expect(opened.action == (forks == .deny ? .ignored : .create))
        #expect((opened.stack == nil) == (forks == .deny))
        // Where forks get stacks, a closing that comes first has to be remembered.
        #expect((admit(Samples.event(.closed, isFork: true)).stack == nil) == (forks == .deny))
        #expect(admit(Samples.event(.opened)).action == .create)
    }

    @Test func `a pull request reopened during its teardown keeps the old namespace's UID`() {
        let destroying = Samples.stack {
            $0.wanted = .gone(.closed)
            $0.phase = .destroying
            $0.namespaceUID = "u1"
        }
        #expect(admit(Samples.event(.reopened), current: destroying).stack?.namespaceUID == "u1")
    }

    @Test func `a push on a stack whose lease has ended, but which still stands, launches it anew over what runs`() {
        let late = Samples.start.addingTimeInterval(86_400)
        let stack = Samples.stack { $0.namespaceUID = "u1" }
        let event = Samples.event(.pushed, head: Samples.commit("b"))
        let admission = Orchestration.admit(event, to: Samples.repository(), current: stack, policy: Samples.policy, now: late)
        #expect(admission.action == .create)
        #expect(admission.stack?.lease == Lease(from: late, policy: Samples.policy.lifetime))
        #expect(admission.stack?.namespaceUID == "u1")
        #expect(admission.stack?.revision == 2)
    }

    @Test func `a stack that still stands is kept on record when the configuration names another engine`() {
        var repository = Samples.repository()
        repository.runtime = "other"
        let standing = Samples.stack {
            $0.wanted = .gone(.closed)
            $0.namespaceUID = "u1"
        }
        func launched(_ current: Stack) -> Stack? {
            Orchestration.admit(Samples.event(.reopened), to: repository, current: current, policy: Samples.policy, now: now).stack
        }
        #expect(launched(standing)?.runtime == "other")
        #expect(launched(standing)?.namespaceUID == nil)
        #expect(launched(standing)?.copies == [Placement(runtime: "cluster", namespaceUID: "u1")])
        #expect(launched(destroyed)?.runtime == "other")
        #expect(launched(destroyed)?.copies == [])
    }

    // MARK: Forges that tell less

    private func event(_ change: PullRequestEvent.Change, _ edit: (inout PullRequest) -> Void) -> PullRequestEvent {
        var event = Samples.event(change)
        event.pullRequest.head = nil
        edit(&event.pullRequest)
        return event
    }

    @Test func `an update is a push when the head says so`() {
        let short = { (digit: Character) in
            { (pullRequest: inout PullRequest) in pullRequest.shortHead = String(repeating: digit, count: 12) }
        }
        let same = admit(event(.updated, short("a")), current: Samples.stack())
        #expect(same.action == .update && same.stack?.revision == 1)
        #expect(same.stack?.pullRequest.head == Samples.commit("a") && same.stack?.pullRequest.shortHead == nil)
        let moved = admit(event(.updated, short("b")), current: Samples.stack())
        #expect(moved.action == .update && moved.stack?.revision == 2)
        #expect(moved.stack?.pullRequest.head == nil && moved.stack?.pullRequest.shortHead == "bbbbbbbbbbbb")
        #expect(moved.reason == "new commit bbbbbbbbbbbb")
        let known = Samples.stack { $0.pullRequest = moved.stack?.pullRequest ?? $0.pullRequest }
        #expect(admit(event(.updated, short("b")), current: known).stack?.revision == 1)
        #expect(admit(event(.updated, short("a")), current: known).stack?.revision == 2)
    }

    @Test func `an update launches a stack that is gone only with another head`() {
        let update = { (digit: Character) in event(.updated) { $0.shortHead = String(repeating: digit, count: 12) } }
        #expect(admit(update("a"), current: destroyed).action == .ignored)
        #expect(admit(update("b"), current: destroyed).action == .create)
        // Nothing is known of it: it was opened before anybody listened.
        #expect(admit(update("a")).action == .create)
    }

    @Test func `a push that does not say where to is one all the same`() {
        let pushed = admit(event(.pushed) { _ in }, current: Samples.stack())
        #expect(pushed.stack?.revision == 2)
        #expect(pushed.stack?.pullRequest.head == nil)
        #expect(pushed.reason == "new commit on its branch")
    }

    @Test(arguments: [PullRequestEvent.Change.edited, .pushed, .closed])
    func `what a delivery leaves out stays as it was`(change: PullRequestEvent.Change) {
        let admission = admit(
            event(change) { $0 = PullRequest(number: 7, title: "Another", labels: ["new"]) }, current: Samples.stack())
        let pullRequest = admission.stack?.pullRequest
        #expect(pullRequest?.title == "Another" && pullRequest?.labels == ["new"])
        #expect(pullRequest?.author == "octocat" && pullRequest?.branch == "basket" && pullRequest?.base == "main")
        #expect(pullRequest?.url == "https://github.com/acme/shop/pull/7")
        #expect(pullRequest?.head == (change == .pushed ? nil : Samples.commit("a")))
    }

    @Test func `a title changes nothing but a string`() {
        var event = Samples.event(.edited)
        event.pullRequest.title = "\"]}: {{x}} ${{ pr.title }} && rm -rf /"
        let admission = admit(event, current: Samples.stack())
        #expect(admission.stack?.pullRequest.title == event.pullRequest.title)
        #expect(admission.stack?.revision == 1)
    }
}
