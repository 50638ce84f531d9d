import Foundation
import Logging
import SlingshotTestSupport
import StagingModel
import Store
import Synchronization
import Testing

@testable import Orchestration

@Suite struct LeaseRaceTests {
    /// Somebody extends in the moment between the worker's reading that the lease has ended and its writing so.
    @Test func `an extension that was granted is never lost to the lease's end`() async throws {
        try await withTemporaryDirectory { directory in
            let base = try SQLiteStore(directory: directory)
            let end = Samples.start.addingTimeInterval(86_400)
            let early = TestClock(now: end.addingTimeInterval(-1))
            let intake = Intake(store: base, repositories: [Samples.repository()], policy: Samples.policy, clock: early) { _ in }
            try await base.write { try $0.save(Samples.stack { $0.namespaceUID = "uid-1" }, wakeAt: nil) }
            let store = InterposedStore(base: base) { _ = try await intake.extend(Samples.stackName(), .by(seconds: 3_600)) }
            let engine = SimulatedEngine()
            engine.meddle { $0.namespaces[Samples.stackName()] = .init(uid: "uid-1", lease: Samples.stack().lease) }
            let worker = StackWorker(
                name: Samples.stackName(),
                engines: Engines(
                    store: store, runtimes: ["cluster": engine], refs: SimulatedRefs(head: Samples.commit("a")), clock: TestClock(now: end)),
                settings: OrchestrationSettings(repositories: [Samples.repository()], policy: Samples.policy), logger: Logger(label: "test")
            )
            try await worker.run { nil }
            let stack = try #require(try await base.read { try $0.stack(Samples.stackName()) })
            #expect(stack.wanted == .running)
            #expect(stack.lease.expiresAt == end.addingTimeInterval(3_600))
            #expect(engine.snapshot.destroyed.isEmpty)
            #expect(engine.snapshot.namespaces[stack.name]?.lease == stack.lease)
        }
    }
}

/// Does something once, right before the first write.
private final class InterposedStore: StackStore {
    private let base: any StackStore
    private let first: Mutex<(@Sendable () async throws -> Void)?>

    init(base: any StackStore, first: @escaping @Sendable () async throws -> Void) {
        self.base = base
        self.first = Mutex(first)
    }

    func read<T: Sendable>(_ body: @escaping @Sendable (any StackReading) throws -> T) async throws -> T { try await base.read(body) }

    func write<T: Sendable>(_ body: @escaping @Sendable (any StackWriting) throws -> T) async throws -> T {
        try await first.withLock({ exchange(&$0, with: nil) })?()
        return try await base.write(body)
    }
}
