import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

@testable import Orchestration

@Suite struct MovingTests {
    private let now = Samples.start.addingTimeInterval(100)
    private let end = Samples.start.addingTimeInterval(86_400)

    /// Ready on box.
    private func running() -> Stack {
        var stack = Samples.stack {
            $0.runtime = "box"
            $0.namespaceUID = "u1"
            $0.fetched = .init(revision: 1, commit: Samples.commit("a"))
            $0.deployed = .init(revision: 1, commit: Samples.commit("a"), planDigest: "d", at: Samples.start, readyAt: Samples.start)
        }
        stack.recovered()
        return stack
    }

    /// On its way from box to cluster, with the lease written on both.
    private func moving(_ change: (inout Stack) -> Void = { _ in }) -> Stack {
        var stack = running()
        stack.move(to: "cluster")
        let lease = stack.lease
        stack.changeCopy(on: "box") { $0.lease = lease }
        change(&stack)
        return stack
    }

    private func moved() -> Stack {
        moving {
            $0.namespaceUID = "u2"
            $0.fetched = .init(revision: 2, commit: Samples.commit("a"))
            $0.deployed = .init(revision: 2, commit: Samples.commit("a"), planDigest: "e", at: now, readyAt: now)
        }
    }

    private func present(_ uid: String) -> Observation {
        .present(observed(uid))
    }

    private func observed(_ uid: String, lease: Lease? = Samples.stack().lease, terminating: Bool = false) -> ObservedStack {
        ObservedStack(
            name: Samples.stackName(), namespace: "staging-shop-7", uid: uid, isTerminating: terminating, lease: lease,
            annotations: [StackMetadata.headSHA: Samples.commit("a").description, StackMetadata.planDigest: "d"])
    }

    @Test func `a move is a new revision elsewhere, and keeps what runs on record`() throws {
        let stack = moving()
        #expect(stack.runtime == "cluster" && stack.namespaceUID == nil && stack.deployed == nil)
        #expect(stack.phase == .queued && stack.message == "moving from box to cluster")
        #expect(stack.copies.map(\.runtime) == ["box"])
        #expect(stack.copies.first?.namespaceUID == "u1" && stack.copies.first?.deployed == running().deployed)
        #expect(decide(stack, observed: nil, now: now) == .observe)
        #expect(decide(stack, observed: .absent, now: now) == .fetch(revision: 2))
    }

    @Test func `the copy goes once the stack was ready elsewhere for a moment`() throws {
        let stack = moved()
        let copy = try #require(stack.copies.first)
        #expect(decide(stack, observed: present("u2"), now: now) == .wait(until: now.addingTimeInterval(Stack.overlap)))
        #expect(decide(stack, observed: present("u2"), now: now.addingTimeInterval(Stack.overlap)) == .retire(copy))
        var done = stack
        done.retired(from: "box")
        #expect(done.copies.isEmpty && done.previous == nil)
        #expect(done.phase == .ready)
        #expect(decide(done, observed: present("u2"), now: now.addingTimeInterval(Stack.overlap)) == .wait(until: end))
    }

    @Test func `while it is not ready, fails, or is refused, the copy stays`() {
        for change: (inout Stack) -> Void in [
            { _ in },
            { $0.failure = .init(step: "deploy", message: "invalid", attempts: 1, retryAt: nil) },
            {
                $0.namespaceUID = "u2"
                $0.deployed = .init(revision: 2, commit: Samples.commit("a"), planDigest: "e", at: Samples.start)
            },
        ] {
            for observed in [nil, .absent, present("u2"), .foreign("x")] as [Observation?] {
                let step = decide(moving(change), observed: observed, now: now.addingTimeInterval(1000))
                if case .retire = step { Issue.record("\(step)") }
            }
        }
        var stack = moving()
        let told = stack.failed(
            .deploy(revision: 2, commit: Samples.commit("a")), StepError("CronJob/x is refused", isRetryable: false), at: now)
        #expect(told == "deploy failed: CronJob/x is refused")
        #expect(stack.message == "CronJob/x is refused; aaaaaaa keeps running on box")
        #expect(stack.phase == .failed)
    }

    @Test func `the lease is written on the copy too, before all else, but never keeps the stack from anything`() throws {
        var stack = moving()
        stack.lease.expiresAt = end.addingTimeInterval(60)
        let copy = try #require(stack.copies.first)
        #expect(decide(stack, observed: nil, now: now) == .renewCopy(stack.lease, copy))
        stack.failure = .init(step: "renew-copy", message: "away", attempts: 1, retryAt: now)
        #expect(decide(stack, observed: nil, now: now) == .observe)
        #expect(decide(stack, observed: .absent, now: now) == .fetch(revision: 2))
        // What is not known to run has no lease to be kept up.
        stack.failure = nil
        stack.changeCopy(on: "box") { $0.deployed = nil }
        #expect(decide(stack, observed: nil, now: now) == .observe)
    }

