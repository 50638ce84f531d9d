import Foundation
import Logging
import SlingshotTestSupport
import StagingModel
import Store
import Synchronization
import Testing

@testable import Orchestration

/// As ``CrashSimulationTests``, with two engines: between the lives of the process the configuration names now the one, now the other, and now
/// and then the database is lost.
@Suite(.timeLimit(.minutes(5))) struct MoveSimulationTests {
    private static let seeds = 0..<(ProcessInfo.processInfo.environment["SLINGSHOT_SEEDS"].flatMap { UInt64($0) } ?? 120)

    @Test(arguments: seeds)
    func `whatever happens, the stack is where it is wanted, and nowhere else`(seed: UInt64) async throws {
        try await withTemporaryDirectory { directory in
            let chaos = Chaos(seed: seed)
            let clock = TestClock()
            let doors = Doors()
            let refs = SimulatedRefs(head: Samples.commit("a")) { try await doors.strike("fetch") }
            let engines = [
                "cluster": SimulatedEngine { operation, _, _ in try await doors.strike(operation) },
                "box": SimulatedEngine { operation, _, _ in try await doors.strike(operation) },
            ]
            var repository = Samples.repository()
            var store = try SQLiteStore(directory: directory)
            var losses = 0
            for life in 0..<80 {
                if life == 50 { chaos.calm() }
                if chaos.happens(onceIn: 4) { repository.runtime = repository.runtime == "box" ? "cluster" : "box" }
                let isLost = chaos.happens(onceIn: 12)
                if isLost {
                    losses += 1
                    let fresh = directory.appending(path: "\(losses)")
                    try FileManager.default.createDirectory(at: fresh, withIntermediateDirectories: true)
                    store = try SQLiteStore(directory: fresh)
                }
                let intake = Intake(store: store, repositories: [repository], policy: Samples.policy, clock: clock) { _ in }
                doors.onStrike.withLock { $0 = { try await chaos.strike($0, intake: intake, refs: refs, clock: clock) } }
                // What was told before is lost with the database; the forge tells the next.
                if isLost || life == 0 { try await chaos.deliver(life == 0 ? .opened : .pushed, intake: intake, refs: refs) }
                try await live(Engines(store: store, runtimes: engines, refs: refs, clock: clock), repository)
                clock.advance(by: 301)
            }

            let stack = try #require(try await store.read { try $0.stack(Samples.stackName()) })
            let elsewhere = repository.runtime == "box" ? "cluster" : "box"
            let here = engines[repository.runtime]?.snapshot.namespaces[stack.name]
            #expect(stack.copies == [], "seed \(seed): \(stack.message)")
            #expect(engines[elsewhere]?.snapshot.namespaces[stack.name] == nil)
            switch stack.wanted {
            case .running:
                #expect(stack.phase == .ready, "seed \(seed): \(stack.message)")
                #expect(stack.runtime == repository.runtime)
                #expect(here?.commit == refs.current)
                #expect(here?.uid == stack.namespaceUID)
                #expect(here?.lease == stack.lease)
            case .gone:
                #expect(stack.phase == .destroyed, "seed \(seed): \(stack.message)")
                #expect(here == nil)
            }
            for engine in engines.values {
                #expect(Set(engine.snapshot.destroyed).count == engine.snapshot.destroyed.count, "seed \(seed): one teardown a namespace")
            }
        }
    }

    /// One life of the process: what `serve` does at its start, and the worker until it has nothing to do, or dies.
    private func live(_ engines: Engines, _ repository: RepositorySettings) async throws {
        var logger = Logger(label: "simulation")
        logger.logLevel = .critical
        let settings = OrchestrationSettings(repositories: [repository], policy: Samples.policy)
        let orchestrator = Orchestrator(engines: engines, settings: settings, logger: logger)
        let worker = StackWorker(name: Samples.stackName(), engines: engines, settings: settings, logger: logger)
        do {
            await orchestrator.moveAll()
            for (name, engine) in engines.runtimes.sorted(by: { $0.key < $1.key }) {
                do { try await orchestrator.adopt(from: name, engine) } catch is StepError {}
                try await worker.run { nil }
            }
        } catch is CancellationError {
            // Killed: nothing but the store and the engines is left.
        }
    }
}
