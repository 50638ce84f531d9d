public import Orchestration
public import StagingModel

/// An engine that does nothing but tell its routes.
public struct RoutedEngine: StackRuntime {
    let routes: [StackRoute]

    public init(routes: [StackRoute]) { self.routes = routes }

    public func routes(of stack: StackName) async throws -> [StackRoute] { routes }
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
