import StagingModel
import Testing

@testable import Planning

@Suite struct ManifestPolicyTests {
    @Test(arguments: [
        ("kind: Namespace", "kind: \"Namespace\" is not allowed: Slingshot makes the stack's namespace; remove the object"),
        ("kind: ClusterRole", "kind: \"ClusterRole\" is not allowed: a stack gets no rights on the cluster; remove the object"),
        ("kind: EndpointSlice", "kind: \"EndpointSlice\" is not allowed: a Service could lead out of the stack with it; remove the object"),
        (
            "kind: ValidatingWebhookConfiguration",
            "kind: \"ValidatingWebhookConfiguration\" is not allowed: it would change the whole cluster; remove the object"
        ),
        ("kind: ReplicaSet", "kind: \"ReplicaSet\" is not allowed: use a Deployment instead"),
        (
            "kind: Gadget",
            "kind: \"Gadget\" is not allowed: a stack may consist of ConfigMap, CronJob, DaemonSet, Deployment, HorizontalPodAutoscaler, Ingress, Job, PersistentVolumeClaim, Pod, PodDisruptionBudget, Secret, Service, ServiceAccount, StatefulSet only; remove the object"
        ),
    ])
    func refusesKinds(line: String, expected: String) throws {
        let kind = line.split(separator: " ")[1]
        #expect(try problems(of: "apiVersion: v1\n\(line)\nmetadata: {name: x}\n") == ["deploy/app.yaml:2: \(kind)/x: \(expected)"])
    }

    @Test func refusesForeignVersions() throws {
        #expect(
            try problems(of: "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: x}\n") == [
                #"deploy/app.yaml:1: Ingress/x: apiVersion: "extensions/v1beta1" is not an API of Ingress; use networking.k8s.io/v1"#
            ])
        #expect(try problems(of: "a: 1\n") == ["deploy/app.yaml:1: an object without a kind: kind: is missing; add it"])
    }

    @Test(arguments: [
        ("{}", "metadata: metadata.name is missing; add it"),
        (
            "{name: Web}",
            "metadata.name: must be a DNS name: lower-case letters, digits, - and ., 253 characters at most; rename the object"
        ),
        ("{name: 5}", "metadata.name: must be a string; write it in quotes"),
        (
            "{name: ../x}",
            "metadata.name: must be a DNS name: lower-case letters, digits, - and ., 253 characters at most; rename the object"
        ),
        ("{name: slingshot}", "metadata.name: the name is Slingshot's own; rename the object"),
        ("{name: slingshot-x}", "metadata.name: the name is Slingshot's own; rename the object"),
        ("{name: x, namespace: kube-system}", "metadata.namespace: a stack stays in its own namespace staging-shop-42; remove the field"),
        ("{name: x, finalizers: [a/b]}", "metadata.finalizers: it could keep the stack from being destroyed; remove the field"),
        ("{name: x, ownerReferences: []}", "metadata.ownerReferences: it could keep the stack from being destroyed; remove the field"),
        ("{name: x, resourceVersion: \"1\"}", "metadata.resourceVersion: is the cluster's to set; remove the field"),
        ("{name: x, labels: {slingshot.dev/stack: other}}", #"metadata.labels["slingshot.dev/stack"]: is Slingshot's to set; remove it"#),
        ("{name: x, annotations: {janitor/ttl: 1d}}", #"metadata.annotations["janitor/ttl"]: is Slingshot's to set; remove it"#),
        ("{name: x, annotations: {a: 1}}", "metadata.annotations.a: must be a string; write it in quotes"),
        ("{name: x, labels: [a]}", "metadata.labels: must be a mapping"),
        (
            "{name: x, annotations: {slingshot.dev/wave: early}}",
            #"metadata.annotations["slingshot.dev/wave"]: must be an integer from -100 to 100, in quotes"#
        ),
        (
            #"{name: x, annotations: {slingshot.dev/wave: "101"}}"#,
            #"metadata.annotations["slingshot.dev/wave"]: must be an integer from -100 to 100, in quotes"#
        ),
        (
            "{name: x, annotations: {slingshot.dev/wave: 1}}",
            #"metadata.annotations["slingshot.dev/wave"]: must be a string; write it in quotes"#
        ),
        (#"{name: x, labels: {slingshot.dev/wave: "1"}}"#, #"metadata.labels["slingshot.dev/wave"]: is Slingshot's to set; remove it"#),
    ])
    func reviewsMetadata(metadata: String, expected: String) throws {
        let found = try problems(of: "apiVersion: v1\nkind: ConfigMap\nmetadata: \(metadata)\n").map {
            $0.split(separator: " ", maxSplits: 2).last.map(String.init)
        }
        #expect(found.contains { $0?.hasSuffix(expected) ?? false })
    }

    @Test func refusesGeneratedNamesAndTheDefaultAccount() throws {
        #expect(
            try problems(of: "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: x-}\n") == [
                "deploy/app.yaml:3: ConfigMap without a name: metadata: metadata.name is missing; add it",
                "deploy/app.yaml:3: ConfigMap without a name: metadata.generateName: the object would be made anew with each push; give it a name",
            ])
        #expect(
            try problems(of: "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default}\nautomountServiceAccountToken: true\n") == [
                "deploy/app.yaml:3: ServiceAccount/default: metadata.name: the name is Slingshot's own; rename the object",
                "deploy/app.yaml:4: ServiceAccount/default: automountServiceAccountToken: stacks get no token for the cluster's API; remove the field",
            ])
    }

    @Test func refusesTokensAndExistingVolumes() throws {
        #expect(
            try problems(of: "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ntype: kubernetes.io/service-account-token\n") == [
                "deploy/app.yaml:4: Secret/x: type: it would hold a token for the cluster's API; use another type"
            ])
        #expect(
            try problems(of: "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: x}\nspec: {volumeName: prod}\n") == [
                "deploy/app.yaml:4: PersistentVolumeClaim/x: spec.volumeName: the claim would take an existing volume; remove the field"
            ])
    }

    @Test func refusesTwins() throws {
        let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
        #expect(
            try problems(of: "\(text)---\n\(text)") == [
                "deploy/app.yaml:7: ConfigMap/x: metadata.name: a second object of this kind and name; rename or remove one"
            ])
    }

    @Test func refusesTooMuch() throws {
        let large = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: \(String(repeating: "x", count: 300_000))}\n"
        let tooLarge = try problems(of: large)
        #expect(tooLarge == ["deploy/app.yaml:1: ConfigMap/x: 300262 bytes, and 262144 are allowed; make it smaller"])
        let many = (1...201).map { "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x\($0)}\n" }.joined(separator: "---\n")
        #expect(try problems(of: many) == [".slingshot.yaml:1: manifests: more than 200 objects; deploy fewer"])
    }

    @Test func tellsAllAtOnce() throws {
        let text =
            "apiVersion: v1\nkind: Role\nmetadata: {name: x}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: z}\nspec: {type: NodePort, externalIPs: [1.2.3.4]}\n"
        let found = try problems(of: text).map { $0.prefix(20) }
        #expect(found == ["deploy/app.yaml:2: R", "deploy/app.yaml:8: S", "deploy/app.yaml:8: S"])
    }
}
