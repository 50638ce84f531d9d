public import Foundation
import Synchronization

/// How the orchestrator fares, for readiness and metrics: whether it runs, and what came of the last look at each engine.
public final class EngineHealth: Sendable {
    /// The last look at what an engine carries.
    public struct Sweep: Hashable, Sendable {
        public var at: Date
        /// Whether the engine answered.
        public var isReachable: Bool

        public init(at: Date, isReachable: Bool) {
            self.at = at
            self.isReachable = isReachable
        }
    }

    private struct State {
        var isRunning = false
        var sweeps: [String: Sweep] = [:]
    }

    private let state = Mutex(State())

    init() {}

    public var isRunning: Bool { state.withLock { $0.isRunning } }

    /// By the runtime's name; none before an engine has answered, or failed to, for the first time.
    public var sweeps: [String: Sweep] { state.withLock { $0.sweeps } }

    func runs(_ isRunning: Bool) { state.withLock { $0.isRunning = isRunning } }

    func swept(_ runtime: String, at instant: Date, isReachable: Bool) {
        state.withLock { $0.sweeps[runtime] = Sweep(at: instant, isReachable: isReachable) }
    }
}
