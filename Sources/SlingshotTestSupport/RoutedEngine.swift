public import Orchestration
public import StagingModel
import Synchronization

/// An engine that does nothing but tell its routes.
public final class RoutedEngine: StackRuntime {
    private let current: Mutex<[StackRoute]>
    private let (changes, change) = AsyncStream.makeStream(of: StackName.self)

    public init(routes: [StackRoute]) { current = Mutex(routes) }

    /// From now on there is one route, to this address; says so.
    public func move(to upstream: String) {
        current.withLock { $0 = [StackRoute(host: "shop-7.staging.example.com", upstreams: [upstream])] }
        change.yield(Samples.stackName())
    }

    public func routes(of stack: StackName) async throws -> [StackRoute] { current.withLock { $0 } }
    public func routeChanges() -> AsyncStream<StackName> { changes }
    public func apply(
        _ plan: Plan, lease: Lease, onNamespace: @Sendable (String) async throws -> Void, onWaiting: @Sendable (String) async throws -> Void
    ) async throws {}
    public func workloads(of stack: StackName) async throws -> [WorkloadStatus] { [] }
    public func logs(of stack: StackName, _ query: LogQuery, onLine: @Sendable (LogLine) async throws -> Void) async throws {}
    public func awaitReady(_ stack: StackName, onChange: @Sendable (Readiness) async throws -> Void) async throws {}
    public func observe(_ stack: StackName) async throws -> Observation { .absent }
    public func renew(_ lease: Lease, of stack: StackName, uid: String) async throws {}
    public func destroy(_ stack: StackName, uid: String) async throws -> [String: Int] { [:] }
    public func awaitGone(_ stack: StackName, uid: String, onHolding: @Sendable (String) async throws -> Void) async throws {}
    public func stacks() async throws -> [ObservedStack] { [] }
}
