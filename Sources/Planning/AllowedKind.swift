import StagingModel

/// A kind of object that a pull request may bring. All are namespaced; everything else is refused.
struct AllowedKind {
    let apiVersions: [String]
    let wave: PlannedObject.Wave
    /// Where the kind has a pod template; empty for Pod, which is one; nil for kinds without.
    let podTemplate: [String]?

    private init(_ apiVersions: String..., wave: PlannedObject.Wave = .workload, podTemplate: [String]? = nil) {
        self.apiVersions = apiVersions
        self.wave = wave
        self.podTemplate = podTemplate
    }

    static let all: [String: AllowedKind] = [
        "ConfigMap": AllowedKind("v1", wave: .configuration),
        "Secret": AllowedKind("v1", wave: .configuration),
        "PersistentVolumeClaim": AllowedKind("v1", wave: .configuration),
        "ServiceAccount": AllowedKind("v1", wave: .configuration),
        "Pod": AllowedKind("v1", podTemplate: []),
        "Deployment": AllowedKind("apps/v1", podTemplate: ["spec", "template"]),
        "StatefulSet": AllowedKind("apps/v1", podTemplate: ["spec", "template"]),
        "DaemonSet": AllowedKind("apps/v1", podTemplate: ["spec", "template"]),
        "Job": AllowedKind("batch/v1", podTemplate: ["spec", "template"]),
        "CronJob": AllowedKind("batch/v1", "batch/v1beta1", podTemplate: ["spec", "jobTemplate", "spec", "template"]),
        "Service": AllowedKind("v1"),
        "Ingress": AllowedKind("networking.k8s.io/v1"),
        "HorizontalPodAutoscaler": AllowedKind("autoscaling/v2", "autoscaling/v1", "autoscaling/v2beta2"),
        "PodDisruptionBudget": AllowedKind("policy/v1", "policy/v1beta1"),
    ]

    /// Why a kind is not in the list, where there is more to say than that.
    static let refusals: [String: String] = [
        "Namespace": "Slingshot makes the stack's namespace; remove the object",
        "NetworkPolicy": "policies add up, so it could open what keeps the stack apart; remove the object",
        "ResourceQuota": "limits are the server's to set; remove the object",
        "LimitRange": "limits are the server's to set; remove the object",
        "Role": "a stack gets no rights on the cluster; remove the object",
        "RoleBinding": "a stack gets no rights on the cluster; remove the object",
        "ClusterRole": "a stack gets no rights on the cluster; remove the object",
        "ClusterRoleBinding": "a stack gets no rights on the cluster; remove the object",
        "ReplicaSet": "use a Deployment instead",
        "ReplicationController": "use a Deployment instead",
    ]
}
