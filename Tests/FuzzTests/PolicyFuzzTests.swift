import SlingshotTestSupport
import StagingModel
import StrictYAML
import Testing

@testable import Planning

/// Whatever manifests are made of, a plan that comes out of them is harmless by rules that are written here anew.
@Suite struct PolicyFuzzTests {
    private static let manifests = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, labels: {app: web}, annotations: {note: x}}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              securityContext: {runAsUser: 1000, seccompProfile: {type: RuntimeDefault}, sysctls: [{name: net.ipv4.tcp_syncookies, value: "1"}]}
              initContainers: [{name: i, image: x, command: [a]}]
              containers:
                - name: c
                  image: "x:${{ pr.sha }}"
                  env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]
                  ports: [{containerPort: 80, hostPort: 0}]
                  readinessProbe: {httpGet: {path: /, port: 80}}
                  securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL], add: []}, privileged: false}
                  volumeMounts: [{name: v, mountPath: /v}]
                  resources: {limits: {cpu: 1, memory: 1Gi}}
              volumes: [{name: v, emptyDir: {}}, {name: w, projected: {sources: [{secret: {name: s}}]}}]
        ---
        apiVersion: batch/v1
        kind: CronJob
        metadata: {name: tick}
        spec: {schedule: "* * * * *", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: x}]}}}}}
        ---
        {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: x}], hostNetwork: false}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80}], type: ClusterIP}}
        ---
        {apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: web}, spec: {rules: [{host: "${{ stack.host }}", http: {paths: [{path: /, backend: {service: {name: web, port: {number: 80}}}}]}}]}}
        ---
        {apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: d}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}
        ---
        {apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {k: v}, type: Opaque}
        ---
        {apiVersion: v1, kind: ServiceAccount, metadata: {name: a}}
        ---
        {apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: l}, data: {a: "${{ pr.title }}"}}]}
        """

    private static let keys = [
        "hostNetwork", "hostPID", "hostIPC", "privileged", "hostPath", "hostPort", "capabilities", "add", "SYS_ADMIN", "procMount",
        "Unmasked",
        "seccompProfile", "Unconfined", "windowsOptions", "hostProcess", "allowPrivilegeEscalation", "runAsUser", "runAsNonRoot",
        "namespace",
        "kube-system", "nodeName", "ephemeralContainers", "automountServiceAccountToken", "serviceAccountToken", "externalIPs",
        "externalName",
        "NodePort", "LoadBalancer", "ClusterRoleBinding", "Namespace", "kind", "spec", "template", "metadata", "finalizers",
        "ownerReferences",
        "volumes", "containers", "initContainers", "securityContext", "annotations", "labels", "nginx.ingress.kubernetes.io/server-snippet",
        "slingshot.dev/stack", "items", "List", "dataSource", "volumeName", "host", "tls", "defaultBackend", "sysctls", "csi", "nfs",
        "kubernetes.io/service-account-token", "type", "seLinuxOptions", "priorityClassName", "tolerations", "runtimeClassName",
    ]

    @Test(arguments: StackPolicy.Level.allCases.filter { $0 != .privileged })
    func plansAreHarmless(level: StackPolicy.Level) throws {
        var request = try sampleRequest(policy: StackPolicy(level: level))
        request.stackFile = try StackFile.parse(Array("manifests: deploy\n".utf8))
        let bytes = Array(Self.manifests.utf8)
        let documents = try YAMLDocument.parse(bytes, file: "f").map { $0.json() }
        var accepted = 0
        try Fuzzing.run("policy-\(level)") { input, mutator in
            var files: [String: [UInt8]] = [:]
            if input.isMultiple(of: 3) {
                files["deploy/a.yaml"] = mutator.mutate(bytes, corpus: [bytes])
            } else {
                // One object a file, so that a broken one is refused by itself and not with the rest.
                let index = Int.random(in: documents.indices, using: &mutator.random)
                let broken = (0..<Int.random(in: 1...3, using: &mutator.random)).reduce(documents[index]) { value, _ in
                    mutator.mutate(value, keys: Self.keys)
                }
                files["deploy/a.json"] = broken.canonicalBytes
            }
            request.files = files
            let first = Result { () throws(PlanningError) in try plan(request) }
            let second = Result { () throws(PlanningError) in try plan(request) }
            #expect(first == second, "input \(input)")
            switch first {
            case .success(let plan):
                accepted += 1
                for object in plan.objects.dropFirst() {
                    let complaints = complaints(about: object, level: level)
                    #expect(complaints == [], "input \(input): \(object)")
                }
            case .failure(let error): #expect(!error.problems.isEmpty, "input \(input)")
            }
        }
        #expect(accepted > 0)
    }

    /// What is harmful about an object of a plan: a search of the whole tree, which knows no tables.
    private func complaints(about object: PlannedObject, level: StackPolicy.Level) -> [String] {
        var found: [String] = []
        let manifest = object.manifest
        if object.namespace != "staging-shop-42" || manifest["metadata"]?["namespace"] != "staging-shop-42" { found.append("namespace") }
        if manifest["metadata"]?["labels"]?["slingshot.dev/stack"] != "shop-42" { found.append("labels") }
        for key in ["finalizers", "ownerReferences"] where manifest["metadata"]?[key] != nil { found.append(key) }
        if ["ClusterRole", "Role", "RoleBinding", "ClusterRoleBinding", "Node", "List"].contains(object.kind) { found.append("kind") }
        if object.wave == .isolation || ["ConfigMap", "Secret"].contains(object.kind) { return found }
        search(manifest) { key, value in
            guard value != .null else { return }
            switch key {
            case "hostNetwork", "hostPID", "hostIPC", "privileged", "hostProcess", "automountServiceAccountToken":
                if value != false { found.append(key) }
            case "hostPath", "csi", "nfs", "nodeName", "ephemeralContainers", "serviceAccountToken", "externalIPs", "externalName",
                "seLinuxOptions", "dataSource", "volumeName", "defaultBackend", "priorityClassName", "tolerations", "runtimeClassName",
                "nginx.ingress.kubernetes.io/server-snippet":
                found.append(key)
            case "hostPort": if value != 0 { found.append(key) }
            case "add": if value != [] { found.append(key) }
            case "procMount": if value != "Default" { found.append(key) }
            case "seccompProfile", "appArmorProfile": if value["type"] == "Unconfined" { found.append(key) }
            case "runAsUser": if level == .restricted, value.integer ?? 0 <= 0 { found.append(key) }
            case "runAsNonRoot": if level == .restricted, value != true { found.append(key) }
            case "allowPrivilegeEscalation": if level == .restricted, value != false { found.append(key) }
            case "host" where object.kind == "Ingress": if value != "shop-42.staging.example.com" { found.append(key) }
            case "type" where object.kind == "Service": if value != "ClusterIP" { found.append(key) }
            case "containers", "initContainers":
                for container in value.array ?? [] where level == .restricted {
                    let context = container["securityContext"]
                    if context?["allowPrivilegeEscalation"] != false || context?["capabilities"]?["drop"] != ["ALL"] { found.append(key) }
                }
            default: break
            }
        }
        return found
    }

    private func search(_ value: JSONValue, _ visit: (String, JSONValue) -> Void) {
        for (key, value) in value.object ?? [:] {
            // Labels, annotations and selectors have keys of their author's choice.
            if key != "matchLabels", key != "labels", key != "selector", key != "nodeSelector" {
                visit(key, value)
                search(value, visit)
            }
        }
        for value in value.array ?? [] { search(value, visit) }
    }
}
