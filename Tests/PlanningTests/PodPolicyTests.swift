import Testing

@testable import Planning

@Suite struct PodPolicyTests {
    /// A line of a pod's specification, of a container, or of its security context, and what it is refused for.
    @Test(arguments: [
        ("hostNetwork: true", "hostNetwork: the pod would share the node's network; remove the field"),
        ("hostPID: true", "hostPID: the pod would share the node's processes; remove the field"),
        ("hostIPC: \"true\"", "hostIPC: the pod would share the node's shared memory; remove the field"),
        ("automountServiceAccountToken: true", "automountServiceAccountToken: stacks get no token for the cluster's API; remove the field"),
        ("nodeName: n1", "nodeName: where pods run, and before whom, is the server's to say; remove the field"),
        ("tolerations: [{operator: Exists}]", "tolerations: where pods run, and before whom, is the server's to say; remove the field"),
        ("priorityClassName: prod", "priorityClassName: where pods run, and before whom, is the server's to say; remove the field"),
        ("ephemeralContainers: []", "ephemeralContainers: is for debugging running pods; remove the field"),
        (
            "volumes: [{name: v, hostPath: {path: /}}]",
            "volumes[0].hostPath: volumes of this type are not allowed; use configMap, downwardAPI, emptyDir, persistentVolumeClaim, projected, secret"
        ),
        (
            "volumes: [{name: v, csi: {driver: x}}]",
            "volumes[0].csi: volumes of this type are not allowed; use configMap, downwardAPI, emptyDir, persistentVolumeClaim, projected, secret"
        ),
        (
            "volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t}}]}}]",
            "volumes[0].projected.sources[0].serviceAccountToken: can't be projected into a stack's pods; remove it"
        ),
        (
            "securityContext: {sysctls: [{name: kernel.msgmax, value: \"1\"}]}",
            "securityContext.sysctls[0]: is not one of the safe sysctls (kernel.shm_rmid_forced, net.ipv4.ip_local_port_range, net.ipv4.ip_unprivileged_port_start, net.ipv4.tcp_syncookies, net.ipv4.ping_group_range); remove it"
        ),
        (
            "securityContext: {seccompProfile: {type: Unconfined}}",
            "securityContext.seccompProfile: the pod would run unconfined; use RuntimeDefault"
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
        ("initContainers: {name: i}", "initContainers: must be a list of containers"),
        ("initContainers: [x]", "initContainers: must be a list of containers"),
        ("initContainers: [{name: i, env: {A: b}}]", "initContainers[0].env: must be a list of mappings with name and value"),
        (
            "initContainers: [{name: i, securityContext: {capabilities: {add: [SYS_ADMIN]}}}]",
            "initContainers[0].securityContext.capabilities.add: capabilities can be dropped but not added; remove the field"
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
                "deploy/app.yaml:7: StatefulSet/x: spec.template.metadata.finalizers: it could keep the stack from being destroyed; remove the field",
                #"deploy/app.yaml:10: StatefulSet/x: spec.volumeClaimTemplates[0].metadata.labels["slingshot.dev/stack"]: is Slingshot's to set; remove it"#,
                "deploy/app.yaml:11: StatefulSet/x: spec.volumeClaimTemplates[0].spec.volumeName: the claim would take an existing volume; remove the field",
                "deploy/app.yaml:5: StatefulSet/x: spec.selector.matchLabels: Slingshot sets the label app.kubernetes.io/managed-by itself; select by another one",
                "deploy/app.yaml:18: CronJob/z: spec.jobTemplate.metadata.finalizers: it could keep the stack from being destroyed; remove the field",
                "deploy/app.yaml:17: CronJob/z: spec.jobTemplate.spec.template.spec: must be a pod's specification; add it",
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
}
