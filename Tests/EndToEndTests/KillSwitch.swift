import FaultProxy
import SlingshotTestSupport
import StagingModel
import Synchronization

/// Where `serve` is killed.
enum KillPoint: Sendable, CustomStringConvertible {
    /// At the n-th change that it asks the engine for: before that hears of it, or after it was done and before `serve` hears that.
    case change(Int, Fault.Moment)
    /// So long after the engine was asked for the n-th change: in the middle of its work, if that takes so long.
    case during(Int, Duration)
    /// At the n-th read of the namespace, before the API server hears of it.
    case read(Int)
    /// When it says in its log that it begins a step.
    case step(String)

    var description: String {
        switch self {
        case .change(let number, let moment): "\(moment.rawValue) change \(number)"
        case .during(let number, let delay): "\(delay) into change \(number)"
        case .read(let number): "before read \(number)"
        case .step(let name): "at step \(name)"
        }
    }
}

/// Kills with SIGKILL at a chosen change, and counts the changes.
final class KillSwitch: Sendable {
    private struct State {
        var namespace: String?
        var point: KillPoint?
        var kill: @Sendable () async -> Void = {}
        var changes = 0
        var reads = 0
    }

    private let state = Mutex(State())

    /// How many changes were asked for since it was armed.
    var changes: Int { state.withLock { $0.changes } }

    /// How many reads.
    var reads: Int { state.withLock { $0.reads } }

    /// From now on what a namespace's requests ask for is counted; without a point nothing is killed.
    ///
    /// - Parameter namespace: a segment of the requests' paths; nil to count all, because podman's name ids.
    func arm(_ point: KillPoint?, namespace: String?, kill: @escaping @Sendable () async -> Void) {
        state.withLock { $0 = State(namespace: namespace, point: point, kill: kill) }
    }

    func judge(_ request: ProxiedRequest) -> Fault? {
        state.withLock { state in
            let parts = request.target.split { "/?".contains($0) }
            if let namespace = state.namespace, !parts.contains(Substring(namespace)) { return nil }
            if request.isMutating { state.changes += 1 } else { state.reads += 1 }
            switch (request.isMutating, state.point) {
            case (true, .change(state.changes, let moment)): return .drop(moment, action: state.kill)
            case (true, .during(state.changes, let delay)): return .cut(after: delay, action: state.kill)
            case (false, .read(state.reads)): return .drop(.before, action: state.kill)
            default: return nil
            }
        }
    }
}
