import Foundation
import Logging
import Orchestration
import SlingshotTestSupport
import StagingModel
import Store
import Testing

/// Moves from start to start of the real orchestrator, over two simulated engines.
@Suite(.timeLimit(.minutes(5))) struct MoveOrchestratorTests {
    private struct Machine: Sendable {
        let directory: URL
        let engines = ["box": SimulatedEngine(), "cluster": SimulatedEngine()]
        let clock = TestClock()

        /// One run of `serve`, whose repository is configured for a runtime, with these runtimes configured.
        func serving(
            _ runtime: String, runtimes: [String] = ["box", "cluster"], _ body: @Sendable (ObservedStore, Intake) async throws -> Void
        )
            async throws
        {
            let store = ObservedStore(try SQLiteStore(directory: directory))
            var repository = Samples.repository()
            repository.runtime = runtime
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let orchestrator = Orchestrator(
                engines: Engines(
                    store: store, runtimes: engines.filter { runtimes.contains($0.key) }, refs: SimulatedRefs(head: Samples.commit("a")),
                    clock: clock),
                settings: OrchestrationSettings(repositories: [repository], policy: Samples.policy), logger: logger)
            let intake = Intake(store: store, repositories: [repository], policy: Samples.policy, clock: clock, wake: orchestrator.wake)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await orchestrator.run() }
                try await body(store, intake)
                group.cancelAll()
            }
        }

        func has(_ engine: String) -> Bool { engines[engine]?.snapshot.namespaces.isEmpty == false }

        /// Moves the time whenever somebody sleeps, until the record satisfies `condition`.
        func settle(_ store: ObservedStore, _ condition: (Stack) -> Bool) async throws -> Stack {
            while true {
                if let stack = try await store.read({ try $0.stack(Samples.stackName()) }), condition(stack) { return stack }
                if let next = clock.nextWake, next < Samples.start.addingTimeInterval(3600) { clock.advance(to: next) }
                await Task.yield()
            }
        }
    }

    private func run(_ body: @Sendable (Machine) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let machine = Machine(directory: directory)
            try await machine.serving("box") { store, intake in
                let key = DeliveryKey(forge: "github", hook: "", id: "1")
                _ = try await intake.receive(Samples.event(.opened), delivery: key, repository: Samples.repository().name)
                _ = try await machine.settle(store) { $0.phase == .ready }
            }
            try await body(machine)
        }
    }

    @Test func `a stack is ready on the new engine before the old one's goes, and its history tells`() async throws {
        try await run { machine in
            try await machine.serving("cluster") { store, _ in
                let stack = try await machine.settle(store) { $0.phase == .ready && $0.runtime == "cluster" && $0.copies.isEmpty }
                #expect(stack.runtime == "cluster" && stack.message == "aaaaaaa is running")
                #expect(!machine.has("box") && machine.has("cluster"))
                let events = try await store.read { try $0.events(of: stack.name, after: nil, limit: 100) }
                let told = events.drop { $0.name != "move" }.map(\.name).filter { ["move", "ready", "retire", "retired"].contains($0) }
                #expect(told == ["move", "ready", "retire", "retire", "retired"])
                #expect(events.last?.message.hasPrefix("box says that namespace UID uid-1 is gone") == true)
            }
        }
    }

    @Test func `while the old engine is not configured the new one's runs, and the message names the fix`() async throws {
        try await run { machine in
            try await machine.serving("cluster", runtimes: ["cluster"]) { store, intake in
                let stack = try await machine.settle(store) { $0.phase == .ready && $0.failure?.step == "retire" }
                #expect(
                    stack.message
                        == "the runtime \"box\" is not configured any more, and what stands there can't be destroyed; add it under `runtimes` again; aaaaaaa keeps running"
                )
                #expect(machine.has("box") && machine.has("cluster"))
                // The end of what can be reached does not wait for the other.
                _ = try await intake.destroy(stack.name)
                _ = try await machine.settle(store) { _ in !machine.has("cluster") }
                #expect(machine.has("box"))
                #expect(try await store.read { try $0.stack(stack.name) }?.phase == .destroying)
            }
            try await machine.serving("cluster") { store, _ in
                _ = try await machine.settle(store) { $0.phase == .destroyed }
                #expect(!machine.has("box"))
            }
        }
    }

    @Test func `an extension on the way reaches both, and without the database both are found`() async throws {
        try await run { machine in
            // The new one's engine is away.
            try await machine.serving("cluster", runtimes: ["box"]) { store, intake in
                let moving = try await machine.settle(store) { $0.failure?.step == "observe" }
                let extended = try await intake.extend(moving.name, .by(seconds: 7200))
                _ = try await machine.settle(store) { _ in
                    machine.engines["box"]?.snapshot.namespaces[moving.name]?.lease == extended.lease
                }
                #expect(extended.message.contains("aaaaaaa keeps running on box"))
            }
            let lease = machine.engines["box"]?.snapshot.namespaces[Samples.stackName()]?.lease
            for file in try FileManager.default.contentsOfDirectory(at: machine.directory, includingPropertiesForKeys: nil) {
                try FileManager.default.removeItem(at: file)
            }
            try await machine.serving("cluster") { store, _ in
                let stack = try await machine.settle(store) { $0.phase == .ready && $0.runtime == "cluster" && $0.copies.isEmpty }
                #expect(stack.lease == lease)
                #expect(machine.engines["cluster"]?.snapshot.namespaces[stack.name]?.lease == lease)
                #expect(!machine.has("box"))
            }
        }
    }
}
