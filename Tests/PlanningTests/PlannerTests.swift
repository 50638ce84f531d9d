import StagingModel
import Testing

@testable import Planning

@Suite struct PlannerTests {
    private static let hostile = ##""]}: {{x}} ${{ pr.title }} && rm -rf /"##
    private static let workload = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, creationTimestamp: null}
        spec:
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}, annotations: {title: "${{ pr.title }}"}}
            spec:
              initContainers: [{name: i, image: "x:${{ pr.shortSha }}"}]
              containers: [{name: c, env: [{name: SLINGSHOT_URL, value: mine}, {name: A, value: $(SLINGSHOT_URL)/x}]}]
        status: {}
        """

    @Test func aHostileTitleChangesStringsOnly() throws {
        func strings(title: String) throws -> (shape: String, texts: [String]) {
            let pullRequest = PullRequest(number: 42, title: title, author: "mona", branch: "b")
            let plan = try plan(
                request(stackFile: "manifests: deploy\n", files: ["deploy/a.yaml": Self.workload], pullRequest: pullRequest))
            var texts: [String] = []
            func shape(_ value: JSONValue) -> JSONValue {
                switch value {
                case .string(let text) where text == title:
                    texts.append(text)
                    return "TITLE"
                case .array(let items): return .array(items.map(shape))
                case .object(let fields): return .object(fields.mapValues(shape))
                default: return value
                }
            }
            return (plan.objects.map { shape($0.manifest).canonicalText }.joined(separator: "\n"), texts)
        }
        let hostile = try strings(title: Self.hostile)
        let tame = try strings(title: "a tame title")
        #expect(hostile.shape == tame.shape)
        #expect(hostile.texts == [Self.hostile, Self.hostile])
    }

    @Test func titlesAreBoundedOnTheNamespace() throws {
        let pullRequest = PullRequest(number: 42, title: "a\nb\u{0}\u{202E}" + String(repeating: "x", count: 5_000))
        let namespace = try plan(request(template: "web", values: ["image": "i"], pullRequest: pullRequest)).objects[0].manifest
        let title = try #require(namespace[path: "metadata.annotations"]?[StackMetadata.title]?.string)
        #expect(title.hasPrefix("a\u{FFFD}b\u{FFFD}\u{FFFD}xxx") && title.count == 1_001)
    }

    @Test func decoratesWorkloads() throws {
        let object = try plan(manifests: Self.workload).object("Deployment/web")
        let labels = JSONValue(StackMetadata.labels(of: try request().stack))
        #expect(object["status"] == nil)
        #expect(object[path: "metadata.namespace"] == "staging-shop-42")
        #expect(object[path: "metadata.labels"] == labels)
        #expect(object[path: "spec.selector.matchLabels"] == ["app": "web"])
        for (key, value) in labels.object ?? [:] { #expect(object[path: "spec.template.metadata.labels"]?[key] == value) }
        #expect(object[path: "spec.template.metadata.labels.app"] == "web")
        #expect(object[path: "spec.template.spec.automountServiceAccountToken"] == false)
        let ours: [JSONValue] = [
            ["name": "SLINGSHOT_STACK", "value": "shop-42"], ["name": "SLINGSHOT_URL", "value": "http://shop-42.staging.example.com"],
            ["name": "SLINGSHOT_PULL_REQUEST", "value": "42"],
            ["name": "SLINGSHOT_SHA", "value": .string(String(repeating: "0123456789", count: 4))],
        ]
        #expect(object[path: "spec.template.spec.initContainers.0.env"] == .array(ours))
        #expect(object[path: "spec.template.spec.containers.0.env"] == .array(ours + [["name": "A", "value": "$(SLINGSHOT_URL)/x"]]))
        #expect(object[path: "spec.template.spec.initContainers.0.image"] == "x:0123456")
    }

    @Test func decoratesEveryTemplate() throws {
        let text = """
            kind: List
            apiVersion: v1
            items:
              - apiVersion: batch/v1
                kind: CronJob
                metadata: {name: c}
                spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: c}]}}}}}
              - apiVersion: apps/v1
                kind: StatefulSet
                metadata: {name: s}
                spec: {template: {spec: {containers: [{name: c}]}}, volumeClaimTemplates: [{metadata: {name: v}}]}
              - {apiVersion: v1, kind: ServiceAccount, metadata: {name: a}}
              - {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c}]}}
            """
        let plan = try plan(manifests: text)
        let labels = JSONValue(StackMetadata.labels(of: try request().stack))
        #expect(try plan.object("CronJob/c")[path: "spec.jobTemplate.metadata.labels"] == labels)
        #expect(try plan.object("CronJob/c")[path: "spec.jobTemplate.spec.template.metadata.labels"] == labels)
        #expect(try plan.object("StatefulSet/s")[path: "spec.volumeClaimTemplates.0.metadata.labels"] == labels)
        #expect(try plan.object("ServiceAccount/a")["automountServiceAccountToken"] == false)
        #expect(try plan.object("Pod/p")[path: "metadata.labels"] == labels)
        #expect(try plan.object("Pod/p")[path: "spec.containers.0.env"]?.array?.count == 4)
        #expect(plan.objects.suffix(4).map(\.description) == ["ServiceAccount/a", "CronJob/c", "StatefulSet/s", "Pod/p"])
    }

    @Test func writesThePortsDefaultOut() throws {
        let text = """
            apiVersion: v1
            kind: Service
            metadata: {name: s}
            spec: {ports: [{port: 80}, {port: 53, protocol: UDP}]}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: p}
            spec: {containers: [{name: c, ports: [{containerPort: 80}]}]}
            """
        let plan = try plan(manifests: text)
        #expect(try plan.object("Service/s")[path: "spec.ports"] == [["port": 80, "protocol": "TCP"], ["port": 53, "protocol": "UDP"]])
        #expect(try plan.object("Pod/p")[path: "spec.containers.0.ports"] == [["containerPort": 80, "protocol": "TCP"]])
    }

    @Test func setsTheServersRouting() throws {
        let text = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: x}\nspec: {rules: [{host: \"${{ stack.host }}\"}]}\n"
        let own = text.replacing("spec: {", with: "spec: {ingressClassName: own, ")
        let addressing = StackAddressing(domain: "staging.example.com", ingressClass: "nginx", tlsSecret: "wildcard")
        func spec(_ text: String) throws -> JSONValue? {
            try plan(request(stackFile: "manifests: deploy\n", files: ["deploy/a.yml": text], addressing: addressing)).object("Ingress/x")[
                "spec"]
        }
        #expect(try spec(text)?["ingressClassName"] == "nginx")
        #expect(try spec(own)?["ingressClassName"] == "nginx")
        #expect(try spec(text)?["tls"] == [["hosts": ["shop-42.staging.example.com"], "secretName": "wildcard"]])
        #expect(try plan(manifests: text).object("Ingress/x")["spec"]?["tls"] == nil)
    }

    @Test func readsTheFolderInOrder() throws {
        func configMap(_ name: String) -> String { "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \(name)}\n" }
        let files = [
            "deploy/b.yaml": configMap("b") + "---\n---\n" + configMap("c"),
            "deploy/a/z.json": #"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "z"}}"#,
            "deploy/notes.txt": "{", "deployment/x.yaml": "{", "deploy/c.yml": configMap("d"), ".slingshot.yaml": "{",
        ]
        let plan = try plan(request(stackFile: "manifests: deploy/\n", files: files))
        #expect(plan.objects.dropFirst(8).map(\.name) == ["z", "b", "c", "d"])
        #expect(throws: PlanningError.self) {
            try Planning.plan(request(stackFile: "manifests: deploy/\n", files: ["deploy/notes.txt": ""]))
        }
    }

    @Test func theLeaseTimeIsTheStackFiles() throws {
        #expect(try plan(manifests: Self.workload, stackFile: "manifests: deploy\nttl: 4h\n").timeToLive == 14_400)
        #expect(try plan(manifests: Self.workload).timeToLive == nil)
    }

    @Test func theDigestFollowsTheObjects() throws {
        let first = try plan(manifests: Self.workload)
        #expect(try plan(manifests: "# a comment\n" + Self.workload).digest == first.digest)
        #expect(try plan(manifests: Self.workload.replacing("name: c,", with: "name: d,")).digest != first.digest)
        #expect(first.digest.count == 64)
        #expect(first.url == "http://shop-42.staging.example.com")
    }

    @Test func changedConfigurationReachesThePods() throws {
        func digest(_ value: String) throws -> JSONValue? {
            let text = Self.workload + "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: \(value)}\n"
            return try plan(manifests: text).object("Deployment/web")[path: "spec.template.metadata.annotations"]?[
                Decoration.configurationDigest]
        }
        #expect(try digest("x") != digest("y"))
        #expect(try digest("x") == digest("x"))
        #expect(
            try plan(manifests: Self.workload).object("Deployment/web")[path: "spec.template.metadata.annotations"]?[
                Decoration.configurationDigest] == nil)
    }

    @Test func defaultsFitSmallQuotas() throws {
        let limits = StackLimits(cpu: "100m", memory: "0.1Gi", pods: 2)
        let range = try plan(request(template: "web", values: ["image": "i", "resources": [:]], limits: limits)).object(
            "LimitRange/slingshot")[
                path: "spec.limits.0"]
        #expect(range?["default"] == ["cpu": "100m", "memory": "0.1Gi", "ephemeral-storage": "1Gi"])
        #expect(range?["defaultRequest"] == ["cpu": "25m", "memory": "64Mi", "ephemeral-storage": "0"])
    }

    @Test(arguments: [
        ("1", 1.0), ("250m", 0.25), ("4Gi", 4_294_967_296), ("1k", 1_000), ("1e3", 1_000), ("0.5Mi", 524_288), ("x", nil), ("", nil),
        ("-1", nil), ("1 Gi", nil),
    ])
    func readsQuantities(text: String, expected: Double?) {
        #expect(quantity(text) == expected)
    }

    /// Configuration comes before workloads within a wave, and a lower wave whole before a higher one.
    @Test func wavesOrderThePlan() throws {
        func object(_ kind: String, _ name: String, wave: Int?) -> String {
            let api = kind == "Job" ? "batch/v1" : "v1"
            let annotations = wave.map { #", annotations: {slingshot.dev/wave: "\#($0)"}"# } ?? ""
            let spec =
                switch kind {
                case "Job": "spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}"
                case "Service": "spec: {ports: [{port: 80}]}"
                default: "data: {}"
                }
            return "apiVersion: \(api)\nkind: \(kind)\nmetadata: {name: \(name)\(annotations)}\n\(spec)\n"
        }
        let text = [
            object("Service", "web", wave: nil), object("Job", "seed", wave: 1), object("ConfigMap", "late", wave: 2),
            object("Job", "migrate", wave: -1), object("ConfigMap", "early", wave: -1), object("ConfigMap", "plain", wave: nil),
        ].joined(separator: "---\n")
        let plan = try plan(manifests: text)
        let own = plan.objects.filter { $0.wave > .isolation }
        #expect(own.map(\.name) == ["early", "migrate", "plain", "web", "seed", "late"])
        #expect(own.map(\.order) == [-1, -1, 0, 0, 1, 2])
        #expect(plan.objects.prefix(while: { $0.wave <= .isolation }).count == plan.objects.count - own.count)
    }
}
