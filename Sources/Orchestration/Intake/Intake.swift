import Foundation
public import StagingModel

/// Takes what forges and people ask for into the record, and wakes the orchestrator. When one of its functions returns, the
/// change is on disk.
public struct Intake: Sendable {
    let store: any StackStore
    let repositories: [RepositoryName: RepositorySettings]
    let policy: LaunchPolicy
    let clock: any WallClock
    let wake: @Sendable (StackName) -> Void

    /// `wake` is told each stack whose record changed.
    public init(
        store: any StackStore, repositories: [RepositorySettings], policy: LaunchPolicy, clock: any WallClock,
        wake: @escaping @Sendable (StackName) -> Void
    ) {
        self.store = store
        self.repositories = Dictionary(repositories.map { ($0.name, $0) }) { first, _ in first }
        self.policy = policy
        self.clock = clock
        self.wake = wake
    }

    /// Stores a verified delivery and what it changes, in one transaction. The same delivery again is answered as the first time
    /// and changes nothing.
    public func receive(_ event: PullRequestEvent, delivery key: DeliveryKey, repository: RepositoryName) async throws -> DeliveryOutcome {
        guard let settings = repositories[repository] else { throw RequestRefusal.unknownRepository(repository.description) }
        let now = clock.now.wholeSeconds
        let (outcome, changed) = try await store.write { [policy] transaction in
            if let known = try transaction.outcome(ofDelivery: key) { return (known, false) }
            let name = StackName(repository: repository, number: event.pullRequest.number)
            let current = try name.flatMap { try transaction.stack($0) }
            let admission = admit(event, to: settings, current: current, policy: policy, now: now)
            let outcome = DeliveryOutcome(delivery: key.id, stack: name, action: admission.action, reason: admission.reason)
            try transaction.remember(outcome, ofDelivery: key, at: now)
            guard var stack = admission.stack else { return (outcome, false) }
            stack.updatedAt = now
            try transaction.save(stack, wakeAt: now)
            try transaction.append(
                StackEvent(
                    stack: stack.name, at: now, kind: .delivery, name: admission.action.rawValue,
                    message: "\(key.forge) delivery \(key.id): \(admission.reason)"))
            return (outcome, true)
        }
        if changed, let name = outcome.stack { wake(name) }
        return outcome
    }

    /// Launches a pull request's stack without a delivery. A running stack is deployed anew from its ref. Here as below, the history says
    /// that `requester` asked for it.
    public func create(repository: String, number: Int, ref: String?, commit: CommitID?, by requester: String? = nil) async throws
        -> Stack
    {
        guard let name = RepositoryName(repository), let settings = repositories[name] else {
            throw RequestRefusal.unknownRepository(repository)
        }
        guard let stackName = StackName(repository: name, number: number) else { throw RequestRefusal.badNumber(number) }
        let now = clock.now.wholeSeconds
        return try await change(stackName, name: "create", at: now, by: requester) { [policy] current in
            var stack: Stack
            if let current, current.isRunning(at: now) {
                stack = current
                stack.anew(message: "redeploy requested", at: now)
            } else {
                stack = Stack(launching: stackName, of: settings, instead: current, policy: policy, now: now)
            }
            stack.ref = ref
            stack.pinnedCommit = commit
            stack.exempt = true
            stack.requireApproval(by: settings.forks)
            stack.askForge(of: settings)
            let what = "requested" + (ref.map { " from \($0)" } ?? "") + (commit.map { " at \($0.short)" } ?? "")
            return (stack, what + stack.untoldNote(of: settings))
        }
    }

