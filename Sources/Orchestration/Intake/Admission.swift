public import Foundation
public import StagingModel

/// What a verified event does to a stack's record. Pure.
public struct Admission: Hashable, Sendable {
    public var action: DeliveryOutcome.Action
    /// One line: why.
    public var reason: String
    /// The record as it has to be stored; nil when nothing changes.
    public var stack: Stack?

    static func ignored(_ reason: String) -> Admission { Admission(action: .ignored, reason: reason, stack: nil) }
}

/// What the server's configuration says about new stacks.
public struct LaunchPolicy: Sendable {
    public var lifetime: LifetimePolicy
    public var addressing: StackAddressing

    public init(lifetime: LifetimePolicy, addressing: StackAddressing) {
        self.lifetime = lifetime
        self.addressing = addressing
    }
}

/// Decides what becomes of `event`, given the stack that its pull request has now.
public func admit(_ event: PullRequestEvent, to repository: RepositorySettings, current: Stack?, policy: LaunchPolicy, now: Date)
    -> Admission
{
    guard let name = StackName(repository: repository.name, number: event.pullRequest.number) else {
        return .ignored("pull request number \(event.pullRequest.number) is out of range")
    }
    if let told = event.updatedAt, current?.knowsNewer(than: told) == true {
        return .ignored("out of date: the pull request has changed since \(told.rfc3339)")
    }
    if event.change == .closed || event.change == .merged || !event.isOpen {
        return close(event, name: name, repository: repository, current: current, policy: policy, now: now)
    }
    if event.pullRequest.isFork, let refusal = refusal(ofForksBy: repository) { return .ignored(refusal) }
    let known = current?.pullRequest ?? PullRequest(number: name.number)
    let pullRequest = event.pullRequest(after: known, moved: current.map { movesHead(event, of: $0) } ?? true)
    if let exclusion = repository.when.exclusion(of: pullRequest), !exempts(current, from: repository.when, at: now),
        !exclusion.awaitsAnswer(of: pullRequest, in: repository)
    {
        var stack = current ?? Stack(launching: name, of: repository, instead: nil, policy: policy, now: now)
        (stack.pullRequest, stack.forgeUpdatedAt) = (pullRequest, event.updatedAt ?? stack.forgeUpdatedAt)
        return exclude(&stack, exclusion, isNew: current == nil, by: event.change)
    }
    if var stack = current, stack.isRunning(at: now) {
        return update(&stack, with: event, of: repository, policy: policy, now: now)
    }
    guard launches(event, instead: current, by: repository.when) else {
        return .ignored("the pull request has no stack that \"\(event.change.rawValue)\" could update")
    }
    var stack = Stack(launching: name, of: repository, instead: current, policy: policy, now: now)
    stack.pullRequest = pullRequest
    stack.forgeUpdatedAt = event.updatedAt
    stack.undecided = repository.when.paths == nil ? nil : true
    stack.requireApproval(by: repository.forks)
    stack.askForge(of: repository)
    let hold = stack.awaitsApproval ? "; waiting until its commit is approved" : ""
    stack.message = "pull request \(event.change.rawValue)\(hold)\(stack.untoldNote(of: repository))"
    return Admission(action: .create, reason: stack.message, stack: stack)
}

/// Why a pull request from a fork gets no stack; nil when it gets one.
func refusal(ofForksBy repository: RepositorySettings) -> String? {
    switch repository.forks {
    case .allow, .approval: nil
    case .deny: "the pull request comes from a fork, and forks are denied for \(repository.name)"
    }
}

/// Whether the head is another one than the stack's record knows. A forge that does not say which it is now says at least that it was pushed.
func movesHead(_ event: PullRequestEvent, of stack: Stack) -> Bool {
    let known = stack.pullRequest
    if let head = event.pullRequest.head { return head != known.head }
    guard let short = event.pullRequest.shortHead else { return event.change == .pushed }
    return known.head.map { !event.pullRequest.names($0) } ?? (short != known.shortHead)
}

private func update(_ stack: inout Stack, with event: PullRequestEvent, of repository: RepositorySettings, policy: LaunchPolicy, now: Date)
    -> Admission
{
    let (moved, base) = (movesHead(event, of: stack), stack.pullRequest.base)
    stack.pullRequest = event.pullRequest(after: stack.pullRequest, moved: moved)
    stack.forgeUpdatedAt = event.updatedAt ?? stack.forgeUpdatedAt
    stack.requireApproval(by: repository.forks)
    guard moved else {
        let dependsOnBase = repository.when.paths != nil && stack.exempt != true || stack.pullRequest.isFork
        if dependsOnBase, stack.pullRequest.base != base {
            // What it changes is something else now, or its stack file is.
            stack.anew(message: "its base is another branch now", at: now)
            return Admission(action: .update, reason: "pull request \(event.change.rawValue); its base is another branch now", stack: stack)
        }
        return Admission(action: .update, reason: "pull request \(event.change.rawValue); its commit is the same", stack: stack)
    }
    stack.ref = nil
    stack.pinnedCommit = nil
    let isDeploying = stack.isDeploying
    let message = "new commit \(event.pullRequest.head?.short ?? event.pullRequest.shortHead ?? "on its branch")"
    stack.anew(message: message, at: now)
    stack.askForge(of: repository)
    if isDeploying { stack.settlesAt = now.addingTimeInterval(Stack.settling) }
    // A stranger's push keeps nothing alive.
    let renews = policy.lifetime.renewOnPush && !stack.awaitsApproval
    if renews, stack.lease.expiresAt != nil { stack.lease = Lease(from: now, policy: policy.lifetime) }
    return Admission(action: .update, reason: message, stack: stack)
}

