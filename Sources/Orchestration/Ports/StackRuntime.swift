public import StagingModel

/// An engine that runs stacks. Implemented by `KubernetesRuntime` and `PodmanRuntime`.
///
/// Every operation can be repeated: after a crash the orchestrator calls it again with the same arguments. Every operation
/// throws ``StepError``; its `isRetryable` says whether the same call can succeed later. All honour task cancellation.
public protocol StackRuntime: Sendable {
    /// Brings the engine to `plan`, object by object, wave by wave. The namespace is created with `lease` on it, and never
    /// exists without. `onNamespace` is told the namespace's UID before anything is put into it, so that a crash in
    /// between leaves a record. `onWaiting` is told, when it changes, which objects of a wave the next one waits for. Refuses a
    /// namespace of that name that does not carry the stack's labels.
    func apply(
        _ plan: Plan, lease: Lease, onNamespace: @Sendable (_ uid: String) async throws -> Void,
        onWaiting: @Sendable (String) async throws -> Void
    ) async throws

    /// Follows the stack's workloads by watching, tells each change of their readiness, and returns once `.ready` was told.
    func awaitReady(_ stack: StackName, onChange: @Sendable (Readiness) async throws -> Void) async throws

    /// What the engine has under the stack's name now.
    func observe(_ stack: StackName) async throws -> Observation

    /// Writes the lease on the namespace, when it still is the one with this UID.
    func renew(_ lease: Lease, of stack: StackName, uid: String) async throws

    /// Starts the teardown of exactly this namespace, and returns how many objects of each kind were in it. A namespace that is
    /// gone, or is going, is success.
    func destroy(_ stack: StackName, uid: String) async throws -> [String: Int]

    /// Returns when the engine says that the namespace with this UID is no more. `onHolding` is told, when it changes, what holds the
    /// deletion up, in words from the engine. Finalizers are never forced.
    func awaitGone(_ stack: StackName, uid: String, onHolding: @Sendable (String) async throws -> Void) async throws

    /// All stacks that the engine carries, found by their labels.
    func stacks() async throws -> [ObservedStack]

    /// Where the hosts of a stack lead, as its Ingress objects say: what a gateway on this machine needs. Asked once it is ready.
    func routes(of stack: StackName) async throws -> [StackRoute]

    /// Stacks whose routes may be others from now on, although nothing was deployed: their pods have addresses of their own, which come and
    /// go. For one reader.
    func routeChanges() -> AsyncStream<StackName>

    /// The stack's workloads as they are now, by kind and name; none when the engine has nothing of it.
    func workloads(of stack: StackName) async throws -> [WorkloadStatus]

    /// Tells the lines that the stack's containers wrote, in the order of their times; with `follow`, each as it comes, from many
    /// containers at once, until the stack is gone. Nothing more is read while `onLine` takes its time. Refuses a name that nothing in the
    /// stack has.
    func logs(of stack: StackName, _ query: LogQuery, onLine: @Sendable (LogLine) async throws -> Void) async throws

    /// What Slingshot may do there, for `doctor`. Throws when the engine does not answer; a missing right is a finding.
    func access() async throws -> [AccessFinding]
}

extension StackRuntime {
    /// ``apply(_:lease:onNamespace:onWaiting:)`` for those who don't ask what it waits for.
    public func apply(_ plan: Plan, lease: Lease, onNamespace: @Sendable (_ uid: String) async throws -> Void) async throws {
        try await apply(plan, lease: lease, onNamespace: onNamespace) { _ in }
    }

    /// An engine that has no rights of its own: who reaches it may everything.
    public func access() async throws -> [AccessFinding] { [] }

    /// An engine that nothing but itself can route to.
    public func routes(of stack: StackName) async throws -> [StackRoute] { [] }

    /// An engine whose routes stay as they are until the next deploy.
    public func routeChanges() -> AsyncStream<StackName> { AsyncStream { $0.finish() } }
}

/// Why a step of the orchestrator did not succeed.
public struct StepError: Error, Hashable, CustomStringConvertible {
    /// One stable line for people, with the fix where there is one.
    public var message: String
    /// Whether the same step can succeed later without anybody changing anything.
    public var isRetryable: Bool
    /// Whether an image is not in its registry yet, which somebody is about to push.
    public var awaitsImage: Bool

    public init(_ message: String, isRetryable: Bool, awaitsImage: Bool = false) {
        self.message = message
        self.isRetryable = isRetryable
        self.awaitsImage = awaitsImage
    }

    public var description: String { message }
}
