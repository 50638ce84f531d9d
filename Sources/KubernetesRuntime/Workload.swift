import KubernetesClient
import StagingModel

/// One workload of a stack as the readiness of the whole sees it, whatever its kind.
struct Workload: Hashable, Sendable {
    var kind: String
    var name: String
    var uid: String
    var readiness: Readiness
    /// Why the workload can't make its pods, when the server says so; often an exceeded quota.
    var replicaFailure: String?

    /// As kubectl names it: `Deployment/web`.
    var subject: String { "\(kind)/\(name)" }
}

/// A view of a kind, just wide enough for its rule.
protocol WorkloadView: Decodable, Sendable {
    static var kind: String { get }
    var metadata: ObjectMetadata { get }
    /// The kind's rule of kstatus; the generic ones come before it.
    var readiness: Readiness { get }
    var observedGeneration: Int64? { get }
    var conditions: [Condition]? { get }
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
    var metadata: ObjectMetadata
    var status: Status?
    var observedGeneration: Int64? { status?.observedGeneration ?? 0 }
    var conditions: [Condition]? { status?.conditions }
}

struct Job: WorkloadView {
    struct Status: Decodable {
        var conditions: [Condition]?
    }

    static var kind: String { "Job" }
    var metadata: ObjectMetadata
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