private func close(
    _ event: PullRequestEvent, name: StackName, repository: RepositorySettings, current: Stack?, policy: LaunchPolicy, now: Date
) -> Admission {
    let word = event.isOpen ? event.change.rawValue : "closed"
    guard var stack = current else {
        if event.pullRequest.isFork, refusal(ofForksBy: repository) != nil { return .ignored("the pull request has no stack") }
        // Remembered all the same: an "opened" that was sent earlier and arrives later must not launch it; and with a database
        // that was lost, the engine may have what this record knows nothing of, so the worker looks.
        var stack = Stack(launching: name, of: repository, instead: nil, policy: policy, now: now)
        stack.pullRequest = event.pullRequest
        stack.forgeUpdatedAt = event.updatedAt
        stack.end(.closed, message: "pull request \(word)")
        return Admission(action: .ignored, reason: "the pull request has no stack", stack: stack)
    }
    stack.pullRequest = event.pullRequest(after: stack.pullRequest, moved: false)
    stack.forgeUpdatedAt = event.updatedAt ?? stack.forgeUpdatedAt
    guard stack.wanted == .running else {
        // What kept it out may change now without an effect.
        if stack.exclusion != nil {
            (stack.wanted, stack.exclusion) = (.gone(.closed), nil)
            if stack.phase == .destroyed { stack.message = "pull request \(word)" }
        }
        return Admission(action: .ignored, reason: "the stack is \(stack.phase.rawValue) already", stack: stack)
    }
    stack.end(.closed, message: "pull request \(word)")
    return Admission(action: .destroy, reason: "pull request \(word)", stack: stack)
}

extension Stack {
    /// A stack that has to run under a new lease: a new one, or `previous` once more. What is left of that on its engine keeps its UID:
    /// it is deployed over, or, when it is terminating, awaited first.
    init(launching name: StackName, of repository: RepositorySettings, instead previous: Stack?, policy: LaunchPolicy, now: Date) {
        self.init(
            name: name, runtime: repository.runtime, forge: repository.forge.rawValue, repositoryFullName: repository.repository,
            pullRequest: PullRequest(number: name.number), lease: Lease(from: now, policy: policy.lifetime),
            namespace: policy.addressing.namespace(of: name), url: policy.addressing.url(of: name), createdAt: now)
        guard let previous else { return }
        pullRequest = previous.pullRequest
        forgeUpdatedAt = previous.forgeUpdatedAt
        approval = previous.approval
        revision = previous.revision + 1
        guard previous.phase != .destroyed else { return }
        // What is left of it stays on record where it stands; of what ran, nothing is promised any more.
        (runtime, namespaceUID, copies) = (previous.runtime, previous.namespaceUID, previous.copies)
        for copy in copies { changeCopy(on: copy.runtime) { $0.deployed = nil } }
        move(to: repository.runtime)
    }

    /// Whether a delivery told of the pull request after `instant`, by the forge's own time.
    func knowsNewer(than instant: Date?) -> Bool {
        guard let seen = forgeUpdatedAt, let instant else { return false }
        return instant < seen
    }

    /// Whether a person has to approve its commit, by the repository's `forks`. What was approved stays so.
    mutating func requireApproval(by forks: RepositorySettings.ForkPolicy) {
        approval = pullRequest.isFork && forks == .approval ? approval ?? Approval() : nil
    }

    /// Whether it is wanted and its lease has not ended; a record can say the one before the worker came to the other.
    func isRunning(at now: Date) -> Bool { wanted == .running && !lease.isExpired(at: now) }

    /// Seconds in which no further push comes before one that cut another's deploy short is deployed. Instants are whole seconds, so it is one
    /// at least. A push to a stack that stands still is never held.
    static let settling: TimeInterval = 2

    /// Whether the present revision is on its way to the engine.
    var isDeploying: Bool { deployed?.revision != revision && (failure == nil || failure?.retryAt != nil) }

    /// A new revision has to be deployed; what runs goes on until then. `now` is when it was asked for; nil when nobody did.
    mutating func anew(message: String, at now: Date?) {
        answer = nil
        revision += 1
        requestedAt = now
        failure = nil
        settlesAt = nil
        phase = .queued
        self.message = message
    }

    /// From now on nothing of this stack is wanted.
    mutating func end(_ reason: DestroyReason, message: String) {
        answer = nil
        if wanted == .running { endedReady = phase == .ready || phase == .sleeping ? true : nil }
        wanted = .gone(reason)
        failure = nil
        phase = .destroying
        self.message = message
    }
}
