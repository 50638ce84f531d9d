import StagingModel

/// A kind of object that a pull request may bring. All are namespaced; everything else is refused.
struct AllowedKind: Sendable {
    let apiVersions: [String]
    let wave: PlannedObject.Wave
    /// Where the kind has a pod template; empty for Pod, which is one; nil for kinds without.
    let podTemplate: [String]?
    /// What may be in it; nil for kinds that only the server's configuration allows, whose fields are the administrator's to trust.
    let fields: FieldRule?

    private init(
        _ apiVersions: String..., wave: PlannedObject.Wave = .workload, podTemplate: [String]? = nil, fields: [String: FieldRule]
    ) {
        self.apiVersions = apiVersions
        self.wave = wave
        self.podTemplate = podTemplate
        self.fields = .fields(
            fields.merging(["apiVersion": .scalar, "kind": .scalar, "metadata": MetadataFields.metadata, "status": .any]) { $1 })
    }

    private init(allowed apiVersion: String) {
        apiVersions = [apiVersion]
        wave = .workload
        podTemplate = nil
        fields = nil
    }

    static let all: [String: AllowedKind] = [
        "ConfigMap": AllowedKind("v1", wave: .configuration, fields: KindFields.configMap),
        "Secret": AllowedKind("v1", wave: .configuration, fields: KindFields.secret),
        "PersistentVolumeClaim": AllowedKind("v1", wave: .configuration, fields: ["spec": KindFields.volumeClaim]),
        "ServiceAccount": AllowedKind("v1", wave: .configuration, fields: KindFields.serviceAccount),
        "Pod": AllowedKind("v1", podTemplate: [], fields: ["spec": PodFields.specification]),
        "Deployment": AllowedKind("apps/v1", podTemplate: ["spec", "template"], fields: ["spec": KindFields.deployment]),
        "StatefulSet": AllowedKind("apps/v1", podTemplate: ["spec", "template"], fields: ["spec": KindFields.statefulSet]),
        "DaemonSet": AllowedKind("apps/v1", podTemplate: ["spec", "template"], fields: ["spec": KindFields.daemonSet]),
        "Job": AllowedKind("batch/v1", podTemplate: ["spec", "template"], fields: ["spec": KindFields.job]),
        "CronJob": AllowedKind(
            "batch/v1", "batch/v1beta1", podTemplate: ["spec", "jobTemplate", "spec", "template"], fields: ["spec": KindFields.cronJob]),
        "Service": AllowedKind("v1", fields: ["spec": RoutingFields.service]),
        "Ingress": AllowedKind("networking.k8s.io/v1", fields: ["spec": RoutingFields.ingress]),
        "HorizontalPodAutoscaler": AllowedKind(
            "autoscaling/v2", "autoscaling/v1", "autoscaling/v2beta2", fields: ["spec": KindFields.autoscaler]),
        "PodDisruptionBudget": AllowedKind("policy/v1", "policy/v1beta1", fields: ["spec": KindFields.disruptionBudget]),
    ]

    /// The kind under an allowance; nil when neither the table nor the server's configuration has it.
    static func of(_ manifest: Manifest, _ allow: StackPolicy.Allowance) -> AllowedKind? {
        let apiVersion = manifest.value["apiVersion"]?.string ?? ""
        if let kind = all[manifest.kind], !apiVersion.contains(".") || kind.apiVersions.contains(apiVersion) { return kind }
        return allow.kinds.contains(manifest.kindAndGroup) ? AllowedKind(allowed: apiVersion) : all[manifest.kind]
    }

    /// Why a kind is not in the list, where there is more to say than that.
    static let refusals: [String: String] = {
        let reasons: [(String, [String])] = [
            ("Slingshot makes the stack's namespace; remove the object", ["Namespace"]),
            ("limits are the server's to set; remove the object", ["ResourceQuota", "LimitRange"]),
            (
                "a stack gets no rights on the cluster; remove the object",
                ["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "CertificateSigningRequest"]
            ),
            ("use a Deployment instead", ["ReplicaSet", "ReplicationController", "PodTemplate"]),
            ("a Service could lead out of the stack with it; remove the object", ["Endpoints", "EndpointSlice"]),
            (
                "it would change the whole cluster; remove the object",
                [
                    "APIService", "CSIDriver", "ClusterTrustBundle", "CustomResourceDefinition", "DeviceClass", "FlowSchema",
                    "IngressClass",
                    "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration", "Node", "PersistentVolume",
                    "PodSecurityPolicy", "PriorityClass", "PriorityLevelConfiguration", "RuntimeClass", "StorageClass",
                    "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration", "VolumeAttachment",
                    "VolumeAttributesClass",
                ]
            ),
        ]
        return Dictionary(uniqueKeysWithValues: reasons.flatMap { reason, kinds in kinds.map { ($0, reason) } })
    }()
}

extension Manifest {
    /// `Certificate.cert-manager.io`, as the allowance and kubectl name it; the kind alone for the core group.
    var kindAndGroup: String {
        let apiVersion = value["apiVersion"]?.string ?? ""
        return apiVersion.firstIndex(of: "/").map { "\(kind).\(apiVersion[..<$0])" } ?? kind
    }
}
