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
        guard let name = RepositoryName(repository), repositories[name] != nil else { throw RequestRefusal.unknownRepository(repository) }
        guard let stackName = StackName(repository: name, number: number) else { throw RequestRefusal.badNumber(number) }
        return try await change(stackName, .create(ref: ref, commit: commit), by: requester)
    }

    /// Lets one commit of a fork's pull request have its stack; the next push has to be approved again. Launches it anew where its lease ended
    /// while it waited. Refuses any other commit than the one that waits, because nobody looked at that.
    public func approve(_ name: StackName, commit: CommitID, by requester: String? = nil) async throws -> Stack {
        try await change(name, .approve(commit), by: requester)
    }

    /// Asks for the stack's end. A stack that is going already is left as it is.
    public func destroy(_ name: StackName, by requester: String? = nil) async throws -> Stack {
        try await change(name, .destroy, by: requester)
    }

    /// Moves the end of the stack's lease. Throws ``LeaseRefusal`` and ``RequestRefusal``.
    public func extend(_ name: StackName, _ change: LeaseChange, by requester: String? = nil) async throws -> Stack {
        try await self.change(name, .extend(change), by: requester)
    }

    private func change(_ name: StackName, _ request: StackRequest, by requester: String?) async throws -> Stack {
        let now = clock.now.wholeSeconds
        let changed = try await store.write { [policy, repositories] transaction in
            let current = try transaction.stack(name)
            var (stack, message) = try request.applied(
                to: current, name, of: repositories[name.repository], policy: policy, now: now)
            guard stack != current else { return stack }
            stack.updatedAt = now
            try transaction.save(stack, wakeAt: now)
            try transaction.append(request.event(of: name, message, by: requester, at: now))
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
    case notLaunchable(String)

    public var description: String {
        switch self {
        case .unknownRepository(let name):
            "no repository \"\(name)\" is configured; add it under `repositories` in the server's configuration"
        case .unknownStack(let name): "there is no stack \"\(name)\"; `slingshot list --all` shows those that there are"
        case .badNumber(let number): "\(number) is not a pull request's number; it must be 1 or more"
        case .notRunning(let name, let phase):
            "\(name) is \(phase.rawValue), so that can't be done; push to the pull request, or use `slingshot create`, to launch it anew"
        case .notApprovable(let why), .notLaunchable(let why): why
        }
    }
}
