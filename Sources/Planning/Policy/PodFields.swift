import StagingModel
import StrictYAML

/// Every field of a pod's specification (`k8s.io/api/core/v1` of Kubernetes 1.33, and two of 1.34), and what a stack may say in it. It
/// keeps to the Pod Security Standard "baseline", and to more where a field reaches another stack, the node, or the order among pods.
enum PodFields {
    static let specification = FieldRule.fields([
        "activeDeadlineSeconds": .scalar,
        "affinity": affinity,
        "automountServiceAccountToken": .onlyFalse("stacks get no token for the cluster's API; remove the field"),
        "containers": .list(ContainerFields.container),
        "dnsConfig": .fields([
            "nameservers": .scalars, "searches": .scalars, "options": .list(.fields(["name": .scalar, "value": .scalar])),
        ]),
        "dnsPolicy": .scalar,
        "enableServiceLinks": .scalar,
        "ephemeralContainers": .refused("is for debugging running pods; remove the field"),
        "hostAliases": .list(.fields(["ip": .scalar, "hostnames": .scalars])),
        "hostIPC": .onlyFalse("the pod would share the node's shared memory; remove the field"),
        "hostNetwork": .onlyFalse("the pod would share the node's network; remove the field"),
        "hostPID": .onlyFalse("the pod would share the node's processes; remove the field"),
        "hostUsers": .scalar,
        "hostname": .scalar,
        "hostnameOverride": .scalar,
        "imagePullSecrets": .list(.fields(["name": .scalar])),
        "initContainers": .list(ContainerFields.container),
        "nodeName": .refused("where pods run is the scheduler's to say; remove the field"),
        "nodeSelector": .judged(.scalarMap, nodeSelector),
        "os": .fields(["name": .only("linux", because: "the rules of a stack are Linux's; remove the field")]),
        "overhead": .refused("is the cluster's to set; remove the field"),
        "preemptionPolicy": .refused("whom a pod pushes aside is the server's to say; remove the field"),
        "priority": .refused("whom a pod pushes aside is the server's to say; remove the field"),
        "priorityClassName": .named(
            in: \.priorityClasses, "priorityClasses", "whom a pod pushes aside is the server's to say"),
        "readinessGates": .list(.fields(["conditionType": .scalar])),
        "resourceClaims": .refused("devices are the server's to give; remove the field"),
        "resources": ContainerFields.resources,
        "restartPolicy": .scalar,
        "runtimeClassName": .named(in: \.runtimeClasses, "runtimeClasses", "how a pod is kept apart from its node is the server's to say"),
        "schedulerName": .refused("where pods run is the scheduler's to say; remove the field"),
        "schedulingGates": .refused("nothing would open the gate, and the pod never start; remove the field"),
        "securityContext": securityContext,
        "serviceAccount": .scalar,
        "serviceAccountName": .scalar,
        "setHostnameAsFQDN": .scalar,
        "shareProcessNamespace": .scalar,
        "subdomain": .scalar,
        "terminationGracePeriodSeconds": .scalar,
        "tolerations": .permitted(.any, by: \.placement, "placement", "where pods run is the server's to say"),
        "topologySpreadConstraints": .list(
            .fields([
                "labelSelector": KindFields.selector, "matchLabelKeys": .scalars, "maxSkew": .scalar, "minDomains": .scalar,
                "nodeAffinityPolicy": .scalar, "nodeTaintsPolicy": .scalar, "topologyKey": .scalar, "whenUnsatisfiable": .scalar,
            ])),
        "volumes": .list(VolumeFields.volume),
    ])

    private static let securityContext = FieldRule.fields([
        "appArmorProfile": ContainerFields.confinement,
        "fsGroup": .scalar,
        "fsGroupChangePolicy": .scalar,
        "runAsGroup": .scalar,
        "runAsNonRoot": ContainerFields.runAsNonRoot,
        "runAsUser": ContainerFields.runAsUser,
        "seLinuxChangePolicy": .scalar,
        "seLinuxOptions": ContainerFields.seLinuxOptions,
        "seccompProfile": ContainerFields.confinement,
        "supplementalGroups": .scalars,
        "supplementalGroupsPolicy": .scalar,
        "sysctls": .list(.judged(.fields(["name": .scalar, "value": .scalar]), sysctl)),
        "windowsOptions": ContainerFields.windowsOptions,
    ])

    /// Those that Kubernetes keeps to the pod, and that its baseline level allows.
    private static let safeSysctls = [
        "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports", "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_syncookies",
    ]

    @Sendable private static func sysctl(_ field: ManifestField, _ review: inout ManifestReview) {
        guard !safeSysctls.contains(field["name"]?.value.string ?? "") else { return }
        review.refuse(field, "is not one of the safe sysctls (\(safeSysctls.joined(separator: ", "))); remove it")
    }

    /// Which machine is which architecture is no secret and nobody's privilege; all else is.
    @Sendable private static func nodeSelector(_ field: ManifestField, _ review: inout ManifestReview) {
        let isHarmless = (field.value.object ?? ["": ""]).keys.allSatisfy { ["kubernetes.io/os", "kubernetes.io/arch"].contains($0) }
        guard !isHarmless, !review.policy.allow.placement else { return }
        review.refuse(
            field, "where pods run is the server's to say; remove the field, or let an administrator set policy.allow.placement: true")
    }

    private static let affinity = FieldRule.fields([
        "nodeAffinity": .permitted(.any, by: \.placement, "placement", "where pods run is the server's to say"),
        "podAffinity": podAffinity,
        "podAntiAffinity": podAffinity,
    ])

    private static let podAffinity = FieldRule.fields([
        "preferredDuringSchedulingIgnoredDuringExecution": .list(.fields(["weight": .scalar, "podAffinityTerm": podAffinityTerm])),
        "requiredDuringSchedulingIgnoredDuringExecution": .list(podAffinityTerm),
    ])

    /// Within the stack. A required anti-affinity to the pods of others would keep *them* from its node.
    private static let podAffinityTerm = FieldRule.fields([
        "labelSelector": KindFields.selector, "matchLabelKeys": .scalars, "mismatchLabelKeys": .scalars, "topologyKey": .scalar,
        "namespaceSelector": .refused("it would drive the pods of others from the node; remove the field"),
        "namespaces": .refused("it would drive the pods of others from the node; remove the field"),
    ])
}
