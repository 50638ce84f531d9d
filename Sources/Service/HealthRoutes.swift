import ControlAPI
import Foundation
import Hummingbird
import Logging
import Orchestration
import Synchronization

/// `/healthz`: the process answers. `/readyz`: it takes deliveries and works on them: the store takes writes, and the orchestrator
/// runs. An engine that is away is told of, but no reason to keep deliveries from coming in: they are stored until it is back.
struct HealthRoutes {
    let store: any StackStore
    let health: EngineHealth
    let runtimes: [String]
    let clock: any WallClock

    /// A probe is a write; nobody may make more than one a second.
    private let last = LastProbe()

    init(store: any StackStore, health: EngineHealth, runtimes: [String], clock: any WallClock) {
        self.store = store
        self.health = health
        self.runtimes = runtimes
        self.clock = clock
    }

    func add(to router: some RouterMethods<CallContext>) {
        router.get("healthz") { _, _ in "ok\n" }
        router.get("readyz") { _, context in
            guard health.isRunning else {
                throw Problem(
                    "not-ready", status: 503, title: "Not ready", detail: "the orchestrator does not run: Slingshot starts or stops")
            }
            guard await isWritable(context.logger) else {
                throw Problem(
                    "not-ready", status: 503, title: "Not ready",
                    detail: "the store takes no writes; check the disk and the rights of `state`; the log says why")
            }
            let sweeps = health.sweeps
            let reachable = Dictionary(uniqueKeysWithValues: runtimes.map { ($0, sweeps[$0]?.isReachable) })
            return try Response.json(Readiness(runtimes: reachable.mapValues { $0.map { $0 ? .reachable : .unreachable } ?? .unknown }))
        }
    }

    private func isWritable(_ logger: Logger) async -> Bool {
        let now = clock.now
        if let known = last.result(at: now) { return known }
        let isWritable: Bool
        do {
            try await store.write { try $0.probe(at: now) }
            isWritable = true
        } catch {
            logger.error("not ready: the store takes no writes", metadata: ["error": "\(error)"])
            isWritable = false
        }
        last.remember(isWritable, at: now)
        return isWritable
    }
}

private final class LastProbe: Sendable {
    private let state = Mutex<(at: Date, isWritable: Bool)?>(nil)

    func result(at now: Date) -> Bool? {
        state.withLock { $0.flatMap { abs(now.timeIntervalSince($0.at)) < 1 ? $0.isWritable : nil } }
    }

    func remember(_ isWritable: Bool, at now: Date) { state.withLock { $0 = (now, isWritable) } }
}
