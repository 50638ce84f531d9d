import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

@testable import Orchestration

@Suite struct DecideTests {
    let now = Samples.start.addingTimeInterval(100)
    var end: Date { Samples.start.addingTimeInterval(86_400) }

    private func present(_ uid: String = "u1", terminating: Bool = false, lease: Lease? = Samples.stack().lease) -> Observation {
        .present(
            ObservedStack(
                name: Samples.stackName(), namespace: "staging-shop-7", uid: uid, isTerminating: terminating, lease: lease, annotations: [:]
            ))
    }

    private let fetched: @Sendable (inout Stack) -> Void = { $0.fetched = .init(revision: 1, commit: Samples.commit("a")) }

    private func running(revision: Int = 1, ready: Bool = true) -> Stack {
        Samples.stack {
            fetched(&$0)
            $0.namespaceUID = "u1"
            $0.deployed = .init(
                revision: revision, commit: Samples.commit("a"), planDigest: "d", at: Samples.start, readyAt: ready ? Samples.start : nil)
        }
    }

    @Test func `a new stack is observed, fetched, deployed, watched, and then left alone until its lease ends`() {
        #expect(decide(Samples.stack(), observed: nil, now: now) == .observe)
        #expect(decide(Samples.stack(), observed: .absent, now: now) == .fetch(revision: 1))
        #expect(decide(Samples.stack(fetched), observed: .absent, now: now) == .deploy(revision: 1, commit: Samples.commit("a")))
        #expect(decide(running(ready: false), observed: present(), now: now) == .watch(revision: 1))
        #expect(decide(running(), observed: present(), now: now) == .wait(until: end))
    }

    @Test func `a new revision is fetched and deployed over the old one`() {
        var stack = running()
        stack.revision = 2
        #expect(decide(stack, observed: present(), now: now) == .fetch(revision: 2))
        stack.fetched = .init(revision: 2, commit: Samples.commit("b"))
        #expect(decide(stack, observed: present(), now: now) == .deploy(revision: 2, commit: Samples.commit("b")))
    }

    @Test func `an image that the commit asks for is built before it is deployed, once`() {
        var stack = Samples.stack { $0.fetched = .init(revision: 1, commit: Samples.commit("a"), image: "i:a") }
        #expect(decide(stack, observed: .absent, now: now) == .build(revision: 1, commit: Samples.commit("a"), image: "i:a"))
        stack.built(at: now)
        #expect(decide(stack, observed: .absent, now: now) == .deploy(revision: 1, commit: Samples.commit("a")))
        stack.deployed = .init(revision: 1, commit: Samples.commit("a"), planDigest: "d", at: now)
        stack.namespaceUID = "u1"
        stack.fetched?.builtAt = nil
        #expect(decide(stack, observed: present(), now: now) == .watch(revision: 1))
    }

    @Test func `a build ends with what it was for, and what its commit caused is final`() {
        let stack = Samples.stack { $0.fetched = .init(revision: 1, commit: Samples.commit("a"), image: "i:a") }
        let step = Step.build(revision: 1, commit: Samples.commit("a"), image: "i:a")
        #expect(!step.yields(to: stack, begunWith: stack, at: now))
        #expect(step.yields(to: Samples.stack { $0.revision = 2 }, begunWith: stack, at: now))
        #expect(step.yields(to: Samples.stack { $0.wanted = .gone(.closed) }, begunWith: stack, at: now))
        #expect(step.yields(to: stack, begunWith: stack, at: end))
        var failed = stack
        failed.began(step)
        #expect(failed.phase == .building)
        _ = failed.failed(step, StepError("the build failed", isRetryable: false), at: now)
        #expect(failed.phase == .failed && failed.failure?.retryAt == nil)
        failed = stack
        _ = failed.failed(step, StepError("podman is away", isRetryable: true), at: now)
        #expect(failed.phase != .failed && failed.failure?.retryAt != nil)
    }

    @Test func `a push that cut a deploy short is held until it settles, and not longer than the lease`() {
        var stack = running()
        stack.revision = 2
        stack.settlesAt = now.addingTimeInterval(2)
        #expect(decide(stack, observed: nil, now: now) == .observe)
        #expect(decide(stack, observed: present(), now: now) == .wait(until: now.addingTimeInterval(2)))
        #expect(decide(stack, observed: present(), now: now.addingTimeInterval(2)) == .fetch(revision: 2))
        stack.settlesAt = .distantFuture
        #expect(decide(stack, observed: present(), now: now) == .wait(until: end))
        stack.wanted = .gone(.closed)
        #expect(decide(stack, observed: present(), now: now) == .destroy(uid: "u1"))
    }

    @Test func `waiting for the end begins anew when something else is wanted`() {
        let stack = Samples.stack()
        let closed = Samples.stack { $0.wanted = .gone(.closed) }
        #expect(Step.awaitGone(uid: "u").yields(to: stack, begunWith: closed, at: now))
        #expect(!Step.awaitGone(uid: "u").yields(to: closed, begunWith: closed, at: now))
        #expect(!Step.destroy(uid: "u").yields(to: stack, begunWith: closed, at: now))
    }

    @Test func `a namespace that somebody deleted is deployed again`() {
        #expect(decide(running(), observed: .absent, now: now) == .forget(uid: "u1"))
        var stack = running()
        stack.namespaceUID = nil
        stack.deployed = nil
        #expect(decide(stack, observed: .absent, now: now) == .deploy(revision: 1, commit: Samples.commit("a")))
    }

