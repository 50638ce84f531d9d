public import Foundation
public import StagingModel

/// What to do next for a stack: pure and total.
///
/// `observed` is what the engine showed since the last step that changed it; nil when it was not asked yet. Because every
/// answer is a function of the record, the engine and the time, a process that is killed between any two steps goes on
/// where it was.
public func decide(_ stack: Stack, observed: Observation?, now: Date) -> Step {
    switch stack.wanted {
    case .running:
        stack.lease.isExpired(at: now) ? .expire : decideRunning(stack, observed: observed, now: now)
    case .gone(let reason):
        decideGone(stack, reason: reason, observed: observed, now: now)
    }
}

private func decideGone(_ stack: Stack, reason: DestroyReason, observed: Observation?, now: Date) -> Step {
    if stack.phase == .destroyed, stack.expiredLabel == nil { return .wait(until: nil) }
    if let retryAt = stack.failure?.retryAt, retryAt > now { return .wait(until: retryAt) }
    if stack.phase == .destroyed, let label = stack.expiredLabel { return .unlabel(label) }
    // Every engine that has something of it: what failed last is tried last, so that none that is away holds up another.
    let copy = stack.copies.first.map { Step.retire($0) }
    if let copy, stack.failure?.step != copy.name { return copy }
    switch observed {
    case nil:
        return .observe
    case .absent:
        return copy ?? .finish(reason, note: nil)
    case .foreign(let what):
        return copy ?? .finish(reason, note: what)
    case .present(let namespace):
        if let recorded = stack.namespaceUID, recorded != namespace.uid {
            return copy
                ?? .finish(reason, note: "namespace \(namespace.namespace) is another one by now (UID \(namespace.uid)); it was left alone")
        }
        if stack.namespaceUID == nil { return .adopt(uid: namespace.uid) }
        return namespace.isTerminating ? .awaitGone(uid: namespace.uid) : .destroy(uid: namespace.uid)
    }
}

private func decideRunning(_ stack: Stack, observed: Observation?, now: Date) -> Step {
    if let retryAt = stack.failure?.retryAt, retryAt > now {
        return .wait(until: [retryAt, stack.lease.expiresAt].compactMap(\.self).min())
    }
    if let copy = stack.copyToRenew {
        let step = Step.renewCopy(stack.lease, copy)
        if stack.failure?.step != step.name { return step }
    }
    switch observed {
    case nil:
        return .observe
    case .foreign(let what):
        if let failure = stack.failure, failure.retryAt == nil { return .wait(until: stack.lease.expiresAt) }
        return .refuse("\(what); rename the repository in the server's configuration, or remove that namespace")
    case .present(let namespace) where namespace.isTerminating:
        return .awaitGone(uid: namespace.uid)
    case .present(let namespace) where namespace.uid != stack.namespaceUID:
        return .adopt(uid: namespace.uid)
    case .present(let namespace) where namespace.lease != stack.lease:
        return .renewLease(stack.lease, uid: namespace.uid)
    case .absent:
        // Before another is made: a teardown that finds the old UID on record would take the new one for a stranger's.
        if let uid = stack.namespaceUID { return .forget(uid: uid) }
    case .present:
        break
    }
    // A failure without a retry is final for its revision: only something new that is wanted clears it.
    if let failure = stack.failure, failure.retryAt == nil { return .wait(until: stack.lease.expiresAt) }
    guard let fetched = stack.fetched, fetched.revision == stack.revision else {
        let awaitsApproval = stack.awaitsApproval
        if !awaitsApproval, let settlesAt = stack.settlesAt, settlesAt > now {
            return .wait(until: [settlesAt, stack.lease.expiresAt].compactMap(\.self).min())
        }
        // Before anything of it is fetched: what is not known may keep it out.
        if stack.unasked == true { return .ask(revision: stack.revision) }
        if awaitsApproval {
            let isSaid = stack.phase == .waiting && stack.failure == nil && stack.message == stack.approvalText
            return isSaid ? .wait(until: stack.lease.expiresAt) : .hold
        }
        return .fetch(revision: stack.revision)
    }
    guard let deployed = stack.deployed, deployed.revision == stack.revision else {
        if let image = fetched.image, fetched.builtAt == nil {
            return .build(revision: stack.revision, commit: fetched.commit, image: image)
        }
        return .deploy(revision: stack.revision, commit: fetched.commit)
    }
    guard let readyAt = deployed.readyAt else { return .watch(revision: stack.revision) }
    if let copy = stack.copies.first {
        let end = readyAt.addingTimeInterval(Stack.overlap)
        return end > now ? .wait(until: [end, stack.lease.expiresAt].compactMap(\.self).min()) : .retire(copy)
    }
    return stack.failure == nil ? .wait(until: stack.lease.expiresAt) : .recover
}
