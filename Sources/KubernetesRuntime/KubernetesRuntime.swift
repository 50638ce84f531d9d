import Foundation
public import KubernetesClient
public import Logging
public import Orchestration
public import StagingModel

/// Runs stacks on a Kubernetes cluster, each in a namespace of its own.
///
/// Every operation throws `StepError`, or `CancellationError` when its task is cancelled.
public struct KubernetesRuntime: StackRuntime {
    /// Owns, for the API server, the fields that Slingshot sets.
    static let fieldManager = "slingshot"

    let client: KubernetesClient
    let namespacePrefix: String
    let clock: any WallClock
    let logger: Logger

    /// - Parameters:
    ///   - client: stays the caller's to shut down.
    ///   - namespacePrefix: goes before a stack's name to make its namespace's.
    ///   - clock: what tells how long a pod's problem has lasted.
    public init(client: KubernetesClient, namespacePrefix: String, logger: Logger, clock: any WallClock = SystemClock()) {
        self.client = client
        self.namespacePrefix = namespacePrefix
        self.clock = clock
        self.logger = logger
    }

    public func observe(_ stack: StackName) async throws -> Observation {
        let name = namespaceName(of: stack)
        guard let namespace = try await namespace(name) else { return .absent }
        guard namespace.belongs(to: stack) else { return .foreign(Namespace.foreignText(name, stack)) }
        return .present(namespace.observed(as: stack))
    }

    public func renew(_ lease: Lease, of stack: StackName, uid: String) async throws {
        let name = namespaceName(of: stack)
        do { _ = try await write(lease, on: name, uid: uid) } catch let error as KubernetesError {
            // a patch with another UID is answered with 422 (the UID is immutable) or 409 (a conflict), depending on the server
            guard [404, 409, 422].contains(error.code), try await namespace(name)?.metadata.uid != uid else {
                throw StepError(error, about: "Namespace/\(name)")
            }
            throw StepError("Namespace/\(name) is gone, or another one now; the lease can't be changed", isRetryable: false)
        }
    }

    public func stacks() async throws -> [ObservedStack] {
        try await translatingErrors(about: "namespaces") {
            let selector = Selector(labels: "\(StackMetadata.managedBy)=\(StackMetadata.manager)")
            let list = try await client.list(ResourcePath(.namespaces), selector: selector, as: Namespace.self)
            var stacks: [ObservedStack] = []
            var others: [String] = []
            for namespace in list.items {
                if let stack = namespace.metadata.labels?[StackMetadata.stack].flatMap({ StackName($0) }),
                    namespace.metadata.name == namespaceName(of: stack)
                {
                    stacks.append(namespace.observed(as: stack))
                } else {
                    others.append(namespace.metadata.name)
                }
            }
            if let other = others.first {
                logger.notice(
                    "namespaces with Slingshot's labels under another prefix are left alone",
                    metadata: ["prefix": "\(namespacePrefix)", "count": "\(others.count)", "one": "\(other)"])
            }
            return stacks
        }
    }

    func namespaceName(of stack: StackName) -> String { namespacePrefix + stack.description }

    /// The namespace, or nil when the server says that there is none.
    func namespace(_ name: String) async throws -> Namespace? {
        try await translatingErrors(about: "Namespace/\(name)") {
            do { return try await client.get(ResourcePath(.namespaces, name: name), as: Namespace.self) } catch let error as KubernetesError
                where error.isNotFound
            { return nil }
        }
    }

    /// Puts the lease's annotations on exactly this namespace, and takes those away that must not be there.
    func write(_ lease: Lease, on name: String, uid: String) async throws -> Namespace {
        let annotations = StackMetadata.annotations(of: lease).mapValues { $0.map(JSONValue.string) ?? .null }
        let patch: JSONValue = ["metadata": ["uid": .string(uid), "annotations": .object(annotations)]]
        return try await client.mergePatch(
            ResourcePath(.namespaces, name: name), patch: patch.canonicalBytes, fieldManager: Self.fieldManager)
    }
}
