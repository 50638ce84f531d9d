import Foundation
import StagingModel

/// What people ask for of one stack, and what becomes of its record. Pure.
enum StackRequest: Hashable, Sendable {
    /// To launch it, or to deploy it anew.
    case create(ref: String?, commit: CommitID?)
    case approve(CommitID)
    case destroy
    case extend(LeaseChange)

    /// The word that the history has for it.
    var name: String {
        switch self {
        case .create: "create"
        case .approve: "approve"
        case .destroy: "destroy"
        case .extend: "extend"
        }
    }

    /// The record as it has to be stored, and what happened in one line. Throws ``RequestRefusal`` and ``LeaseRefusal``.
    ///
    /// - Parameter settings: the stack's repository; nil when it is not configured any more.
    func applied(to current: Stack?, _ name: StackName, of settings: RepositorySettings?, policy: LaunchPolicy, now: Date) throws
        -> (stack: Stack, message: String)
    {
        switch self {
        case .create(let ref, let commit):
            guard let settings else { throw RequestRefusal.unknownRepository(name.repository.description) }
            let stack = created(name, of: settings, instead: current, ref: ref, commit: commit, policy: policy, now: now)
            let what = "requested" + (ref.map { " from \($0)" } ?? "") + (commit.map { " at \($0.short)" } ?? "")
            return (stack, what + stack.untoldNote(of: settings))
        case .approve(let commit):
            var stack = try known(current, name)
            try approve(&stack, commit: commit, of: settings, policy: policy, now: now)
            return (stack, "approved \(commit)")
        case .destroy:
            var stack = try known(current, name)
            guard stack.wanted == .running else { return (stack, "it is \(stack.phase.rawValue) already") }
            stack.end(.requested, message: "destruction requested")
            return (stack, "destruction requested")
        case .extend(let change):
            var stack = try known(current, name)
            guard stack.isRunning(at: now) else { throw RequestRefusal.notRunning(name, stack.phase) }
            stack.lease = try stack.lease.extended(change, at: now, policy: policy.lifetime)
            return (stack, "the lease now ends at \(stack.lease.expiresAt?.rfc3339 ?? StackMetadata.never)")
        }
    }

    private func known(_ stack: Stack?, _ name: StackName) throws -> Stack {
        guard let stack else { throw RequestRefusal.unknownStack(name.description) }
        return stack
    }

    func event(of stack: StackName, _ message: String, by requester: String?, at now: Date) -> StackEvent {
        StackEvent(stack: stack, at: now, kind: .request, name: name, message: message + (requester.map { " (by \($0))" } ?? ""))
    }

    private func created(
        _ name: StackName, of settings: RepositorySettings, instead current: Stack?, ref: String?, commit: CommitID?, policy: LaunchPolicy,
        now: Date
    ) -> Stack {
        var stack: Stack
        if let current, current.isRunning(at: now) {
            stack = current
            stack.anew(message: "redeploy requested", at: now)
        } else {
            stack = Stack(launching: name, of: settings, instead: current, policy: policy, now: now)
        }
        stack.ref = ref
        stack.pinnedCommit = commit
        stack.exempt = true
        stack.requireApproval(by: settings.forks)
        stack.askForge(of: settings)
        return stack
    }

    private func approve(
        _ stack: inout Stack, commit: CommitID, of settings: RepositorySettings?, policy: LaunchPolicy, now: Date
    ) throws {
        let name = stack.name
        guard stack.approval != nil else { throw RequestRefusal.notApprovable("\(name) comes from no fork that needs approval") }
        guard let waiting = stack.commitToApprove, waiting == commit else {
            let now = stack.commitToApprove?.description ?? "not known yet"
            throw RequestRefusal.notApprovable("the commit of \(name) is \(now), not \(commit); look at that one, and approve it")
        }
        if !stack.isRunning(at: now), [nil, .expired].contains(stack.destroyReason), let settings {
            stack = Stack(launching: name, of: settings, instead: stack, policy: policy, now: now)
        }
        guard stack.isRunning(at: now) else { throw RequestRefusal.notRunning(name, stack.phase) }
        let waited = stack.waitReason == .approval
        stack.approval?.commit = commit
        if waited { (stack.phase, stack.message) = (.queued, "\(commit.short) is approved") }
    }
}