    /// Lets one commit of a fork's pull request have its stack; the next push has to be approved again. Launches it anew where its lease ended
    /// while it waited. Refuses any other commit than the one that waits, because nobody looked at that.
    public func approve(_ name: StackName, commit: CommitID, by requester: String? = nil) async throws -> Stack {
        let now = clock.now.wholeSeconds
        return try await change(name, name: "approve", at: now, by: requester) { [policy, repositories] current in
            guard var stack = current else { throw RequestRefusal.unknownStack(name.description) }
            guard stack.approval != nil else { throw RequestRefusal.notApprovable("\(name) comes from no fork that needs approval") }
            guard let waiting = stack.commitToApprove, waiting == commit else {
                let now = stack.commitToApprove?.description ?? "not known yet"
                throw RequestRefusal.notApprovable("the commit of \(name) is \(now), not \(commit); look at that one, and approve it")
            }
            if !stack.isRunning(at: now), [nil, .expired].contains(stack.destroyReason), let settings = repositories[name.repository] {
                stack = Stack(launching: name, of: settings, instead: stack, policy: policy, now: now)
            }
            guard stack.isRunning(at: now) else { throw RequestRefusal.notRunning(name, stack.phase) }
            stack.approval?.commit = commit
            if stack.phase == .waiting { (stack.phase, stack.message) = (.queued, "\(commit.short) is approved") }
            return (stack, "approved \(commit)")
        }
    }

    /// Asks for the stack's end. A stack that is going already is left as it is.
    public func destroy(_ name: StackName, by requester: String? = nil) async throws -> Stack {
        try await change(name, name: "destroy", at: clock.now.wholeSeconds, by: requester) { current in
            guard var stack = current else { throw RequestRefusal.unknownStack(name.description) }
            guard stack.wanted == .running else { return (stack, "it is \(stack.phase.rawValue) already") }
            stack.end(.requested, message: "destruction requested")
            return (stack, "destruction requested")
        }
    }

    /// Moves the end of the stack's lease. Throws ``LeaseRefusal`` and ``RequestRefusal``.
    public func extend(_ name: StackName, _ change: LeaseChange, by requester: String? = nil) async throws -> Stack {
        let now = clock.now.wholeSeconds
        return try await self.change(name, name: "extend", at: now, by: requester) { [policy] current in
            guard var stack = current else { throw RequestRefusal.unknownStack(name.description) }
            guard stack.isRunning(at: now) else { throw RequestRefusal.notRunning(name, stack.phase) }
            stack.lease = try stack.lease.extended(change, at: now, policy: policy.lifetime)
            return (stack, "the lease now ends at \(stack.lease.expiresAt?.rfc3339 ?? StackMetadata.never)")
        }
    }

    private func change(
        _ name: StackName, name word: String, at now: Date, by requester: String?,
        _ body: @escaping @Sendable (Stack?) throws -> (Stack, message: String)
    ) async throws -> Stack {
        let changed = try await store.write { transaction in
            let current = try transaction.stack(name)
            var (stack, message) = try body(current)
            guard stack != current else { return stack }
            stack.updatedAt = now
            try transaction.save(stack, wakeAt: now)
            try transaction.append(
                StackEvent(stack: name, at: now, kind: .request, name: word, message: message + (requester.map { " (by \($0))" } ?? "")))
            return stack
        }
        wake(name)
        return changed
    }
}

/// Why a request was not carried out. Trying the same again can't help; each text names the fix.
public enum RequestRefusal: Error, Hashable, CustomStringConvertible {
    case unknownRepository(String)
    case unknownStack(String)
    case badNumber(Int)
    case notRunning(StackName, Phase)
    case notApprovable(String)

    public var description: String {
        switch self {
        case .unknownRepository(let name):
            "no repository \"\(name)\" is configured; add it under `repositories` in the server's configuration"
        case .unknownStack(let name): "there is no stack \"\(name)\"; `slingshot list --all` shows those that there are"
        case .badNumber(let number): "\(number) is not a pull request's number; it must be 1 or more"
        case .notRunning(let name, let phase):
            "\(name) is \(phase.rawValue), so that can't be done; push to the pull request, or use `slingshot create`, to launch it anew"
        case .notApprovable(let why): why
        }
    }
}
