public import Foundation
public import StagingModel

/// The one thing to do next for a stack.
public enum Step: Hashable, Sendable {
    /// Ask the engine what it has under the stack's name.
    case observe
    /// Ask the forge for what nobody told of the pull request.
    case ask(revision: Int)
    /// Find the commit that this revision stands for.
    case fetch(revision: Int)
    /// Say that a person has to approve the commit first.
    case hold
    /// Make the image that this commit asks for.
    case build(revision: Int, commit: CommitID, image: String)
    /// Render this commit and apply it.
    case deploy(revision: Int, commit: CommitID)
    /// Follow what was applied until it is ready.
    case watch(revision: Int)
    /// Write the record's lease on the namespace.
    case renewLease(Lease, uid: String)
    /// Take over a namespace that carries our labels but whose UID was not recorded: a crash came between.
    case adopt(uid: String)
    /// The namespace that was recorded is no more, and nobody here asked for that: it was deleted outside, or by the reaper.
    case forget(uid: String)
    /// What went wrong is over, and nothing is left to do: say so.
    case recover
    /// Something stands in the way that only a person can move.
    case refuse(String)
    /// The lease has ended: nothing is wanted any more.
    case expire
    /// Start the teardown of this namespace.
    case destroy(uid: String)
    /// Wait until the engine says that it is gone.
    case awaitGone(uid: String)
    /// Write the record's lease on what still runs on another engine.
    case renewCopy(Lease, Placement)
    /// Destroy what stands on another engine, and wait until that says that it is gone.
    case retire(Placement)
    /// Nothing of the stack exists any more: write its end.
    case finish(DestroyReason, note: String?)
    /// Take the label off the pull request of a stack that has expired.
    case unlabel(String)
    /// Nothing to do until then; nil for until something new is wanted.
    case wait(until: Date?)
}

extension Step {
    /// A stable word for logs, events and metrics.
    public var name: String {
        switch self {
        case .observe: "observe"
        case .ask: "ask"
        case .fetch: "fetch"
        case .hold: "hold"
        case .build: "build"
        case .deploy: "deploy"
        case .watch: "watch"
        case .renewLease: "renew"
        case .adopt: "adopt"
        case .forget: "forget"
        case .recover: "recover"
        case .refuse: "refuse"
        case .expire: "expire"
        case .destroy: "destroy"
        case .awaitGone: "await-gone"
        case .renewCopy: "renew-copy"
        case .retire: "retire"
        case .finish: "finish"
        case .unlabel: "unlabel"
        case .wait: "wait"
        }
    }

    /// Whether the step, once begun, has no use any more, because something else is wanted by now. A teardown that has begun goes on: even a
    /// pull request that was reopened needs its old namespace gone.
    public func isSuperseded(by stack: Stack, at now: Date) -> Bool {
        switch self {
        case .ask(let revision), .fetch(let revision), .build(let revision, _, _), .deploy(let revision, _), .watch(let revision):
            stack.wanted != .running || stack.revision != revision || stack.lease.isExpired(at: now)
        case .unlabel(let label):
            stack.expiredLabel != label
        case .hold:
            stack.wanted != .running || !stack.awaitsApproval
        default:
            false
        }
    }

    /// Whether the step, begun with `stack`, has to stop because the record is `current` by now: it is superseded, or it waits for
    /// something while there is something to do.
    public func yields(to current: Stack, begunWith stack: Stack, at now: Date) -> Bool {
        switch self {
        case .observe: current.wanted != stack.wanted || current.revision != stack.revision
        case .watch: isSuperseded(by: current, at: now) || current.lease != stack.lease
        // It begins anew at once, and says what is waited for now.
        case .awaitGone: current.wanted != stack.wanted
        // An engine that takes its time with a copy must not hold the stack up; what has begun there is gone on with afterwards.
        case .retire: current.wanted != stack.wanted || current.revision != stack.revision || current.lease != stack.lease
        default: isSuperseded(by: current, at: now)
        }
    }

    /// Whether a failure that trying again can't help ends the matter until something new is wanted. Only of what the revision itself
    /// asks for; an engine that refuses anything else is asked again, because a person may mend its rights.
    public var isOfRevision: Bool {
        switch self {
        case .ask, .fetch, .build, .deploy, .watch, .refuse: true
        default: false
        }
    }

    /// The engine that the step talks to; nil for one that concerns the repository, or the record alone.
    func engine(of stack: Stack) -> String? {
        switch self {
        case .observe, .deploy, .watch, .renewLease, .destroy, .awaitGone: stack.runtime
        case .renewCopy(_, let copy), .retire(let copy): copy.runtime
        case .ask, .fetch, .hold, .build, .adopt, .forget, .recover, .refuse, .expire, .finish, .unlabel, .wait: nil
        }
    }
}