    @Test func `the previous namespace's end is awaited before anything is put into a new one`() {
        #expect(decide(Samples.stack(), observed: present("old", terminating: true), now: now) == .awaitGone(uid: "old"))
    }

    @Test func `a namespace whose UID was not recorded is adopted`() {
        #expect(decide(Samples.stack(), observed: present("u9"), now: now) == .adopt(uid: "u9"))
        #expect(decide(Samples.stack { $0.wanted = .gone(.closed) }, observed: present("u9"), now: now) == .adopt(uid: "u9"))
    }

    @Test func `the namespace's lease follows the record's, even when the deploy has failed for good`() {
        var stack = running()
        stack.lease.expiresAt = end.addingTimeInterval(60)
        #expect(decide(stack, observed: present(), now: now) == .renewLease(stack.lease, uid: "u1"))
        stack.failure = .init(step: "deploy", message: "invalid", attempts: 1, retryAt: nil)
        #expect(decide(stack, observed: present(), now: now) == .renewLease(stack.lease, uid: "u1"))
    }

    @Test func `a failure is retried at its time, and never without one`() {
        var stack = running(ready: false)
        stack.failure = .init(step: "deploy", message: "away", attempts: 2, retryAt: now.addingTimeInterval(2))
        #expect(decide(stack, observed: nil, now: now) == .wait(until: now.addingTimeInterval(2)))
        #expect(decide(stack, observed: present(), now: now.addingTimeInterval(2)) == .watch(revision: 1))
        stack.failure = .init(step: "deploy", message: "invalid", attempts: 1, retryAt: nil)
        #expect(decide(stack, observed: present(), now: now) == .wait(until: end))
    }

    @Test func `a retry never outlasts the lease`() {
        var stack = running()
        stack.failure = .init(step: "deploy", message: "away", attempts: 9, retryAt: end.addingTimeInterval(60))
        #expect(decide(stack, observed: nil, now: now) == .wait(until: end))
    }

    @Test func `when the lease ends the stack expires, whatever else is the matter`() {
        for stack in [
            Samples.stack(), running(),
            Samples.stack { $0.failure = .init(step: "deploy", message: "", attempts: 1, retryAt: Date.distantFuture) },
        ] {
            #expect(decide(stack, observed: nil, now: end) == .expire)
        }
    }

    @Test func `a namespace that is not ours is never touched`() {
        #expect(
            decide(Samples.stack(), observed: .foreign("x"), now: now)
                == .refuse("x; rename the repository in the server's configuration, or remove that namespace"))
        #expect(
            decide(Samples.stack { $0.wanted = .gone(.expired) }, observed: .foreign("x"), now: now)
                == .finish(.expired, note: "x"))
    }

    @Test func `a stack that is not wanted is destroyed, awaited, and finished`() {
        var stack = running()
        stack.wanted = .gone(.closed)
        stack.phase = .destroying
        #expect(decide(stack, observed: nil, now: now) == .observe)
        #expect(decide(stack, observed: present(), now: now) == .destroy(uid: "u1"))
        #expect(decide(stack, observed: present(terminating: true), now: now) == .awaitGone(uid: "u1"))
        #expect(decide(stack, observed: .absent, now: now) == .finish(.closed, note: nil))
        stack.phase = .destroyed
        #expect(decide(stack, observed: nil, now: now) == .wait(until: nil))
    }

    @Test func `another namespace of the same name is not destroyed`() {
        var stack = running()
        stack.wanted = .gone(.closed)
        guard case .finish(.closed, let note?) = decide(stack, observed: present("u2"), now: now) else {
            Issue.record("it must be left alone")
            return
        }
        #expect(note.contains("u2"))
    }

    @Test func `a passing failure is forgotten when all is well, and does not hide a foreign namespace`() {
        var stack = running()
        stack.failure = .init(step: "observe", message: "away", attempts: 1, retryAt: Samples.start)
        #expect(decide(stack, observed: present(), now: now) == .recover)
        guard case .refuse = decide(stack, observed: .foreign("x"), now: now) else {
            Issue.record("it must be refused")
            return
        }
    }

    @Test func `a watch yields to a new lease, and asking the engine to anything new`() {
        let stack = Samples.stack()
        let extended = Samples.stack { $0.lease.expiresAt = end.addingTimeInterval(60) }
        let closed = Samples.stack { $0.wanted = .gone(.closed) }
        #expect(Step.watch(revision: 1).yields(to: extended, begunWith: stack, at: now))
        #expect(!Step.deploy(revision: 1, commit: Samples.commit("a")).yields(to: extended, begunWith: stack, at: now))
        #expect(Step.observe.yields(to: closed, begunWith: stack, at: now))
        #expect(!Step.observe.yields(to: stack, begunWith: stack, at: now))
    }

    @Test func `only steps towards a running stack are superseded`() {
        let stack = Samples.stack()
        let later = Samples.stack { $0.revision = 2 }
        let closed = Samples.stack { $0.wanted = .gone(.closed) }
        for step in [Step.fetch(revision: 1), .deploy(revision: 1, commit: Samples.commit("a")), .watch(revision: 1)] {
            #expect(!step.isSuperseded(by: stack, at: now))
            #expect(step.isSuperseded(by: later, at: now))
            #expect(step.isSuperseded(by: closed, at: now))
            #expect(step.isSuperseded(by: stack, at: end))
        }
        for step in [Step.destroy(uid: "u"), .awaitGone(uid: "u")] { #expect(!step.isSuperseded(by: later, at: end)) }
    }
}