    @Test func `turning round deploys over what is there`() {
        var stack = moving { $0.namespaceUID = "u2" }
        stack.move(to: "box")
        #expect(stack.runtime == "box" && stack.namespaceUID == "u1" && stack.revision == 3)
        #expect(stack.deployed?.readyAt != nil, "it answers until it is deployed anew")
        #expect(stack.copies.map(\.runtime) == ["cluster"] && stack.copies.first?.namespaceUID == "u2")
        #expect(decide(stack, observed: present("u1"), now: now) == .fetch(revision: 3))
        stack.move(to: "third")
        #expect(stack.copies.map(\.runtime) == ["box", "cluster"])
        let same = stack
        stack.move(to: "third")
        #expect(stack == same)
    }

    @Test func `the end ends both, and one engine that is away holds up no other`() throws {
        var stack = moved()
        stack.end(.expired, message: "")
        let copy = try #require(stack.copies.first)
        #expect(decide(stack, observed: nil, now: now) == .retire(copy))
        stack.failure = .init(step: "retire", message: "away", attempts: 1, retryAt: now.addingTimeInterval(1))
        #expect(decide(stack, observed: nil, now: now) == .wait(until: now.addingTimeInterval(1)))
        let later = now.addingTimeInterval(1)
        #expect(decide(stack, observed: nil, now: later) == .observe)
        #expect(decide(stack, observed: present("u2"), now: later) == .destroy(uid: "u2"))
        // Nothing is finished before the last is gone.
        for observed in [.absent, .foreign("x"), present("other")] as [Observation] {
            #expect(decide(stack, observed: observed, now: later) == .retire(copy))
            var alone = stack
            alone.retired(from: "box")
            guard case .finish = decide(alone, observed: observed, now: later) else {
                Issue.record("\(observed) is no end")
                continue
            }
        }
    }

    @Test func `failures on two engines in turns count up, and another copy has its turn`() {
        var stack = moving { $0.end(.closed, message: "") }
        stack.copies.append(Placement(runtime: "third", namespaceUID: "u3"))
        let error = StepError("away", isRetryable: true)
        _ = stack.failed(.retire(stack.copies[0]), error, at: now)
        #expect(stack.copies.map(\.runtime) == ["third", "box"])
        _ = stack.failed(.observe, error, at: now)
        _ = stack.failed(.retire(stack.copies[0]), error, at: now)
        #expect(stack.failure?.attempts == 3)
        #expect(stack.failure?.retryAt == now.addingTimeInterval(4))
    }

    @Test func `retiring makes way for anything that the stack needs`() throws {
        let stack = moved()
        let step = Step.retire(try #require(stack.copies.first))
        #expect(!step.yields(to: stack, begunWith: stack, at: now))
        for change: (inout Stack) -> Void in [
            { $0.revision += 1 }, { $0.wanted = .gone(.closed) }, { $0.lease.expiresAt = end.addingTimeInterval(60) },
        ] {
            var current = stack
            change(&current)
            #expect(step.yields(to: current, begunWith: stack, at: now))
        }
    }

    @Test func `without its database a stack on two engines ends up on the configured one`() throws {
        let whole = observed("u1")
        var half = observed("u2")
        half.annotations[StackMetadata.planDigest] = nil
        // In whatever order the engines answer.
        for (first, second) in [(("box", whole), ("cluster", half)), (("cluster", half), ("box", whole))] {
            let one = Stack?.none.adopting(first.1, runtime: first.0, configured: "cluster", policy: Samples.policy, now: now)
            let both = one.adopting(second.1, runtime: second.0, configured: "cluster", policy: Samples.policy, now: now) ?? one
            let stack = try #require(both)
            #expect(stack.runtime == "cluster")
            #expect(stack.copies.map(\.runtime) == ["box"])
            #expect(stack.copies.first?.namespaceUID == "u1")
            #expect(stack.copies.first?.deployed?.readyAt == now, "visitors are led there until the other is ready")
            // What is on record is no news.
            #expect(both.adopting(whole, runtime: "box", configured: "cluster", policy: Samples.policy, now: now) == nil)
        }
    }

    @Test func `a copy with the later end of the same lease is believed`() throws {
        var later = Samples.stack().lease
        later.expiresAt = end.addingTimeInterval(600)
        for (own, found, expected) in [(Samples.stack().lease, later, later), (later, Samples.stack().lease, later)] {
            var stack = running()
            stack.lease = own
            let isNews = stack.found(observed("u2", lease: found), on: "cluster", configured: "box", at: now)
            #expect(isNews)
            #expect(stack.lease == expected)
            #expect(stack.runtime == "box" && stack.copies.map(\.namespaceUID) == ["u2"])
        }
    }

    @Test func `what is found of a stack that goes, goes too`() {
        var stack = running()
        stack.end(.closed, message: "")
        let isNews = stack.found(observed("u2", terminating: true), on: "cluster", configured: "cluster", at: now)
        #expect(isNews)
        #expect(stack.runtime == "box" && stack.wanted == .gone(.closed) && stack.copies.map(\.runtime) == ["cluster"])
    }
}
