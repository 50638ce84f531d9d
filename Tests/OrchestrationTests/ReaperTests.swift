import Foundation
import Orchestration
import SlingshotTestSupport
import StagingModel
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct ReaperTests {
    let expired = Lease(startedAt: Samples.start, expiresAt: Samples.start.addingTimeInterval(60))
    let running = Lease(startedAt: Samples.start, expiresAt: Samples.start.addingTimeInterval(86_400))
    let clock = TestClock(now: Samples.start.addingTimeInterval(3_600))

    private func fill(_ engine: SimulatedEngine, _ leases: [String: Lease]) {
        engine.meddle { state in
            for (name, lease) in leases { state.namespaces[Samples.stackName(name)] = .init(uid: name, lease: lease) }
        }
    }

    private func reap(_ engine: SimulatedEngine, verdicts: [ReapVerdict]? = nil) async throws -> [String: String] {
        let reaper = Reaper(runtime: engine, clock: clock, patience: 180)
        let told = Told()
        let now: [ReapVerdict]
        if let verdicts { now = verdicts } else { now = try await reaper.verdicts(at: clock.now) }
        try await reaper.reap(now) { verdict, result in
            let word =
                switch result {
                case .gone(let receipt): "gone \(receipt.removed)"
                case .spared: "spared"
                case .failed(let error): error.message
                }
            told.words.withLock { $0[verdict.stack.name.description] = word }
        }
        return told.words.withLock { $0 }
    }

    @Test func `only what has expired goes`() async throws {
        let engine = SimulatedEngine()
        fill(engine, ["shop-1": expired, "shop-2": running])
        #expect(try await reap(engine) == ["shop-1": "gone [\"Pod\": 1]"])
        #expect(engine.snapshot.namespaces.keys.map(\.description) == ["shop-2"])
    }

    /// peers.md, complaint 1.
    @Test func `one stack's failure never stops the sweep`() async throws {
        let engine = SimulatedEngine { operation, stack, _ in
            if operation == "destroy", stack?.number == 3 { throw StepError("forbidden", isRetryable: false) }
        }
        fill(engine, Dictionary(uniqueKeysWithValues: (1...20).map { ("shop-\($0)", expired) }))
        let told = try await reap(engine)
        #expect(told["shop-3"] == "forbidden")
        #expect(told.values.filter { $0.hasPrefix("gone") }.count == 19)
        #expect(engine.snapshot.namespaces.keys.map(\.description) == ["shop-3"])
    }

    @Test func `a stack that was extended since the verdict is spared`() async throws {
        let engine = SimulatedEngine()
        fill(engine, ["shop-1": expired])
        let verdicts = try await Reaper(runtime: engine, clock: clock, patience: 180).verdicts(at: clock.now)
        fill(engine, ["shop-1": running])
        #expect(try await reap(engine, verdicts: verdicts) == ["shop-1": "spared"])
        #expect(engine.snapshot.destroyed.isEmpty)
    }

    @Test func `a namespace that hangs is reported when the patience is over`() async throws {
        let clock = clock
        let engine = SimulatedEngine { operation, stack, isAfter in
            guard operation == "await-gone", !isAfter, stack?.number == 1 else { return }
            while clock.nextWake == nil { await Task.yield() }
            clock.advance(by: 200)
            for await _ in AsyncStream<Void>.makeStream().stream {}
            try Task.checkCancellation()
        }
        fill(engine, ["shop-1": expired])
        #expect(try await reap(engine)["shop-1"]?.hasPrefix("not gone after 3m") == true)
    }

    @Test func `an engine that does not answer is no evidence of anything`() async throws {
        let engine = SimulatedEngine { _, _, _ in throw StepError("away", isRetryable: true) }
        await #expect(throws: StepError.self) { try await Reaper(runtime: engine, clock: clock, patience: 1).verdicts(at: clock.now) }
    }
}

private final class Told: Sendable {
    let words = Mutex<[String: String]>([:])
}
