import Foundation
import SlingshotTestSupport
import StagingModel
import Synchronization
import Testing

@testable import Orchestration

@Suite(.timeLimit(.minutes(5))) struct OrchestratorTests {
    let name = Samples.stackName()

    @Test func `a delivery becomes a stack, a closing ends it`() async throws {
        try await OrchestratorFixture.run { fixture in
            try await fixture.deliver(Samples.event(.opened))
            let ready = try await fixture.wait(until: .ready)
            #expect(ready.deployed?.commit == Samples.commit("a"))
            #expect(fixture.engine.snapshot.namespaces[name]?.uid == ready.namespaceUID)
            try await fixture.deliver(Samples.event(.closed))
            let gone = try await fixture.wait(until: .destroyed)
            #expect(gone.namespaceUID == nil)
            #expect(fixture.engine.snapshot.namespaces.isEmpty)
        }
    }

    @Test func `the history tells every delivery, step and outcome`() async throws {
        try await OrchestratorFixture.run { fixture in
            try await fixture.deliver(Samples.event(.opened))
            try await fixture.wait(until: .ready)
            _ = try await fixture.intake.destroy(name)
            try await fixture.wait(until: .destroyed)
            let names = try await fixture.store.read { try $0.events(of: name, after: nil, limit: 100) }.map(\.name)
            #expect(
                names == [
                    "create", "fetch", "fetch", "deploy", "deploy", "progress", "ready", "destroy", "destroy", "destroy", "await-gone",
                    "destroyed",
                ])
        }
    }

    @Test func `a commit that the pull request's ref does not reach is not deployed`() async throws {
        try await OrchestratorFixture.run { fixture in
            fixture.refs.push(Samples.commit("b"))
            _ = try await fixture.intake.create(repository: "shop", number: 7, ref: nil, commit: Samples.commit("f"))
            let failed = try await fixture.wait(until: .failed)
            #expect(failed.message.contains("commit \(Samples.commit("f")) is not reachable from refs/pull/7/head"))
            #expect(fixture.engine.snapshot.namespaces.isEmpty)
            _ = try await fixture.intake.create(repository: "shop", number: 7, ref: nil, commit: Samples.commit("a"))
            #expect(try await fixture.wait(until: .ready).deployed?.commit == Samples.commit("a"))
        }
    }

    @Test func `the same delivery twice does nothing`() async throws {
        try await OrchestratorFixture.run { fixture in
            let first = try await fixture.deliver(Samples.event(.opened), id: "d1")
            try await fixture.wait(until: .ready)
            let second = try await fixture.deliver(Samples.event(.pushed, head: Samples.commit("b")), id: "d1")
            #expect(second == first)
            let stack = try await fixture.store.read { try $0.stack(name) }
            #expect(stack?.revision == 1)
        }
    }

    @Test func `the lease's end destroys, without anybody asking`() async throws {
        try await OrchestratorFixture.run { fixture in
            try await fixture.deliver(Samples.event(.opened))
            let stack = try await fixture.wait(until: .ready)
            fixture.clock.advance(to: try #require(stack.lease.expiresAt))
            let gone = try await fixture.wait(until: .destroyed)
            #expect(gone.destroyReason == .expired)
        }
    }

    @Test func `an extension moves the end on the namespace too`() async throws {
        try await OrchestratorFixture.run { fixture in
            try await fixture.deliver(Samples.event(.opened))
            try await fixture.wait(until: .ready)
            let extended = try await fixture.intake.extend(name, .by(seconds: 3_600))
            let events = ObservedEvents(store: fixture.store, stack: name)
            try await events.wait(for: "renew")
            #expect(fixture.engine.snapshot.namespaces[name]?.lease == extended.lease)
            fixture.clock.advance(to: Samples.start.addingTimeInterval(86_400))
            #expect(try await fixture.store.read { try $0.stack(name) }?.wanted == .running)
            fixture.clock.advance(by: 3_600)
            try await fixture.wait(until: .destroyed)
        }
    }

    @Test func `an engine that is away loses nothing`() async throws {
        let away = Mutex(true)
        let engine = SimulatedEngine { operation, _, _ in
            if operation == "observe", away.withLock({ $0 }) { throw StepError("the cluster does not answer", isRetryable: true) }
        }
        try await OrchestratorFixture.run(engine: engine) { fixture in
            try await fixture.deliver(Samples.event(.opened))
            let waiting = try await fixture.store.wait(for: name) { ($0.failure?.attempts ?? 0) == 1 }
            #expect(waiting.phase == .queued)
            #expect(waiting.message == "the cluster does not answer")
            fixture.clock.advance(by: 1)
            try await fixture.store.wait(for: name) { $0.failure?.attempts == 2 }
            away.withLock { $0 = false }
            fixture.clock.advance(by: 2)
            try await fixture.wait(until: .ready)
        }
    }

    @Test func `an invalid stack file fails with file and line, and what runs keeps running`() async throws {
        try await OrchestratorFixture.run { fixture in
            try await fixture.deliver(Samples.event(.opened))
            try await fixture.wait(until: .ready)
            fixture.refs.push(Samples.commit("b"))
            fixture.refs.write(stackFile: "template: web\nvalues: {image: shop}\nvolumes: []\n")
            try await fixture.deliver(Samples.event(.pushed, head: Samples.commit("b")))
            let failed = try await fixture.wait(until: .failed)
            #expect(failed.message.hasPrefix(".slingshot.yaml:3: \"volumes\""))
            #expect(failed.message.hasSuffix("aaaaaaa keeps running"))
            #expect(fixture.engine.snapshot.namespaces[name]?.commit == Samples.commit("a"))
            fixture.refs.push(Samples.commit("c"))
            fixture.refs.write(stackFile: "template: web\nvalues: {image: shop}\n")
            try await fixture.deliver(Samples.event(.pushed, head: Samples.commit("c")))
            try await fixture.wait(until: .ready)
            #expect(fixture.engine.snapshot.namespaces[name]?.commit == Samples.commit("c"))
        }
    }

    /// peers.md, complaints 11 and 20: closing during creation must not resurrect, and teardown pre-empts.
    @Test func `closing during a deploy cancels it at once`() async throws {
        let started = AsyncStream.makeStream(of: Void.self)
        let engine = SimulatedEngine { operation, _, _ in
            guard operation == "objects" else { return }
            started.continuation.yield()
            for await _ in AsyncStream<Void>.makeStream().stream {}  // until cancelled
            try Task.checkCancellation()
        }
        try await OrchestratorFixture.run(engine: engine) { fixture in
            try await fixture.deliver(Samples.event(.opened))
            for await _ in started.stream { break }
            try await fixture.deliver(Samples.event(.closed))
            try await fixture.wait(until: .destroyed)
            #expect(fixture.engine.snapshot.namespaces.isEmpty)
            #expect(fixture.engine.snapshot.applies == 0)
        }
    }

    @Test func `ten pushes make few deploys, and the newest wins`() async throws {
        try await OrchestratorFixture.run { fixture in
            try await fixture.deliver(Samples.event(.opened))
            for digit in "bcdef01234" {
                fixture.refs.push(Samples.commit(digit))
                try await fixture.deliver(Samples.event(.pushed, head: Samples.commit(digit)))
            }
            try await fixture.store.wait(for: name) { $0.pullRequest.head == Samples.commit("4") }
            fixture.clock.advance(by: 2)
            let stack = try await fixture.store.wait(for: name) { $0.phase == .ready && $0.deployed?.revision == $0.revision }
            #expect(stack.deployed?.commit == Samples.commit("4"))
            #expect(fixture.engine.snapshot.namespaces[name]?.commit == Samples.commit("4"))
            #expect(fixture.engine.snapshot.applies <= 2)
        }
    }

    @Test func `reopened while its namespace still goes, it says what it waits for, and is launched anew`() async throws {
        let isHeld = Mutex(true)
        let engine = SimulatedEngine { operation, _, isAfter in
            guard operation == "await-gone", !isAfter, isHeld.withLock({ $0 }) else { return }
            for await _ in AsyncStream<Void>.makeStream().stream {}  // until cancelled
            try Task.checkCancellation()
        }
        try await OrchestratorFixture.run(engine: engine) { fixture in
            try await fixture.deliver(Samples.event(.opened))
            let first = try await fixture.wait(until: .ready)
            try await fixture.deliver(Samples.event(.closed))
            try await fixture.store.wait(for: name) { _ in engine.snapshot.destroyed.count == 1 }
            isHeld.withLock { $0 = false }
            try await fixture.deliver(Samples.event(.reopened))
            let second = try await fixture.wait(until: .ready)
            #expect(second.namespaceUID != first.namespaceUID)
            #expect(engine.snapshot.destroyed == [first.namespaceUID])
        }
    }

    /// peers.md, complaint 7: an error that reads differently each time made a storm.
    @Test func `errors that read differently each time neither hurry the retries nor fill the history`() async throws {
        let count = Mutex(0)
        let engine = SimulatedEngine { operation, _, _ in
            guard operation == "objects" else { return }
            let number = count.withLock { count in
                count += 1
                return count
            }
            throw StepError("the cluster says 500, request \(number)", isRetryable: true)
        }
        try await OrchestratorFixture.run(engine: engine) { fixture in
            try await fixture.deliver(Samples.event(.opened))
            for attempt in 1...20 {
                let failed = try await fixture.store.wait(for: name) { $0.failure?.attempts == attempt }
                #expect(
                    failed.failure?.retryAt == fixture.clock.now.wholeSeconds.addingTimeInterval(Double(Backoff.seconds(after: attempt))))
                #expect(count.withLock { $0 } == attempt)
                fixture.clock.advance(to: try #require(failed.failure?.retryAt))
            }
            try await fixture.store.wait(for: name) { $0.failure?.attempts == 21 }
            let events = try await fixture.store.read { try $0.events(of: name, after: nil, limit: 100) }
            #expect(events.filter { $0.kind == .failure }.map { $0.message.split(separator: " ").last } == ["1", "2", "4", "8", "16"])
            #expect(events.count { $0.kind == .step && $0.name == "deploy" } == 1)
        }
    }

    /// peers.md, complaint 9: a commit whose image was not pushed yet failed.
    @Test func `an image that is not there yet is waited for, and given up after half an hour`() async throws {
        let isThere = Mutex(false)
        let engine = SimulatedEngine { operation, _, _ in
            guard operation == "objects", !isThere.withLock({ $0 }) else { return }
            throw StepError("the image \"shop:1\" can't be pulled: not found", isRetryable: true, awaitsImage: true)
        }
        try await OrchestratorFixture.run(engine: engine) { fixture in
            try await fixture.deliver(Samples.event(.opened))
            let start = fixture.clock.now
            for attempt in 1..<Stack.imagePatience {
                let stack = try await fixture.store.wait(for: name) { $0.failure?.attempts == attempt }
                #expect(stack.phase == .waiting && stack.waitReason == .image && stack.message.contains("can't be pulled"))
                let retryAt = try #require(stack.failure?.retryAt)
                #expect(retryAt <= fixture.clock.now.addingTimeInterval(20))
                fixture.clock.advance(to: retryAt)
            }
            let late = try await fixture.store.wait(for: name) { $0.failure?.attempts == Stack.imagePatience }
            #expect(late.phase == .failed && (1_500...1_900).contains(fixture.clock.now.timeIntervalSince(start)))
            isThere.withLock { $0 = true }
            fixture.clock.advance(to: try #require(late.failure?.retryAt))
            _ = try await fixture.wait(until: .ready)
        }
    }

    @Test func `an image is waited for on, whoever begins to look anew`() async throws {
        let looks = Mutex(0)
        let (again, signal) = AsyncStream<Void>.makeStream()
        let engine = SimulatedEngine(readiness: { _ in
            looks.withLock {
                $0 += 1
                if $0 == 2 { signal.yield() }
                return $0 == 1 ? [.waitingForImage("the image is not there")] : []
            }
        })
        try await OrchestratorFixture.run(engine: engine) { fixture in
            try await fixture.deliver(Samples.event(.opened))
            let start = try await fixture.wait(until: .waiting).deployed?.at
            fixture.clock.advance(by: 700)
            _ = try await fixture.intake.extend(name, .by(seconds: 3_600))
            for await _ in again { break }
            fixture.clock.advance(by: 60)
            fixture.clock.advance(to: try #require(start).addingTimeInterval(Stack.imageTimeout))
            let failed = try await fixture.store.wait(for: name) { $0.phase == .failed && $0.failure != nil }
            #expect(failed.message == "not ready after 30m: the image is not there")
        }
    }

    /// peers.md, complaint 1: one preview that fails holds up all others.
    @Test func `a stack that can't be destroyed holds up no other`() async throws {
        let other = Samples.stackName("shop-8")
        let engine = SimulatedEngine { operation, stack, _ in
            if operation == "destroy", stack == other { throw StepError("forbidden", isRetryable: false) }
        }
        try await OrchestratorFixture.run(engine: engine) { fixture in
            try await fixture.deliver(Samples.event(.opened))
            var event = Samples.event(.opened)
            event.pullRequest.number = 8
            try await fixture.deliver(event)
            let stack = try await fixture.wait(until: .ready)
            try await fixture.store.wait(for: other) { $0.phase == .ready }
            fixture.clock.advance(to: try #require(stack.lease.expiresAt))
            try await fixture.wait(until: .destroyed)
            let stuck = try await fixture.store.wait(for: other) { $0.failure != nil }
            #expect(stuck.message == "forbidden")
            #expect(stuck.failure?.retryAt != nil)
        }
    }

    @Test func `with an empty database the stacks are found on the engine`() async throws {
        let engine = SimulatedEngine()
        let lease = Lease(startedAt: Samples.start, expiresAt: Samples.start.addingTimeInterval(1_000))
        engine.meddle { $0.namespaces[name] = .init(uid: "u1", lease: lease, commit: Samples.commit("a"), planDigest: "d") }
        try await OrchestratorFixture.run(engine: engine) { fixture in
            let stack = try await fixture.wait(until: .ready)
            #expect(stack.lease == lease)
            #expect(engine.snapshot.applies == 0)
            fixture.clock.advance(by: 1_000)
            try await fixture.wait(until: .destroyed)
            #expect(engine.snapshot.destroyed == ["u1"])
        }
    }

    @Test func `an engine that refuses is asked again later, not at once`() async throws {
        let asked = Mutex(0)
        let engine = SimulatedEngine { operation, _, _ in
            guard operation == "observe" else { return }
            asked.withLock { $0 += 1 }
            throw StepError("forbidden: give Slingshot the right to get namespaces", isRetryable: false)
        }
        try await OrchestratorFixture.run(engine: engine) { fixture in
            try await fixture.deliver(Samples.event(.opened))
            try await fixture.store.wait(for: name) { $0.failure?.attempts == 1 }
            fixture.clock.advance(by: 1)
            try await fixture.store.wait(for: name) { $0.failure?.attempts == 2 }
            #expect(asked.withLock { $0 } == 2)
        }
    }

    @Test func `an extension reaches the namespace while the stack is not ready yet`() async throws {
        let engine = SimulatedEngine(readiness: { _ in [.progressing("starting")] })
        try await OrchestratorFixture.run(engine: engine) { fixture in
            try await fixture.deliver(Samples.event(.opened))
            try await fixture.store.wait(for: name) { $0.message == "starting" }
            let extended = try await fixture.intake.extend(name, .by(seconds: 3_600))
            try await ObservedEvents(store: fixture.store, stack: name).wait(for: "renew")
            #expect(engine.snapshot.namespaces[name]?.lease == extended.lease)
        }
    }

    @Test func `after an outage the stack reads as well as before`() async throws {
        let away = Mutex(false)
        let engine = SimulatedEngine { operation, _, _ in
            if operation == "observe", away.withLock({ $0 }) { throw StepError("the cluster does not answer", isRetryable: true) }
        }
        try await OrchestratorFixture.run(engine: engine) { fixture in
            try await fixture.deliver(Samples.event(.opened))
            let ready = try await fixture.wait(until: .ready)
            away.withLock { $0 = true }
            _ = try await fixture.intake.extend(name, .by(seconds: 60))
            try await fixture.store.wait(for: name) { $0.failure != nil }
            away.withLock { $0 = false }
            fixture.clock.advance(by: 5)
            let recovered = try await fixture.store.wait(for: name) { $0.failure == nil }
            #expect(recovered.message == ready.message)
            #expect(recovered.phase == .ready)
        }
    }

    @Test func `a terminating namespace without a record is not brought back to life`() async throws {
        let engine = SimulatedEngine()
        engine.meddle {
            $0.namespaces[name] = .init(
                uid: "u1", lease: Lease(from: Samples.start, policy: Samples.policy.lifetime), commit: Samples.commit("a"))
            $0.namespaces[name]?.isTerminating = true
        }
        try await OrchestratorFixture.run(engine: engine) { fixture in
            try await fixture.wait(until: .destroyed)
            #expect(engine.snapshot.applies == 0)
            #expect(engine.snapshot.namespaces.isEmpty)
        }
    }

    @Test func `what is left of a destroyed stack is found and destroyed`() async throws {
        let engine = SimulatedEngine()
        try await OrchestratorFixture.run(engine: engine) { fixture in
            try await fixture.deliver(Samples.event(.opened))
            let stack = try await fixture.wait(until: .ready)
            try await fixture.deliver(Samples.event(.closed))
            try await fixture.wait(until: .destroyed)
            engine.meddle { $0.namespaces[name] = .init(uid: "late", lease: stack.lease, commit: Samples.commit("a")) }
            fixture.clock.advance(by: 600)
            try await fixture.store.wait(for: name) { $0.namespaceUID == "late" }
            try await fixture.wait(until: .destroyed)
            #expect(engine.snapshot.namespaces.isEmpty)
        }
    }

    @Test func `a namespace that vanished is noticed, and deployed again`() async throws {
        let engine = SimulatedEngine()
        try await OrchestratorFixture.run(engine: engine) { fixture in
            try await fixture.deliver(Samples.event(.opened))
            let before = try await fixture.wait(until: .ready)
            engine.meddle { $0.namespaces[name] = nil }
            fixture.clock.advance(by: 600)
            let after = try await fixture.store.wait(for: name) { $0.phase == .ready && $0.namespaceUID != before.namespaceUID }
            #expect(after.lease == before.lease)
        }
    }

    @Test func `a stack of another server's repository is left alone`() async throws {
        let engine = SimulatedEngine()
        let other = Samples.stackName("wiki-3")
        engine.meddle { $0.namespaces[other] = .init(uid: "u1", lease: Lease(from: Samples.start, policy: Samples.policy.lifetime)) }
        try await OrchestratorFixture.run(engine: engine) { fixture in
            try await fixture.deliver(Samples.event(.opened))
            try await fixture.wait(until: .ready)
            fixture.clock.advance(by: 86_400)
            try await fixture.wait(until: .destroyed)
            #expect(engine.snapshot.namespaces.keys.map(\.description) == ["wiki-3"])
            #expect(try await fixture.store.read { try $0.stack(other) } == nil)
        }
    }

    @Test func `a restart goes on where the last process was`() async throws {
        try await withTemporaryDirectory { directory in
            let engine = SimulatedEngine()
            let refs = SimulatedRefs(head: Samples.commit("a"))
            let clock = TestClock()
            let first = try OrchestratorFixture(directory: directory, engine: engine, refs: refs, clock: clock)
            try await first.deliver(Samples.event(.opened))  // on disk, but nobody works on it
            let second = try OrchestratorFixture(directory: directory, engine: engine, refs: refs, clock: clock)
            try await second.running { try await second.wait(until: .ready) }
            clock.advance(by: 86_400)
            let third = try OrchestratorFixture(directory: directory, engine: engine, refs: refs, clock: clock)
            try await third.running { try await third.wait(until: .destroyed) }
            #expect(engine.snapshot.namespaces.isEmpty)
        }
    }
}

/// Waits for words in a stack's history.
struct ObservedEvents {
    let store: ObservedStore
    let stack: StackName

    func wait(for word: String) async throws {
        let store = store
        let stack = stack
        try await store.wait(for: stack) { _ in true }
        while try await !store.read({ try $0.events(of: stack, after: nil, limit: 1_000) }).contains(where: { $0.name == word }) {
            await Task.yield()
        }
    }
}
