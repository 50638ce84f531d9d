import Foundation
public import Orchestration
public import StagingModel
import Synchronization

/// A runtime in memory that behaves as a cluster does: namespaces have UIDs, deletion takes its time, and what it says depends on what was
/// done to it. Tests decide in `onCall` what goes wrong.
public final class SimulatedEngine: StackRuntime {
    public struct Namespace: Sendable {
        public var uid: String
        public var lease: Lease
        public var commit: CommitID?
        public var planDigest: String?
        public var isTerminating = false
        public var isForeign = false

        public init(uid: String, lease: Lease, commit: CommitID? = nil, planDigest: String? = nil) {
            self.uid = uid
            self.lease = lease
            self.commit = commit
            self.planDigest = planDigest
        }
    }

    public struct State: Sendable {
        public var namespaces: [StackName: Namespace] = [:]
        /// The UIDs whose deletion was asked for, in order.
        public var destroyed: [String] = []
        public var workloads: [StackName: [WorkloadStatus]] = [:]
        public var logs: [StackName: [LogLine]] = [:]
        /// How often a plan was applied whole.
        public var applies = 0
        var made = 0
    }

    /// What is called before and after an operation's effect. Throwing there is a failure, or a crash when it is `CancellationError`.
    public typealias Hook = @Sendable (_ operation: String, _ stack: StackName?, _ isAfter: Bool) async throws -> Void

    private let state = Mutex(State())
    private let readinessOf: @Sendable (StackName) -> [Readiness]
    private let hook: Hook

    public init(
        onCall: @escaping Hook = { _, _, _ in },
        readiness: @escaping @Sendable (StackName) -> [Readiness] = { _ in [.progressing("starting"), .ready] }
    ) {
        readinessOf = readiness
        hook = onCall
    }

    public var snapshot: State { state.withLock { $0 } }

