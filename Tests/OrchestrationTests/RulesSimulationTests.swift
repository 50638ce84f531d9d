import Foundation
import Logging
import SlingshotTestSupport
import StagingModel
import Store
import Synchronization
import Testing

@testable import Orchestration

/// Seeded chaos over the rules of `when`: labels come and go, pushes change what matters or not, the base moves, leases end, deliveries leave
/// out the author, the forge answers late, wrong or never, the engine stumbles, and the process dies before or after any effect. Then it is calm, and the last word counts.
@Suite(.timeLimit(.minutes(5))) struct RulesSimulationTests {
    /// 80 lives in `make test`; more with `SLINGSHOT_SEEDS=5000`.
    private static let seeds = 0..<(ProcessInfo.processInfo.environment["SLINGSHOT_SEEDS"].flatMap { UInt64($0) } ?? 80)

    private func worker(of life: PullRequestLife, on engine: SimulatedEngine, _ store: SQLiteStore) -> StackWorker {
        var logger = Logger(label: "simulation")
        logger.logLevel = .critical
        return StackWorker(
            name: Samples.stackName(),
            engines: Engines(store: store, runtimes: ["cluster": engine], refs: life.refs, forge: life.forge, clock: life.clock),
            settings: OrchestrationSettings(repositories: [PullRequestLife.repository], policy: Samples.policy), logger: logger)
    }

    @Test(arguments: seeds)
    func `whatever happens, who gets a stack is decided by the last word`(seed: UInt64) async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            let life = PullRequestLife(seed: seed, store: store)
            let engine = SimulatedEngine { operation, _, _ in try await life.strike(operation) }
            let worker = worker(of: life, on: engine, store)

            func settle(lives: Int) async throws -> Stack {
                for _ in 0..<lives {
                    // Killed: nothing but the store and the engine is left.
                    do { try await worker.run { nil } } catch is CancellationError {}
                    life.clock.advance(by: 301)
                    try await life.stir()
                }
                return try #require(try await store.read { try $0.stack(Samples.stackName()) })
            }
            try await life.tell(.opened)
            _ = try await settle(lives: 40)
            life.calm()
            let stack = try await settle(lives: 20)
            switch stack.wanted {
            case .running where stack.failure?.step == "ask":
                // The forge did not let us know who the author is: only something new clears that.
                #expect(stack.phase == .failed && stack.failure?.retryAt == nil && stack.unasked == true, "seed \(seed): \(stack.message)")
            case .running:
                #expect(stack.phase == .ready && stack.exclusion == nil && life.isLabelled, "seed \(seed): \(stack.message)")
                #expect(engine.snapshot.namespaces[stack.name]?.commit == life.refs.current)
            case .gone:
                #expect(stack.phase == .destroyed && stack.expiredLabel == nil, "seed \(seed): \(stack.message)")
                #expect(engine.snapshot.namespaces[stack.name] == nil)
            }

            try await life.change { ($0.isLabelled, $0.matters) = (true, true) }
            try await life.tell(.reopened)
            try await life.push()
            #expect(try await settle(lives: 3).phase == .ready, "seed \(seed)")
            try await life.change { $0.matters = false }
            try await life.push()
            #expect(try await settle(lives: 3).wanted == .gone(.excluded), "seed \(seed)")
            try await life.change { $0.matters = true }
            try await life.push()
            #expect(try await settle(lives: 3).phase == .ready, "seed \(seed)")
            try await life.change { $0.isLabelled = false }
            try await life.tell(.unlabeled)
            let end = try await settle(lives: 3)
            #expect(end.phase == .destroyed && end.message == "no stack, because the label `preview` is missing", "seed \(seed)")
            #expect(engine.snapshot.namespaces.isEmpty)
            #expect(Set(engine.snapshot.destroyed).count == engine.snapshot.destroyed.count, "seed \(seed): one teardown a namespace")
        }
    }

    @Test(arguments: seeds)
    func `whatever the forge answers, an author who is not let in never gets a stack`(seed: UInt64) async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            let life = PullRequestLife(seed: seed, store: store, author: "mallory", onlyForgeTells: true)
            let engine = SimulatedEngine { operation, _, _ in try await life.strike(operation) }
            let worker = worker(of: life, on: engine, store)
            try await life.tell(.opened)
            for round in 0..<30 {
                if round == 20 { life.calm() }
                do { try await worker.run { nil } } catch is CancellationError {}
                life.clock.advance(by: 301)
                try await life.stir()
            }
            #expect(engine.snapshot.applies == 0 && engine.snapshot.namespaces.isEmpty, "seed \(seed)")
            let stack = try #require(try await store.read { try $0.stack(Samples.stackName()) })
            #expect(stack.fetched == nil && stack.phase != .queued, "seed \(seed): \(stack.message)")
        }
    }
}

/// A pull request and the people around it, reproducibly out of their minds until they are calm.
private final class PullRequestLife: Sendable {
    struct State {
        var random: SeededGenerator
        var isCalm = false
        var told = 0
        var pushes = 0
        var isLabelled = true
        var isOpen = true
        /// Whether its commits change something that has to do with the paths.
        var matters = true
        var base = "main"
    }

