import Foundation
import Logging
import SlingshotTestSupport
import StagingModel
import Store
import Synchronization
import Testing

@testable import Orchestration

/// Seeded chaos over the worker: the process dies before or after any effect, the engine fails, people and forges change their
/// minds in the middle of a step, and of what deliveries leave out the forge tells late, wrong or never. Then the chaos ends, and everything must be as it was asked for last.
@Suite(.timeLimit(.minutes(5))) struct CrashSimulationTests {
    /// 120 lives in `make test`; more with `SLINGSHOT_SEEDS=5000`.
    private static let seeds = 0..<(ProcessInfo.processInfo.environment["SLINGSHOT_SEEDS"].flatMap { UInt64($0) } ?? 120)

    @Test(arguments: seeds)
    func `whatever happens, the outcome is what was wanted last`(seed: UInt64) async throws {
        try await withTemporaryDirectory { directory in
            let chaos = Chaos(seed: seed)
            let clock = TestClock()
            let store = try SQLiteStore(directory: directory)
            let doors = Doors()
            let refs = SimulatedRefs(head: Samples.commit("a")) { try await doors.strike("fetch") }
            var repository = Samples.repository()
            repository.credentials = .token(.environment("TOKEN"))
            let intake = Intake(store: store, repositories: [repository], policy: Samples.policy, clock: clock) { _ in }
            let engine = SimulatedEngine { operation, _, _ in try await doors.strike(operation) }
            doors.onStrike.withLock { $0 = { try await chaos.strike($0, intake: intake, refs: refs, clock: clock) } }
            var logger = Logger(label: "simulation")
            logger.logLevel = .critical
            let forge = SimulatedForge { number in
                try await doors.strike("ask")
                return try chaos.answer(about: number, refs: refs)
            }
            let worker = StackWorker(
                name: Samples.stackName(),
                engines: Engines(store: store, runtimes: ["cluster": engine], refs: refs, forge: { _ in forge }, clock: clock),
                settings: OrchestrationSettings(repositories: [repository], policy: Samples.policy), logger: logger)
            // Of every other pull request no delivery told before somebody asked for its stack.
            if seed % 2 == 0 {
                try await chaos.deliver(.opened, intake: intake, refs: refs)
            } else {
                _ = try await intake.create(repository: "shop", number: 7, ref: nil, commit: nil)
            }

            for _ in 0..<40 { try await live(worker, clock) }
            chaos.calm()
            for _ in 0..<20 { try await live(worker, clock) }

            let stack = try #require(try await store.read { try $0.stack(Samples.stackName()) })
            let namespace = engine.snapshot.namespaces[stack.name]
            switch stack.wanted {
            case .running:
                #expect(stack.phase == .ready, "seed \(seed): \(stack.message)")
                #expect(namespace?.commit == refs.current)
                #expect(namespace?.uid == stack.namespaceUID)
                #expect(namespace?.lease == stack.lease)
                #expect(namespace?.isTerminating == false)
                #expect(stack.unasked == nil)
            case .gone:
                #expect(stack.phase == .destroyed, "seed \(seed): \(stack.message)")
                #expect(namespace == nil)
            }
            #expect(Set(engine.snapshot.destroyed).count == engine.snapshot.destroyed.count, "seed \(seed): one teardown a namespace")
        }
    }

    /// One life of the process: until it has nothing to do, or dies. Then some time passes.
    private func live(_ worker: StackWorker, _ clock: TestClock) async throws {
        do {
            try await worker.run { nil }
        } catch is CancellationError {
            // Killed: nothing but the store and the engine is left.
        }
        clock.advance(by: 301)
    }
}

/// What goes wrong, reproducibly.
final class Chaos: Sendable {
    private struct State {
        var random: SeededGenerator
        var isCalm = false
        var count = 0
        var digits = 0
        var isOpen = true
    }

    private let state: Mutex<State>

    init(seed: UInt64) { state = Mutex(State(random: SeededGenerator(seed: seed))) }

    func calm() { state.withLock { $0.isCalm = true } }

    /// True once in so many times, and never again when it is calm.
    func happens(onceIn number: Int) -> Bool {
        state.withLock { state in !state.isCalm && Int.random(in: 0..<number, using: &state.random) == 0 }
    }

    private enum Blow { case none, crash, failure, refusal, push, close, reopen, extend, time }

    func strike(_ operation: String, intake: Intake, refs: SimulatedRefs, clock: TestClock) async throws {
        let blow: Blow = state.withLock { state in
            guard !state.isCalm else { return .none }
            switch Int.random(in: 0..<24, using: &state.random) {
            case 0...3: return .crash
            case 4...6: return .failure
            case 7, 8: return .push
            case 9: return .close
            case 10, 11: return .reopen
            case 12: return .extend
            case 13: return .time
            case 14: return .refusal
            default: return .none
            }
        }
        switch blow {
        case .none: break
        case .crash: throw CancellationError()
        case .failure: throw StepError("the engine stumbled", isRetryable: true)
        case .refusal:
            // What a revision itself asks for ends with a refusal; all else is tried again.
            if ["observe", "renew", "destroy", "await-gone"].contains(operation) { throw StepError("forbidden", isRetryable: false) }
        case .push: try await deliver(.pushed, intake: intake, refs: refs)
        case .close: try await deliver(.closed, intake: intake, refs: refs)
        case .reopen: try await deliver(.reopened, intake: intake, refs: refs)
        case .extend: _ = try? await intake.extend(Samples.stackName(), .by(seconds: 600))
        case .time: clock.advance(by: 20_000)
        }
    }

    /// The truth when it is calm.
    func answer(about number: Int, refs: SimulatedRefs) throws -> ForgePullRequest {
        if happens(onceIn: 6) { throw ForgeError(.unavailable, "no answer") }
        if happens(onceIn: 8) { throw ForgeError(.forbidden, "give the token the right") }
        var answer = state.withLock { state in
            ForgePullRequest(
                pullRequest: Samples.pullRequest(number, head: refs.current), state: state.isOpen ? .open : .closed,
                updatedAt: Samples.start.addingTimeInterval(TimeInterval(state.count)))
        }
        if happens(onceIn: 8) { answer.pullRequest.number = number + 1 }
        // From before anything that was delivered.
        if happens(onceIn: 8) { (answer.state, answer.updatedAt) = (.closed, Samples.start) }
        return answer
    }

    func deliver(_ change: PullRequestEvent.Change, intake: Intake, refs: SimulatedRefs) async throws {
        let (count, commit) = state.withLock { state in
            state.count += 1
            if change == .pushed { state.digits += 1 }
            state.isOpen = change != .closed
            return (state.count, Samples.commit(Character(String(state.digits % 16, radix: 16))))
        }
        refs.push(commit)
        var event = Samples.event(change, head: commit, updatedAt: Samples.start.addingTimeInterval(TimeInterval(count)))
        // Somebody else than the author acted.
        if happens(onceIn: 2) { event.pullRequest.author = "" }
        let key = DeliveryKey(forge: "github", hook: "", id: "\(count)")
        _ = try await intake.receive(event, delivery: key, repository: Samples.repository().name)
    }
}

/// Lets the engine and the repository be struck by chaos that is made after them.
final class Doors: Sendable {
    let onStrike = Mutex<@Sendable (String) async throws -> Void>({ _ in })

    func strike(_ operation: String) async throws { try await onStrike.withLock { $0 }(operation) }
}
