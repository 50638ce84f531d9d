/// Everything that a stack consists of on its engine, in the order in which it is applied. Made by `Planning`, carried out by
/// a runtime. Values only: two plans with the same digest are the same.
public struct Plan: Codable, Hashable, Sendable {
    public var stack: StackName
    public var namespace: String
    /// The commit that it was rendered from.
    public var commit: CommitID
    public var url: String
    /// Further addresses, by name.
    public var endpoints: [StackEndpoint]
    /// Seconds that the stack file asks its lease to be (`ttl`); nil for the server's default.
    public var timeToLive: Int?
    /// In the order in which they are applied: the namespace itself, what isolates it, then by ``PlannedObject/order`` and
    /// ``PlannedObject/wave``.
    public var objects: [PlannedObject]
    /// SHA-256, hexadecimal, of the canonical texts of the manifests in order.
    public var digest: String

    public init(
        stack: StackName, namespace: String, commit: CommitID, url: String, endpoints: [StackEndpoint] = [], timeToLive: Int?,
        objects: [PlannedObject], digest: String
    ) {
        self.stack = stack
        self.namespace = namespace
        self.commit = commit
        self.url = url
        self.endpoints = endpoints
        self.timeToLive = timeToLive
        self.objects = objects
        self.digest = digest
    }
}

/// A further address of a stack, beside its main one.
public struct StackEndpoint: Codable, Hashable, Sendable {
    public var name: String
    public var url: String

    public init(name: String, url: String) {
        self.name = name
        self.url = url
    }
}

/// One manifest of a plan.
public struct PlannedObject: Codable, Hashable, Sendable {
    /// What has to be there before what. Objects of one wave don't depend on each other.
    public enum Wave: Int, Codable, Sendable, Comparable, CaseIterable {
        /// The namespace itself.
        case namespace
        /// What keeps the namespace apart and small: service account, quota, limit range, network policies.
        case isolation
        /// What workloads read: ConfigMap, Secret, PersistentVolumeClaim, ServiceAccount.
        case configuration
        /// What runs, and how it is reached.
        case workload

        public static func < (a: Wave, b: Wave) -> Bool { a.rawValue < b.rawValue }
    }

    public var apiVersion: String
    public var kind: String
    public var name: String
    /// Nil for the namespace itself, the only object of a plan outside it.
    public var namespace: String?
    public var wave: Wave
    public var manifest: JSONValue

    public init(apiVersion: String, kind: String, name: String, namespace: String?, wave: Wave, manifest: JSONValue) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.name = name
        self.namespace = namespace
        self.wave = wave
        self.manifest = manifest
    }
}

extension PlannedObject {
    /// What ``order`` can be.
    public static let orders = -100...100

    /// The author's own order (``StackMetadata/wave``), 0 unless given: what has a lower one is applied and ready before this is applied.
    public var order: Int {
        manifest["metadata"]?["annotations"]?[StackMetadata.wave]?.string.flatMap { Int($0) } ?? 0
    }
}

extension PlannedObject: CustomStringConvertible {
    /// As kubectl names it: `Deployment/web`.
    public var description: String { "\(kind)/\(name)" }
}
