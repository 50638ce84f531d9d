import FaultProxy
import SlingshotTestSupport
import StagingModel
import Synchronization

/// Where `serve` is killed.
enum KillPoint: Sendable, CustomStringConvertible {
    /// At the n-th change that it asks the API server for: before that hears of it, or after it was done and before `serve` hears that.
    case change(Int, Fault.Moment)
    /// At the n-th read of the namespace, before the API server hears of it.
    case read(Int)
    /// When it says in its log that it begins a step.
    case step(String)

    var description: String {
        switch self {
        case .change(let number, let moment): "\(moment.rawValue) change \(number)"
        case .read(let number): "before read \(number)"
        case .step(let name): "at step \(name)"
        }
    }
}

/// Kills a process with SIGKILL at a chosen change of one namespace, and counts the changes.
final class KillSwitch: Sendable {
    private struct State {
        var namespace = ""
        var point: KillPoint?
        var process: ChildProcess?
        var changes = 0
        var reads = 0
    }

    private let state = Mutex(State())

    /// How many changes of the namespace were asked for since it was armed.
    var changes: Int { state.withLock { $0.changes } }

    /// How many reads of it.
    var reads: Int { state.withLock { $0.reads } }

    /// From now on `namespace` is what is counted; without a point nothing is killed.
    func arm(_ point: KillPoint?, namespace: String, process: ChildProcess) {
        state.withLock { $0 = State(namespace: namespace, point: point, process: process) }
    }

    func judge(_ request: ProxiedRequest) -> Fault? {
        state.withLock { state in
            let parts = request.target.split { "/?".contains($0) }
            guard parts.contains(Substring(state.namespace)) else { return nil }
            if request.isMutating { state.changes += 1 } else { state.reads += 1 }
            switch (request.isMutating, state.point, state.process) {
            case (true, .change(state.changes, let moment), let process?): return .drop(moment) { await process.kill() }
            case (false, .read(state.reads), let process?): return .drop(.before) { await process.kill() }
            default: return nil
            }
        }
    }
}