    static let repository: RepositorySettings = {
        var repository = Samples.repository()
        repository.when = AdmissionRules(
            label: "preview", removesLabelOnExpiry: true, authors: Patterns(["octocat"]), paths: Patterns(["src/**"]))
        repository.credentials = .token(.environment("TOKEN"))
        return repository
    }()

    let clock = TestClock()
    let refs: SimulatedRefs
    private let author: String
    /// Whether no delivery tells the author.
    private let onlyForgeTells: Bool
    private let intake: Intake
    private let state: Mutex<State>

    init(seed: UInt64, store: SQLiteStore, author: String = "octocat", onlyForgeTells: Bool = false) {
        (self.author, self.onlyForgeTells) = (author, onlyForgeTells)
        state = Mutex(State(random: SeededGenerator(seed: seed)))
        intake = Intake(store: store, repositories: [Self.repository], policy: Samples.policy, clock: clock) { _ in }
        let doors = Doors()
        refs = SimulatedRefs(head: Samples.commit("0")) { try await doors.strike("fetch") }
        refs.change(["src/a"])
        doors.onStrike.withLock { $0 = { [weak self] in try await self?.strike($0) } }
    }

    var isLabelled: Bool { state.withLock { $0.isLabelled } }
    func calm() { state.withLock { $0.isCalm = true } }
    func change(_ body: @Sendable (inout State) -> Void) async throws { state.withLock { body(&$0) } }

    /// The forge stumbles, or has no client: then the label stays, and that is that.
    @Sendable func forge(_: RepositorySettings) throws -> (any ForgeClient)? {
        switch dice(6) {
        case 0: throw ForgeError(.unavailable, "the forge stumbled")
        case 1: return nil
        default:
            return SimulatedForge(remove: { _ in self.state.withLock { $0.isLabelled = false } }) { try await self.answer(about: $0) }
        }
    }

    /// Late, wrong or never; true when it is calm.
    private func answer(about number: Int) async throws -> ForgePullRequest {
        let blow = dice(8)
        if blow == 0 { throw ForgeError(.unavailable, "no answer") }
        if blow == 1 { throw ForgeError(.forbidden, "give the token the right") }
        var answer = state.withLock { state in
            var pullRequest = Samples.pullRequest(head: refs.current)
            (pullRequest.author, pullRequest.base, pullRequest.labels) = (author, state.base, state.isLabelled ? ["preview"] : [])
            return ForgePullRequest(
                pullRequest: pullRequest, state: state.isOpen ? .open : .closed,
                updatedAt: Samples.start.addingTimeInterval(TimeInterval(state.told)))
        }
        switch blow {
        case 2: answer.pullRequest.number = number + 1
        case 3: (answer.state, answer.updatedAt) = (.closed, Samples.start)
        // On the way, and everything changes meanwhile.
        case 4: try await strike("answer")
        default: break
        }
        return answer
    }

    func strike(_ operation: String) async throws {
        switch dice(24) {
        case 0...3: throw CancellationError()
        case 4...6: throw StepError("the engine stumbled", isRetryable: true)
        case 7, 8:
            state.withLock { $0.matters.toggle() }
            try await push()
        case 9: try await push()
        case 10, 11:
            let isLabelled = state.withLock { state in
                state.isLabelled.toggle()
                return state.isLabelled
            }
            try await tell(isLabelled ? .labeled : .unlabeled)
        case 12:
            state.withLock { $0.base = $0.base == "main" ? "next" : "main" }
            try await tell(.edited)
        case 13: try await tell(.closed)
        case 14: try await tell(.reopened)
        case 15: clock.advance(by: 4_000)
        default: break
        }
    }

    /// What has no stack gets one again, now and then.
    func stir() async throws {
        switch dice(6) {
        case 0, 1:
            state.withLock { ($0.isLabelled, $0.matters) = (true, true) }
            try await tell(.reopened)
            try await push()
        case 2:
            state.withLock { $0.isLabelled = true }
            try await tell(.labeled)
        default: break
        }
    }

    func push() async throws {
        let (digit, matters) = state.withLock { state in
            state.pushes += 1
            return (String(state.pushes % 16, radix: 16), state.matters)
        }
        refs.change(matters ? ["docs/a", "src/a"] : ["docs/a"])
        refs.push(Samples.commit(Character(digit)))
        try await tell(.pushed)
    }

    func tell(_ change: PullRequestEvent.Change) async throws {
        let event = state.withLock { state in
            state.told += 1
            var event = Samples.event(
                change, head: refs.current, updatedAt: Samples.start.addingTimeInterval(TimeInterval(state.told)))
            event.pullRequest.labels = state.isLabelled ? ["preview"] : []
            let isHidden = onlyForgeTells || !state.isCalm && Bool.random(using: &state.random)
            event.pullRequest.author = isHidden ? "" : author
            state.isOpen = change != .closed
            event.pullRequest.base = state.base
            return (event, "\(state.told)")
        }
        _ = try await intake.receive(
            event.0, delivery: DeliveryKey(forge: "github", hook: "", id: event.1), repository: Self.repository.name)
    }

    /// Below `sides`; never a small number when it is calm.
    private func dice(_ sides: Int) -> Int {
        state.withLock { state in state.isCalm ? sides : Int.random(in: 0..<sides, using: &state.random) }
    }
}
