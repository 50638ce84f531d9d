import KubernetesClient
import StagingModel

/// One workload of a stack as the readiness of the whole sees it, whatever its kind.
struct Workload: Hashable, Sendable {
    var kind: String
    var name: String
    var uid: String
    var readiness: Readiness
    /// So many of `desired` are ready.
    var ready: Int
    var desired: Int
    /// Why the workload can't make its pods, when the server says so; often an exceeded quota.
    var replicaFailure: String?

    /// As kubectl names it: `Deployment/web`.
    var subject: String { "\(kind)/\(name)" }
}

/// A view of a kind, just wide enough for its rule.
protocol WorkloadView: Decodable, Sendable {
    static var kind: String { get }
    /// The object's own kind, for the view of many kinds.
    var kind: String { get }
    var metadata: ObjectMetadata { get }
    /// The kind's rule of kstatus; the generic ones come before it.
    var readiness: Readiness { get }
    var observedGeneration: Int64? { get }
    var conditions: [Condition]? { get }
    /// How many are ready of how many, in the kind's own count; nil for what is one thing.
    var count: (ready: Int?, desired: Int?)? { get }
}

extension WorkloadView {
    var kind: String { Self.kind }
    var count: (ready: Int?, desired: Int?)? { nil }
}

struct Deployment: WorkloadView {
    struct Spec: Decodable {
        var replicas: Int?
    }
    struct Status: Decodable {
        var observedGeneration: Int64?
        var replicas: Int?
        var updatedReplicas: Int?
        var readyReplicas: Int?
        var availableReplicas: Int?
        var conditions: [Condition]?
    }

    static var kind: String { "Deployment" }
    var count: (ready: Int?, desired: Int?)? { (status?.readyReplicas, spec.replicas ?? 1) }
    var metadata: ObjectMetadata
    var spec: Spec
    var status: Status?
    var observedGeneration: Int64? { status?.observedGeneration ?? 0 }
    var conditions: [Condition]? { status?.conditions }
}

struct StatefulSet: WorkloadView {
    struct Spec: Decodable {
        struct UpdateStrategy: Decodable {
            struct RollingUpdate: Decodable {
                var partition: Int?
            }
            var type: String?
            var rollingUpdate: RollingUpdate?
        }
        var replicas: Int?
        var updateStrategy: UpdateStrategy?
    }
    struct Status: Decodable {
        var observedGeneration: Int64?
        var replicas: Int?
        var readyReplicas: Int?
        var updatedReplicas: Int?
        var currentRevision: String?
        var updateRevision: String?
        var conditions: [Condition]?
    }

    static var kind: String { "StatefulSet" }
    var count: (ready: Int?, desired: Int?)? { (status?.readyReplicas, spec.replicas ?? 1) }
    var metadata: ObjectMetadata
    var spec: Spec
    var status: Status?
    var observedGeneration: Int64? { status?.observedGeneration ?? 0 }
    var conditions: [Condition]? { status?.conditions }
}

struct DaemonSet: WorkloadView {
    struct Status: Decodable {
        var observedGeneration: Int64?
        var desiredNumberScheduled: Int?
        var currentNumberScheduled: Int?
        var updatedNumberScheduled: Int?
        var numberAvailable: Int?
        var numberReady: Int?
        var conditions: [Condition]?
    }

    static var kind: String { "DaemonSet" }
    var count: (ready: Int?, desired: Int?)? { (status?.numberReady, status?.desiredNumberScheduled) }
    var metadata: ObjectMetadata
    var status: Status?
    var observedGeneration: Int64? { status?.observedGeneration ?? 0 }
    var conditions: [Condition]? { status?.conditions }
}

struct Job: WorkloadView {
    struct Spec: Decodable {
        var completions: Int?
    }
    struct Status: Decodable {
        var succeeded: Int?
        var conditions: [Condition]?
    }

    static var kind: String { "Job" }
    var count: (ready: Int?, desired: Int?)? { (status?.succeeded, spec?.completions ?? 1) }
    var metadata: ObjectMetadata
    var spec: Spec?
    var status: Status?
    var observedGeneration: Int64? { nil }
    var conditions: [Condition]? { status?.conditions }
}

struct PersistentVolumeClaim: WorkloadView {
    struct Status: Decodable {
        var phase: String?
        var conditions: [Condition]?
    }

    static var kind: String { "PersistentVolumeClaim" }
    var metadata: ObjectMetadata
    var status: Status?
    var observedGeneration: Int64? { nil }
    var conditions: [Condition]? { status?.conditions }
}

/// An object of a kind that the cluster was taught, by kstatus's rules for all kinds. What its status looks like is its author's choice.
struct CustomResource: WorkloadView {
    struct Status: Decodable {
        private enum CodingKeys: CodingKey { case observedGeneration, conditions }

        var observedGeneration: Int64?
        var conditions: [Condition]?

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            observedGeneration = try? container.decode(Int64.self, forKey: .observedGeneration)
            conditions = try? container.decode([Condition].self, forKey: .conditions)
        }
    }

    private enum CodingKeys: CodingKey { case kind, metadata, status }

    static var kind: String { "" }
    var kind: String
    var metadata: ObjectMetadata
    var status: Status?
    var observedGeneration: Int64? { status?.observedGeneration }
    var conditions: [Condition]? { status?.conditions }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        kind = try container.decode(String.self, forKey: .kind)
        metadata = try container.decode(ObjectMetadata.self, forKey: .metadata)
        status = try? container.decode(Status.self, forKey: .status)
    }
}
