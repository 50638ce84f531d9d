import StagingModel
import Testing

@testable import Planning

/// What the server's configuration makes of the rules: the level, and what is allowed beyond it.
@Suite struct StackPolicyTests {
    private func policy(_ level: StackPolicy.Level = .baseline, _ change: (inout StackPolicy.Allowance) -> Void = { _ in }) -> StackPolicy {
        var policy = StackPolicy(level: level)
        change(&policy.allow)
        return policy
    }

    private func pod(_ line: String) -> String { "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  \(line)\n" }

    @Test func restrictedWritesOutWhatIsLeftOut() throws {
        let text = pod(
            "containers: [{name: c, image: i, securityContext: {capabilities: {drop: [NET_RAW]}}}]\n  initContainers: [{name: i}]")
        let plan = try plan(manifests: text, policy: policy(.restricted))
        let pod = try plan.object("Pod/x")
        #expect(pod[path: "spec.securityContext"] == ["runAsNonRoot": true, "seccompProfile": ["type": "RuntimeDefault"]])
        for container in ["containers", "initContainers"] {
            #expect(
                pod[path: "spec.\(container).0.securityContext"] == ["allowPrivilegeEscalation": false, "capabilities": ["drop": ["ALL"]]])
        }
        #expect(plan.objects[0].manifest[path: "metadata.labels"]?["pod-security.kubernetes.io/enforce"] == "restricted")
        let asGiven = try Planning.plan(request(stackFile: "manifests: deploy\n", files: ["deploy/a.yaml": text])).object("Pod/x")
        #expect(asGiven[path: "spec.securityContext"] == nil)
    }

    @Test(arguments: [
        ("securityContext: {runAsNonRoot: false}", "securityContext.runAsNonRoot: the level is \"restricted\", without root;"),
        ("securityContext: {runAsUser: 0}", "securityContext.runAsUser: the level is \"restricted\", without root;"),
        ("securityContext: {runAsUser: \"0\"}", "securityContext.runAsUser: the level is \"restricted\", without root;"),
        (
            "containers: [{name: c, securityContext: {runAsUser: 0}}]",
            "containers[0].securityContext.runAsUser: the level is \"restricted\", without root;"
        ),
        (
            "initContainers: [{name: c, securityContext: {allowPrivilegeEscalation: true}}]",
            "initContainers[0].securityContext.allowPrivilegeEscalation: the level is \"restricted\", which a process must not leave;"
        ),
    ])
    func restrictedRefusesWhatContradictsIt(line: String, expected: String) throws {
        let found = try problems(of: pod(line), policy: policy(.restricted))
        #expect(found.count == 1 && found[0].contains("Pod/x: spec.\(expected)"))
        #expect(try problems(of: pod(line)) == [])
    }

    @Test func restrictedWithRootIsStillConfined() throws {
        let plan = try plan(manifests: pod("securityContext: {runAsUser: 0}"), policy: policy(.restricted) { $0.runAsRoot = true })
        #expect(try plan.object("Pod/x")[path: "spec.securityContext"] == ["runAsUser": 0, "seccompProfile": ["type": "RuntimeDefault"]])
        #expect(plan.objects[0].manifest[path: "metadata.labels"]?["pod-security.kubernetes.io/enforce"] == "baseline")
    }

    @Test func theTemplateFitsTheRestrictedLevel() throws {
        let plan = try plan(request(template: "web", values: ["image": "i"], policy: policy(.restricted)))
        #expect(try plan.object("Deployment/web")[path: "spec.template.spec.securityContext.runAsNonRoot"] == true)
    }

    private struct Case: Sendable {
        let line: String
        let allowing: @Sendable (inout StackPolicy.Allowance) -> Void
        let level: String

        init(_ line: String, _ allowing: @escaping @Sendable (inout StackPolicy.Allowance) -> Void, _ level: String) {
            (self.line, self.allowing, self.level) = (line, allowing, level)
        }
    }

    private static let cases = [
        Case(
            "containers: [{name: c, securityContext: {capabilities: {add: [NET_ADMIN]}}}]", { $0.capabilities = ["NET_ADMIN"] },
            "privileged"),
        Case("containers: [{name: c, securityContext: {capabilities: {add: [CHOWN]}}}]", { $0.capabilities = ["CHOWN"] }, "baseline"),
        Case("volumes: [{name: v, nfs: {server: s, path: /}}]", { $0.volumes = ["nfs"] }, "baseline"),
        Case("containers: [{name: c, resources: {limits: {nvidia.com/gpu: 1}}}]", { $0.resources = ["nvidia.com/gpu"] }, "baseline"),
        Case("nodeSelector: {pool: gpu}", { $0.placement = true }, "baseline"),
        Case("tolerations: [{operator: Exists}]", { $0.placement = true }, "baseline"),
        Case("affinity: {nodeAffinity: {}}", { $0.placement = true }, "baseline"),
        Case("priorityClassName: low", { $0.priorityClasses = ["low"] }, "baseline"),
        Case("runtimeClassName: gvisor", { $0.runtimeClasses = ["gvisor"] }, "baseline"),
    ]

    /// Each is refused without its allowance, and passes with it.
    @Test(arguments: cases.indices)
    func podsGetWhatIsAllowed(index: Int) throws {
        let (line, allowing, level) = (Self.cases[index].line, Self.cases[index].allowing, Self.cases[index].level)
        let refused = try problems(of: pod(line))
        #expect(refused.count == 1 && refused[0].contains("policy.allow."))
        let plan = try plan(manifests: pod(line), policy: policy(.baseline, allowing))
        #expect(plan.objects[0].manifest[path: "metadata.labels"]?["pod-security.kubernetes.io/enforce"] == .string(level))
    }

    @Test func anAllowanceIsForWhatItNames() throws {
        let policy = policy {
            $0.capabilities = ["CHOWN"]
            $0.volumes = ["nfs"]
            $0.metadata = ["example.com/*", "other.org/a"]
        }
        #expect(try problems(of: pod("volumes: [{name: v, csi: {driver: x}}]"), policy: policy).count == 1)
        #expect(
            try problems(of: pod("containers: [{name: c, securityContext: {capabilities: {add: [CHOWN, SYS_ADMIN]}}}]"), policy: policy)
                .count
                == 1)
        for (key, count) in [
            ("example.com/a", 0), ("other.org/a", 0), ("other.org/b", 1), ("sub.example.com/a", 1), ("slingshot.dev/a", 1),
        ] {
            let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: x, annotations: {\(key): a}}\nspec: {}\n"
            #expect(try problems(of: text, policy: policy).count == count)
        }
    }

    @Test func customResourcesPassWhenTheyAreAllowed() throws {
        let text = """
            apiVersion: cert-manager.io/v1
            kind: Certificate
            metadata: {name: tls}
            spec: {anything: {goes: [here]}}
            """
        #expect(
            try problems(of: text) == [
                #"deploy/app.yaml:2: Certificate/tls: kind: "Certificate" is not allowed: nobody has judged it; remove the object, or let an administrator set policy.allow.kinds: [Certificate.cert-manager.io]"#
            ])
        let policy = policy { $0.kinds = ["Certificate.cert-manager.io", "NetworkPolicy.networking.k8s.io"] }
        let object = try plan(manifests: text, policy: policy).object("Certificate/tls")
        #expect(object["spec"] == ["anything": ["goes": ["here"]]])
        #expect(object[path: "metadata.namespace"] == "staging-shop-42")
        #expect(object[path: "metadata.labels"]?[StackMetadata.stack] == "shop-42")
        #expect(try problems(of: text.replacing("{name: tls}", with: "{name: tls, finalizers: [a/b]}"), policy: policy).count == 1)
        #expect(try problems(of: text.replacing("{name: tls}", with: "{name: tls, namespace: other}"), policy: policy).count == 1)
        #expect(try problems(of: text.replacing("cert-manager.io", with: "example.com"), policy: policy).count == 1)
        let open = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: open}\nspec: {podSelector: {}, egress: [{}]}\n"
        #expect(try problems(of: open).first?.contains("policy.allow.kinds: [NetworkPolicy.networking.k8s.io]") ?? false)
        #expect(try problems(of: open, policy: policy) == [])
        #expect(try problems(of: open.replacing("name: open", with: "name: slingshot-default-deny"), policy: policy).count == 1)
    }

    @Test(arguments: [
        ("Certificate.cert-manager.io", true), ("HTTPRoute.gateway.networking.k8s.io", true), ("NetworkPolicy.networking.k8s.io", true),
        ("Role.rbac.authorization.k8s.io", false), ("Namespace", false), ("ReplicaSet.apps", false), ("Lease.coordination.k8s.io", false),
        ("certificates.cert-manager.io", false), ("CustomResourceDefinition.apiextensions.k8s.io", false), ("X.", false),
        (".example.com", false),
        ("A.b", false),
    ])
    func kindsThatCanBeAllowed(kind: String, expected: Bool) {
        #expect(StackPolicy.mayAllow(kind: kind) == expected)
    }

    @Test func ingressHostsAndServiceTypes() throws {
        let policy = policy {
            $0.ingressHosts = ["*.preview.example.com", "www.example.com"]
            $0.serviceTypes = ["LoadBalancer"]
        }
        for (host, count) in [
            ("a.preview.example.com", 0), ("www.example.com", 0), ("a.b.preview.example.com", 1), ("preview.example.com", 1),
            ("\"*.preview.example.com\"", 1), ("shop-43.staging.example.com", 1),
        ] {
            let text = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: x}\nspec: {rules: [{host: \(host)}]}\n"
            #expect(try problems(of: text, policy: policy).count == count)
        }
        let service = "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {type: LoadBalancer}\n"
        #expect(try problems(of: service, policy: policy) == [])
        #expect(try problems(of: service.replacing("LoadBalancer", with: "ExternalName"), policy: policy).count == 1)
        let quota = try plan(manifests: service, policy: policy).object("ResourceQuota/slingshot")[path: "spec.hard"]
        #expect(quota?["services.loadbalancers"] == "10")
        #expect(
            try plan(manifests: pod("containers: []")).object("ResourceQuota/slingshot")[path: "spec.hard"]?["services.loadbalancers"]
                == "0")
    }

    @Test func theQuotaBoundsStorageAndWhatPilesUp() throws {
        let hard = try plan(manifests: pod("containers: []")).object("ResourceQuota/slingshot")[path: "spec.hard"]
        #expect(
            hard == [
                "limits.cpu": "2", "limits.memory": "4Gi", "limits.ephemeral-storage": "20Gi", "pods": "20", "count/pods": "100",
                "count/jobs.batch": "100", "requests.storage": "10Gi", "persistentvolumeclaims": "10", "services.loadbalancers": "0",
                "services.nodeports": "0",
            ])
    }
}
