import Testing

@testable import Planning

@Suite struct PodFieldsTests {
    /// A line of a pod's specification, of a container, or of its security context, and what it is refused for.
    @Test(arguments: [
        ("hostNetwork: true", "hostNetwork: the pod would share the node's network; remove the field"),
        ("hostPID: true", "hostPID: the pod would share the node's processes; remove the field"),
        ("hostIPC: \"true\"", "hostIPC: the pod would share the node's shared memory; remove the field"),
        ("automountServiceAccountToken: true", "automountServiceAccountToken: stacks get no token for the cluster's API; remove the field"),
        ("nodeName: n1", "nodeName: where pods run is the scheduler's to say; remove the field"),
        ("schedulerName: mine", "schedulerName: where pods run is the scheduler's to say; remove the field"),
        (
            "tolerations: [{operator: Exists}]",
            "tolerations: where pods run is the server's to say; remove the field, or let an administrator set policy.allow.placement: true"
        ),
        (
            "nodeSelector: {disk: fast}",
            "nodeSelector: where pods run is the server's to say; remove the field, or let an administrator set policy.allow.placement: true"
        ),
        (
            "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {}}}",
            "affinity.nodeAffinity: where pods run is the server's to say; remove the field, or let an administrator set policy.allow.placement: true"
        ),
        (
            "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: x, namespaceSelector: {}}]}}",
            "affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].namespaceSelector: it would drive the pods of others from the node; remove the field"
        ),
        (
            "priorityClassName: prod",
            "priorityClassName: whom a pod pushes aside is the server's to say; remove it, or let an administrator set policy.allow.priorityClasses: [prod]"
        ),
        ("priority: 1", "priority: whom a pod pushes aside is the server's to say; remove the field"),
        (
            "runtimeClassName: kata",
            "runtimeClassName: how a pod is kept apart from its node is the server's to say; remove it, or let an administrator set policy.allow.runtimeClasses: [kata]"
        ),
        ("schedulingGates: [{name: x}]", "schedulingGates: nothing would open the gate, and the pod never start; remove the field"),
        ("resourceClaims: [{name: x}]", "resourceClaims: devices are the server's to give; remove the field"),
        ("os: {name: windows}", "os.name: the rules of a stack are Linux's; remove the field"),
        (
            "hostNetwrk: true",
            #"hostNetwrk: is no field that Slingshot knows, so nobody has judged it; did you mean "hostNetwork"? or remove it"#
        ),
        ("fromKubernetes2: {}", "fromKubernetes2: is no field that Slingshot knows, so nobody has judged it; remove it"),
        ("ephemeralContainers: []", "ephemeralContainers: is for debugging running pods; remove the field"),
        (
            "volumes: [{name: v, hostPath: {path: /}}]",
            "volumes[0].hostPath: volumes of this type are not allowed; use configMap, downwardAPI, emptyDir, ephemeral, persistentVolumeClaim, projected, secret"
        ),
        (
            "volumes: [{name: v, csi: {driver: x}}]",
            "volumes[0].csi: the node would mount it from outside the stack; remove it, or let an administrator set policy.allow.volumes: [csi]"
        ),
        (
            "volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t}}]}}]",
            "volumes[0].projected.sources[0].serviceAccountToken: it would be a token for the cluster's API; remove it"
        ),
        (
            "securityContext: {sysctls: [{name: kernel.msgmax, value: \"1\"}]}",
            "securityContext.sysctls[0]: is not one of the safe sysctls (kernel.shm_rmid_forced, net.ipv4.ip_local_port_range, net.ipv4.ip_local_reserved_ports, net.ipv4.ip_unprivileged_port_start, net.ipv4.ping_group_range, net.ipv4.tcp_fin_timeout, net.ipv4.tcp_keepalive_intvl, net.ipv4.tcp_keepalive_probes, net.ipv4.tcp_keepalive_time, net.ipv4.tcp_syncookies); remove it"
        ),
        (
            "securityContext: {seccompProfile: {type: Unconfined}}",
            "securityContext.seccompProfile.type: the pod would run unconfined; use RuntimeDefault"
        ),
        (
            "securityContext: {seLinuxOptions: {type: spc_t}}",
            "securityContext.seLinuxOptions: the cluster chooses the SELinux context; remove the field"
        ),
        (
            "securityContext: {windowsOptions: {hostProcess: true}}",
            "securityContext.windowsOptions.hostProcess: the container would run on the node itself; remove the field"
        ),
        (
            "initContainers: [{name: i, securityContext: {privileged: true}}]",
            "initContainers[0].securityContext.privileged: the container could take over the node; remove the field"
        ),
        ("initContainers: {name: i}", "initContainers: must be a list"),
        ("initContainers: [x]", "initContainers[0]: must be a mapping"),
        ("initContainers: [{name: i, env: {A: b}}]", "initContainers[0].env: must be a list"),
        (
            "initContainers: [{name: i, securityContext: {capabilities: {add: [SYS_ADMIN]}}}]",
            "initContainers[0].securityContext.capabilities.add[0]: capabilities can be dropped but not added; remove it, or let an administrator set policy.allow.capabilities: [SYS_ADMIN]"
        ),
        (
            "initContainers: [{name: i, securityContext: {procMount: Unmasked}}]",
            "initContainers[0].securityContext.procMount: /proc stays masked; remove the field"
        ),
        (
            "initContainers: [{name: i, ports: [{containerPort: 1, hostPort: 80}]}]",
            "initContainers[0].ports[0].hostPort: the port would be opened on the node; remove the field, and use a Service"
        ),
        (
            "initContainers: [{name: i, livenessProbe: {httpGet: {host: 169.254.169.254}}}]",
            "initContainers[0].livenessProbe.httpGet.host: probes go to the pod itself; remove the field"
        ),
        (
            "initContainers: [{name: i, lifecycle: {postStart: {tcpSocket: {host: db}}}}]",
            "initContainers[0].lifecycle.postStart.tcpSocket.host: probes go to the pod itself; remove the field"
        ),
        (
            "initContainers: [{name: i, volumeMounts: [{name: v, mountPath: /v, mountPropagation: Bidirectional}]}]",
            "initContainers[0].volumeMounts[0].mountPropagation: mounts of the container would reach the node; remove the field"
        ),
        (
            "initContainers: [{name: i, resources: {limits: {nvidia.com/gpu: 1}}}]",
            #"initContainers[0].resources.limits["nvidia.com/gpu"]: devices and huge pages are the server's to give; remove it, or let an administrator set policy.allow.resources: [nvidia.com/gpu]"#
        ),
        (
            "initContainers: [{name: i, resources: {limits: {memory: 5Gi}}}]",
            #"initContainers[0].resources.limits.memory: "5Gi" is more than the server's limits.memory, 4Gi; ask for less"#
        ),
        (
            "initContainers: [{name: i, resources: {limits: {cpu: lots}}}]",
            #"initContainers[0].resources.limits.cpu: "lots" is not a quantity; write one such as 500m or 2Gi"#
        ),
        (
            "volumes: [{name: v, emptyDir: {medium: HugePages}}]",
            "volumes[0].emptyDir.medium: huge pages are the server's to give; remove the field"
        ),
        (
            "volumes: [{name: v, emptyDir: {sizeLimit: 1Ti}}]",
            #"volumes[0].emptyDir.sizeLimit: "1Ti" is more than the server's limits.ephemeralStorage, 20Gi; ask for less"#
        ),
        (
            "volumes: [{name: v, ephemeral: {volumeClaimTemplate: {spec: {resources: {requests: {storage: 1Ti}}}}}}]",
            #"volumes[0].ephemeral.volumeClaimTemplate.spec.resources.requests.storage: "1Ti" is more than the server's limits.storage, 10Gi; ask for less"#
        ),
    ])
    func refuses(line: String, expected: String) throws {
        let deployment = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: x}
            spec:
              template:
                spec:
                  containers: [{name: c, image: i}]
                  \(line)
            """
        #expect(try problems(of: deployment) == ["deploy/app.yaml:8: Deployment/x: spec.template.spec.\(expected)"])
        let cronJob = """
            apiVersion: batch/v1
            kind: CronJob
            metadata: {name: x}
            spec: {jobTemplate: {spec: {template: {spec: {
              \(line)
              }}}}}
            """
        #expect(try problems(of: cronJob) == ["deploy/app.yaml:5: CronJob/x: spec.jobTemplate.spec.template.spec.\(expected)"])
        #expect(
            try problems(of: "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  \(line)\n") == [
                "deploy/app.yaml:5: Pod/x: spec.\(expected)"
            ])
    }

    @Test func looksIntoEveryTemplate() throws {
        let text = """
            apiVersion: apps/v1
            kind: StatefulSet
            metadata: {name: x}
            spec:
              selector: {matchLabels: {app.kubernetes.io/managed-by: Helm}}
              template:
                metadata: {finalizers: [a/b]}
                spec: {containers: []}
              volumeClaimTemplates:
                - metadata: {name: v, labels: {slingshot.dev/stack: other}}
                  spec: {volumeName: prod}
            ---
            apiVersion: batch/v1
            kind: CronJob
            metadata: {name: z}
            spec:
              jobTemplate:
                metadata: {finalizers: [a/b]}
            """
        let found = try problems(of: text)
        #expect(
            found == [
                "deploy/app.yaml:5: StatefulSet/x: spec.selector.matchLabels: Slingshot sets the label app.kubernetes.io/managed-by itself; select by another one",
                "deploy/app.yaml:7: StatefulSet/x: spec.template.metadata.finalizers: it could keep the stack from being destroyed; remove the field",
                #"deploy/app.yaml:10: StatefulSet/x: spec.volumeClaimTemplates[0].metadata.labels["slingshot.dev/stack"]: is Slingshot's to set; remove it"#,
                "deploy/app.yaml:11: StatefulSet/x: spec.volumeClaimTemplates[0].spec.volumeName: the claim would take an existing volume; remove the field",
                "deploy/app.yaml:18: CronJob/z: spec.jobTemplate.metadata.finalizers: it could keep the stack from being destroyed; remove the field",
            ])
    }

    @Test func letsOrdinaryPodsPass() throws {
        let text = """
            apiVersion: v1
            kind: Pod
            metadata: {name: x, labels: null}
            spec:
              hostNetwork: false
              securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}, sysctls: [{name: net.ipv4.tcp_syncookies, value: "1"}]}
              volumes:
                - {name: a, emptyDir: {}}
                - {name: b, projected: {sources: [{configMap: {name: c}}, {secret: {name: d}}]}}
              containers:
                - name: c
                  ports: [{containerPort: 80, hostPort: 0}]
                  securityContext: {privileged: false, capabilities: {drop: [ALL], add: []}, procMount: Default}
            """
        #expect(try problems(of: text) == [])
    }

    @Test(arguments: ["kind: Pod\napiVersion: v1", "kind: Job\napiVersion: batch/v1", "kind: CronJob\napiVersion: batch/v1"])
    func podsAreSpecified(head: String) throws {
        #expect(try problems(of: "\(head)\nmetadata: {name: x}\n").first?.hasSuffix("spec: must be a pod's specification; add it") ?? false)
    }

    @Test(arguments: [
        ("spec: {replicas: 21, template: {spec: {}}}", "spec.replicas: must be a whole number from 0 to 20, the server's limits.pods"),
        ("spec: {replicas: -1, template: {spec: {}}}", "spec.replicas: must be a whole number from 0 to 20, the server's limits.pods"),
        ("spec: {template: {}}", "spec.template.spec: must be a pod's specification; add it"),
        (
            "spec: {template: {spec: {}}, futureField: 1}",
            "spec.futureField: is no field that Slingshot knows, so nobody has judged it; remove it"
        ),
    ])
    func countsAndShapes(spec: String, expected: String) throws {
        #expect(
            try problems(of: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n\(spec)\n") == [
                "deploy/app.yaml:4: Deployment/x: \(expected)"
            ])
    }

    @Test func oldJobsDoNotPileUp() throws {
        let text =
            "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: x}\nspec: {failedJobsHistoryLimit: 1000, jobTemplate: {spec: {template: {spec: {}}}}}\n"
        #expect(
            try problems(of: text) == [
                "deploy/app.yaml:4: CronJob/x: spec.failedJobsHistoryLimit: must be a whole number from 0 to 10, or the pods of old Jobs would pile up"
            ])
    }
}
