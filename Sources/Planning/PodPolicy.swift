import StagingModel
import StrictYAML

extension ManifestReview {
    /// The pod template at `path` of an object (of which the Pod itself is one), and what surrounds it.
    mutating func pods(of object: ManifestField, at path: [String], policy: ManifestPolicy) {
        var around = path
        while !around.isEmpty {
            // The template's own metadata, and a CronJob's job template's: a finalizer there comes on every pod or job.
            policy.reviewMetadata(object[around + ["metadata"]], &self)
            around.removeLast()
        }
        for claim in object[["spec", "volumeClaimTemplates"]]?.items ?? [] {
            policy.reviewMetadata(claim["metadata"], &self)
            volumeClaim(claim)
        }
        if object[["spec", "selector", "matchLabels", StackMetadata.managedBy]] != nil {
            refuse(
                FieldPath("spec", "selector", "matchLabels"),
                "Slingshot sets the label \(StackMetadata.managedBy) itself; select by another one")
        }
        guard let pod = object[path + ["spec"]], pod.value.object != nil else {
            refuse(FieldPath((path + ["spec"]).map { .key($0) }), "must be a pod's specification; add it")
            return
        }
        placement(of: pod)
        podSecurity(pod["securityContext"])
        for volume in pod["volumes"]?.items ?? [] { self.volume(volume) }
        refuse(pod["ephemeralContainers"], "is for debugging running pods; remove the field")
        for list in ["initContainers", "containers"] {
            guard let containers = pod[list] else { continue }
            guard let items = containers.value.array, items.allSatisfy({ $0.object != nil }) else {
                refuse(containers, "must be a list of containers")
                continue
            }
            for item in containers.items { container(item) }
        }
    }

    private mutating func placement(of pod: ManifestField) {
        for (key, shared) in [("hostNetwork", "network"), ("hostPID", "processes"), ("hostIPC", "shared memory")] {
            refuseUnlessFalse(pod[key], "the pod would share the node's \(shared); remove the field")
        }
        refuseUnlessFalse(pod["automountServiceAccountToken"], "stacks get no token for the cluster's API; remove the field")
        for key in ["nodeName", "tolerations", "priorityClassName", "priority", "schedulerName", "resourceClaims"] {
            refuse(pod[key], "where pods run, and before whom, is the server's to say; remove the field")
        }
    }

    private mutating func podSecurity(_ context: ManifestField?) {
        confinement(context)
        let safe = [
            "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.tcp_syncookies",
            "net.ipv4.ping_group_range",
        ]
        for sysctl in context?["sysctls"]?.items ?? [] where !safe.contains(sysctl["name"]?.value.string ?? "") {
            refuse(sysctl, "is not one of the safe sysctls (\(safe.joined(separator: ", "))); remove it")
        }
    }

    /// What the security contexts of pods and of containers have in common.
    private mutating func confinement(_ context: ManifestField?) {
        for profile in [context?["seccompProfile"], context?["appArmorProfile"]] where profile?["type"]?.value == "Unconfined" {
            refuse(profile, "the pod would run unconfined; use RuntimeDefault")
        }
        refuse(context?["seLinuxOptions"], "the cluster chooses the SELinux context; remove the field")
        refuseUnlessFalse(context?["windowsOptions"]?["hostProcess"], "the container would run on the node itself; remove the field")
    }

    private mutating func container(_ container: ManifestField) {
        let context = container["securityContext"]
        confinement(context)
        refuseUnlessFalse(context?["privileged"], "the container could take over the node; remove the field")
        if let added = context?["capabilities"]?["add"], added.value != [] {
            refuse(added, "capabilities can be dropped but not added; remove the field")
        }
        if let mount = context?["procMount"], mount.value != "Default" { refuse(mount, "/proc stays masked; remove the field") }
        for port in container["ports"]?.items ?? [] {
            if let host = port["hostPort"], host.value != 0 {
                refuse(host, "the port would be opened on the node; remove the field, and use a Service")
            }
        }
        for handler in [
            container["livenessProbe"], container["readinessProbe"], container["startupProbe"], container["lifecycle"]?["postStart"],
            container["lifecycle"]?["preStop"],
        ] {
            // The kubelet makes these requests from the node's network.
            for kind in ["httpGet", "tcpSocket"] { refuse(handler?[kind]?["host"], "probes go to the pod itself; remove the field") }
        }
        if let variables = container["env"], !(variables.value.array?.allSatisfy { $0.object != nil } ?? false) {
            refuse(variables, "must be a list of mappings with name and value")
        }
    }

    private mutating func volume(_ volume: ManifestField) {
        let allowed = ["configMap", "downwardAPI", "emptyDir", "persistentVolumeClaim", "projected", "secret"]
        for key in volume.keys where key != "name" && !allowed.contains(key) {
            refuse(volume.path.appending(key), "volumes of this type are not allowed; use \(allowed.joined(separator: ", "))")
        }
        for source in volume["projected"]?["sources"]?.items ?? [] {
            for key in source.keys where !["configMap", "downwardAPI", "secret"].contains(key) {
                refuse(source.path.appending(key), "can't be projected into a stack's pods; remove it")
            }
        }
    }

    mutating func volumeClaim(_ claim: ManifestField) {
        for key in ["volumeName", "selector"] { refuse(claim["spec"]?[key], "the claim would take an existing volume; remove the field") }
        for key in ["dataSource", "dataSourceRef"] {
            refuse(claim["spec"]?[key], "the volume would start with another's data; remove the field")
        }
    }
}