    /// Changes what the engine holds, as somebody else with rights would.
    public func meddle(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    public func apply(
        _ plan: Plan, lease: Lease, onNamespace: @Sendable (String) async throws -> Void, onWaiting: @Sendable (String) async throws -> Void
    ) async throws {
        try await hook("apply", plan.stack, false)
        let uid = try state.withLock { state in
            if let existing = state.namespaces[plan.stack] {
                guard !existing.isForeign else { throw StepError("namespace \(plan.namespace) is not ours", isRetryable: false) }
                guard !existing.isTerminating else { throw StepError("namespace \(plan.namespace) is terminating", isRetryable: true) }
                state.namespaces[plan.stack]?.lease = lease
                return existing.uid
            }
            state.made += 1
            let uid = "uid-\(state.made)"
            state.namespaces[plan.stack] = Namespace(uid: uid, lease: lease)
            return uid
        }
        try await hook("namespace", plan.stack, true)
        try await onNamespace(uid)
        try await hook("objects", plan.stack, false)
        try state.withLock { state in
            guard let namespace = state.namespaces[plan.stack], namespace.uid == uid, !namespace.isTerminating else {
                throw StepError("namespace \(plan.namespace) went away", isRetryable: true)
            }
            state.namespaces[plan.stack]?.commit = plan.commit
            state.namespaces[plan.stack]?.planDigest = plan.digest
            state.applies += 1
        }
        try await hook("apply", plan.stack, true)
    }

    public func awaitReady(_ stack: StackName, onChange: @Sendable (Readiness) async throws -> Void) async throws {
        for readiness in readinessOf(stack) {
            try await hook("readiness", stack, false)
            try await onChange(readiness)
            if readiness == .ready { return }
        }
        // Never ready: until it is cancelled.
        for await _ in AsyncStream<Void>.makeStream().stream {}
        throw CancellationError()
    }

    public func observe(_ stack: StackName) async throws -> Observation {
        try await hook("observe", stack, false)
        guard let namespace = snapshot.namespaces[stack] else { return .absent }
        return namespace.isForeign ? .foreign("namespace staging-\(stack) is somebody else's") : .present(observed(stack, namespace))
    }

    public func renew(_ lease: Lease, of stack: StackName, uid: String) async throws {
        try await hook("renew", stack, false)
        try state.withLock { state in
            guard state.namespaces[stack]?.uid == uid else { throw StepError("the namespace is another one", isRetryable: false) }
            state.namespaces[stack]?.lease = lease
        }
        try await hook("renew", stack, true)
    }

    public func destroy(_ stack: StackName, uid: String) async throws -> [String: Int] {
        try await hook("destroy", stack, false)
        state.withLock { state in
            guard let namespace = state.namespaces[stack], namespace.uid == uid, !namespace.isForeign else { return }
            state.namespaces[stack]?.isTerminating = true
            state.destroyed.append(uid)
        }
        try await hook("destroy", stack, true)
        return ["Pod": 1]
    }

    public func awaitGone(_ stack: StackName, uid: String, onHolding: @Sendable (String) async throws -> Void) async throws {
        try await hook("await-gone", stack, false)
        state.withLock { state in
            if state.namespaces[stack]?.uid == uid, state.namespaces[stack]?.isTerminating == true { state.namespaces[stack] = nil }
        }
        try await hook("await-gone", stack, true)
    }

    public func stacks() async throws -> [ObservedStack] {
        try await hook("stacks", nil, false)
        return snapshot.namespaces.filter { !$0.value.isForeign }.map { observed($0.key, $0.value) }
    }

    public func workloads(of stack: StackName) async throws -> [WorkloadStatus] {
        try await hook("workloads", stack, false)
        return snapshot.workloads[stack] ?? []
    }

    public func logs(of stack: StackName, _ query: LogQuery, onLine: @Sendable (LogLine) async throws -> Void) async throws {
        try await hook("logs", stack, false)
        for line in snapshot.logs[stack] ?? [] where query.container == nil || query.container == line.container { try await onLine(line) }
        if query.follow { try await hook("logs", stack, true) }
    }

    private func observed(_ stack: StackName, _ namespace: Namespace) -> ObservedStack {
        var annotations: [String: String] = [:]
        annotations[StackMetadata.headSHA] = namespace.commit?.description
        annotations[StackMetadata.planDigest] = namespace.planDigest
        return ObservedStack(
            name: stack, namespace: "staging-\(stack)", uid: namespace.uid, isTerminating: namespace.isTerminating, lease: namespace.lease,
            annotations: annotations)
    }
}

/// A repository in memory: every ref names the commit pushed last, with those before as its history, and every commit has the same stack
/// file.
public final class SimulatedRefs: ChangeSource {
    private let history: Mutex<[CommitID]>
    private let stackFile: Mutex<String?>
    private let changed = Mutex<[String]?>([])
    private let hook: @Sendable () async throws -> Void

    public init(
        head: CommitID, stackFile: String? = "template: web\nvalues: {image: shop}\n",
        onFetch: @escaping @Sendable () async throws -> Void = {}
    ) {
        history = Mutex([head])
        self.stackFile = Mutex(stackFile)
        hook = onFetch
    }

    /// What every ref names now.
    public var current: CommitID { history.withLock { $0[$0.endIndex - 1] } }

    public func push(_ commit: CommitID) { history.withLock { $0.append(commit) } }

    public func write(stackFile text: String?) { stackFile.withLock { $0 = text } }

    /// The files that every commit changes against every other; nil when there is no telling.
    public func change(_ paths: [String]?) { changed.withLock { $0 = paths } }

    public func fetch(_ ref: String, of repository: RepositorySettings) async throws -> CommitID {
        try await hook()
        return current
    }

    public func changes(of commit: CommitID, since base: CommitID, touch paths: Patterns, in repository: RepositorySettings) async throws
        -> Bool
    {
        guard let changed = changed.withLock({ $0 }) else { throw StepError("the two share no history", isRetryable: false) }
        return changed.contains { paths.match($0) }
    }

    public func contains(_ commit: CommitID, in head: CommitID, of repository: RepositorySettings) async throws -> Bool {
        history.withLock { $0.contains(commit) }
    }

    public func file(_ path: String, at commit: CommitID, of repository: RepositorySettings, limit: Int) async throws -> [UInt8]? {
        stackFile.withLock { $0.map { Array($0.utf8) } }
    }

    public func files(below folder: String, at commit: CommitID, of repository: RepositorySettings, count: Int, bytes: Int) async throws
        -> [String: [UInt8]]?
    {
        nil
    }
}
