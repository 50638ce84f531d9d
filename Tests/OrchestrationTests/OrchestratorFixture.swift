import Foundation
import Logging
import Orchestration
import SlingshotTestSupport
import StagingModel
import Store

/// The real orchestrator and the real store on disk, over a simulated engine and a clock that tests move.
struct OrchestratorFixture: Sendable {
    let store: ObservedStore
    let engine: SimulatedEngine
    let refs: SimulatedRefs
    let clock: TestClock
    let orchestrator: Orchestrator
    let intake: Intake

    static func run(
        engine: SimulatedEngine = SimulatedEngine(), refs: SimulatedRefs = SimulatedRefs(head: Samples.commit("a")),
        repository: RepositorySettings = Samples.repository(), clock: TestClock = TestClock(),
        forge: @escaping @Sendable (RepositorySettings) throws -> (any ForgeClient)? = { _ in nil },
        _ body: @Sendable (OrchestratorFixture) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let fixture = try OrchestratorFixture(
                directory: directory, engine: engine, refs: refs, repository: repository, clock: clock, forge: forge)
            try await fixture.running { try await body(fixture) }
        }
    }

    init(
        directory: URL, engine: SimulatedEngine, refs: SimulatedRefs, repository: RepositorySettings = Samples.repository(),
        clock: TestClock,
        forge: @escaping @Sendable (RepositorySettings) throws -> (any ForgeClient)? = { _ in nil }
    ) throws {
        store = ObservedStore(try SQLiteStore(directory: directory))
        self.engine = engine
        self.refs = refs
        self.clock = clock
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        orchestrator = Orchestrator(
            engines: Engines(store: store, runtimes: ["cluster": engine], refs: refs, forge: forge, clock: clock),
            settings: OrchestrationSettings(repositories: [repository], policy: Samples.policy), logger: logger)
        intake = Intake(
            store: store, repositories: [repository], policy: Samples.policy, clock: clock, wake: orchestrator.wake)
    }

    /// Runs the orchestrator while `body` runs.
    func running(_ body: @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await orchestrator.run() }
            try await body()
            group.cancelAll()
        }
    }

    @discardableResult
    func deliver(_ event: PullRequestEvent, id: String = UUID().uuidString) async throws -> DeliveryOutcome {
        try await intake.receive(event, delivery: DeliveryKey(forge: "github", hook: "1", id: id), repository: Samples.repository().name)
    }

    @discardableResult
    func wait(until phase: Phase) async throws -> Stack {
        try await store.wait(for: Samples.stackName()) { $0.phase == phase }
    }
}
