import KubernetesClient
import StagingModel

/// What the diagnosis wants to see of a pod. A pod that nothing owns is a workload by itself.
struct Pod: WorkloadView {
    struct Spec: Decodable {
        struct Container: Decodable {
            struct Probe: Decodable {}
            var name: String
            var readinessProbe: Probe?
        }
        var restartPolicy: String?
        var containers: [Container]?
    }
    struct Status: Decodable {
        var phase: String?
        var reason: String?
        var message: String?
        var conditions: [Condition]?
        var containerStatuses: [ContainerStatus]?
        var initContainerStatuses: [ContainerStatus]?
    }
    struct ContainerStatus: Decodable {
        var name: String
        var image: String
        var ready: Bool
        var restartCount: Int
        var state: State?
        var lastState: State?
    }
    /// One of the three.
    struct State: Decodable {
        struct Waiting: Decodable {
            var reason: String?
            var message: String?
        }
        struct Running: Decodable {}
        struct Terminated: Decodable {
            var exitCode: Int
            var reason: String?
            var message: String?
        }
        var waiting: Waiting?
        var running: Running?
        var terminated: Terminated?
    }

    static var kind: String { "Pod" }
    var metadata: ObjectMetadata
    var spec: Spec?
    var status: Status?
    var observedGeneration: Int64? { nil }
    var conditions: [Condition]? { status?.conditions }

    var readiness: Readiness {
        switch status?.phase {
        case "Succeeded": .ready
        case "Failed":
            .failing(
                "\(subject) failed: \([status?.reason, status?.message].compactMap(\.self).joined(separator: ": ").oneLine(limit: 300))")
        default: condition("Ready", is: "True") == nil ? .progressing("\(subject): not ready yet") : .ready
        }
    }

    /// Whether it is being deleted and, by kubelet's last report, none of its containers runs.
    var hasEnded: Bool {
        let containers = (status?.initContainerStatuses ?? []) + (status?.containerStatuses ?? [])
        return metadata.isTerminating && containers.allSatisfy { $0.state?.running == nil }
    }

    /// What tells the pods of a Deployment's versions apart.
    var templateHash: String? { metadata.labels?["pod-template-hash"] }

    /// The workload that the pod belongs to, as people know it: a Deployment's pods are owned by a ReplicaSet that is named after it
    /// and the hash of the template.
    var owner: String {
        guard let controller = metadata.controller else { return subject }
        if controller.kind == "ReplicaSet", let hash = templateHash, controller.name.hasSuffix("-\(hash)") {
            return "Deployment/\(controller.name.dropLast(hash.count + 1))"
        }
        return "\(controller.kind)/\(controller.name)"
    }
}
