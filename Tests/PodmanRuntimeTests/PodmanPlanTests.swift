import Foundation
import StagingModel
import Testing

@testable import PodmanRuntime

@Suite struct PodmanPlanTests {
    private func plan(_ objects: [JSONValue]) throws -> Plan {
        let planned = objects.map {
            PlannedObject(
                apiVersion: "v1", kind: $0["kind"]?.string ?? "", name: $0["metadata"]?["name"]?.string ?? "", namespace: "staging-shop-7",
                wave: .workload, manifest: $0)
        }
        return Plan(
            stack: try #require(StackName("shop-7")), namespace: "staging-shop-7",
            commit: try #require(CommitID(String(repeating: "a", count: 40))), url: "", timeToLive: nil, objects: planned, digest: "")
    }

    private func deployment(_ container: JSONValue, pod: JSONValue = [:], spec: JSONValue = [:]) -> JSONValue {
        var (pod, container, spec) = (pod, container, spec)
        container["name"] = "app"
        container["image"] = container["image"] ?? "shop:1"
        pod["containers"] = [container]
        spec["template"] = ["metadata": ["labels": ["app": "web"]], "spec": pod]
        return ["kind": "Deployment", "metadata": ["name": "web"], "spec": spec]
    }

    private func service(_ name: String, _ port: Int64, _ target: JSONValue) -> JSONValue {
        [
            "kind": "Service", "metadata": ["name": .string(name)],
            "spec": ["selector": ["app": "web"], "ports": [["port": .integer(port), "targetPort": target]]],
        ]
    }

    @Test func servicesBecomeNamesAndRedirects() throws {
        let web = deployment(["ports": [["name": "http", "containerPort": 8080]]], spec: ["replicas": 2])
        let pods = try PodmanPlan(plan([web, service("web", 80, "http"), service("api", 8080, 8080)])).workloads[0].pods
        #expect(pods.map(\.hostname) == ["web-0", "web-1"])
        #expect(pods[0].redirects == [PortRedirect(transport: "tcp", port: 80, target: 8080)])
        #expect(pods[0].aliases.contains("web") && pods[0].aliases.contains("api.staging-shop-7.svc.cluster.local"))
        #expect(pods[0].containers[0].image == "docker.io/library/shop:1")
    }

    @Test func aPodsNameChangesWithWhatItIs() throws {
        func name(_ greeting: String) throws -> String {
            try PodmanPlan(plan([deployment(["env": [["name": "G", "value": .string(greeting)]]])])).workloads[0].pods[0].name
        }
        #expect(try name("a") == name("a"))
        #expect(try name("a") != name("b"))
    }

    struct Refused: Sendable {
        var container: JSONValue = [:]
        var pod: JSONValue = [:]
        var text: String
    }

    static let refused: [Refused] = [
        Refused(container: ["lifecycle": [:]], text: "Deployment/web: spec.template.spec.containers[0].lifecycle can't be honoured"),
        Refused(container: ["livenessProbe": ["grpc": ["port": 1]]], text: "containers[0].livenessProbe.grpc can't be honoured"),
        Refused(container: ["resources": ["limits": ["gpu": 1]]], text: "resources.limits.gpu podman can't limit it"),
        Refused(container: ["envFrom": [["configMapRef": ["name": "none"]]]], text: "names ConfigMap/none, which the stack does not have"),
        Refused(container: ["volumeMounts": [["name": "x", "mountPath": "/x"]]], text: "has no \"x\", which a container mounts"),
        Refused(pod: ["imagePullSecrets": []], text: "spec.template.spec.imagePullSecrets can't be honoured"),
        Refused(pod: ["dnsPolicy": "Default"], text: "spec.template.spec.dnsPolicy names are the stack's own"),
    ]

    @Test(arguments: refused)
    func whatPodmanCannotHonourIsRefused(given: Refused) throws {
        let refusal = #expect(throws: PodmanRefusal.self) { try PodmanPlan(plan([deployment(given.container, pod: given.pod)])) }
        #expect(refusal?.description.contains(given.text) == true, "\(refusal?.description ?? "")")
    }

    @Test(arguments: ["CronJob", "HorizontalPodAutoscaler", "Gateway"]) func kindsAreRefused(kind: String) throws {
        let object: JSONValue = ["kind": .string(kind), "metadata": ["name": "x"]]
        let refusal = #expect(throws: PodmanRefusal.self) { try PodmanPlan(plan([object])) }
        #expect(refusal?.description.hasPrefix("\(kind)/x: kind ") == true)
    }

    @Test func servicesThatDisagreeAreRefused() throws {
        let refusal = #expect(throws: PodmanRefusal.self) {
            try PodmanPlan(plan([deployment([:]), service("a", 80, 8080), service("b", 80, 9090)]))
        }
        #expect(refusal?.description.contains("Service/b: spec.ports[0].port Service/a takes port 80 of the same pods to 8080") == true)
    }

    @Test func theQuotaIsChecked() throws {
        let quota: JSONValue = [
            "kind": "ResourceQuota", "metadata": ["name": "slingshot"], "spec": ["hard": ["limits.memory": "1Gi", "pods": "20"]],
        ]
        let web = deployment(["resources": ["limits": ["memory": "600Mi"]]], spec: ["replicas": 2])
        let refusal = #expect(throws: PodmanRefusal.self) { try PodmanPlan(plan([quota, web])) }
        #expect(refusal?.description.contains("and 1Gi are allowed") == true)
    }

    @Test func claimsAreCounted() throws {
        let quota: JSONValue = [
            "kind": "ResourceQuota", "metadata": ["name": "slingshot"],
            "spec": ["hard": ["requests.storage": "3Gi", "persistentvolumeclaims": "2"]],
        ]
        func claim(_ name: String, _ size: String) -> JSONValue {
            [
                "kind": "PersistentVolumeClaim", "metadata": ["name": .string(name)],
                "spec": ["resources": ["requests": ["storage": .string(size)]]],
            ]
        }
        var database = deployment([:], spec: ["replicas": 2, "volumeClaimTemplates": [claim("data", "1Gi")]])
        database["kind"] = "StatefulSet"
        #expect(try PodmanPlan(plan([quota, database])).workloads.count == 1)
        let many = #expect(throws: PodmanRefusal.self) { try PodmanPlan(plan([quota, database, claim("a", "1Gi")])) }
        #expect(many?.problems == ["the stack's: limits.volumeClaims has 3 volume claims, and 2 are allowed; remove some"])
        let large = #expect(throws: PodmanRefusal.self) { try PodmanPlan(plan([quota, claim("a", "4Gi")])) }
        #expect(large?.problems == ["the stack's: limits.storage its claims ask for 4294967296 bytes, and 3Gi are allowed; lower them"])
    }

    @Test func capabilitiesAreWithheldUnlessTheyAreAdded() throws {
        func container(_ capabilities: JSONValue) throws -> PodmanContainer {
            let web = deployment(["securityContext": ["capabilities": capabilities]])
            return try PodmanPlan(plan([web])).workloads[0].pods[0].containers[0]
        }
        #expect(try container([:]).droppedCapabilities == ["AUDIT_WRITE", "MKNOD", "NET_RAW"])
        #expect(try container(["drop": ["ALL"]]).droppedCapabilities == ["ALL"])
        let added = try container(["add": ["CAP_NET_RAW", "SYS_PTRACE"], "drop": ["CHOWN"]])
        #expect(added.addedCapabilities == ["NET_RAW", "SYS_PTRACE"])
        #expect(added.droppedCapabilities == ["AUDIT_WRITE", "CHOWN", "MKNOD"])
    }

    @Test(arguments: [
        ("docker-archive:/etc/passwd", true), ("oci:/srv/x", true), ("containers-storage:[overlay@/x]img/y", true), ("dir:/", true),
        ("registry:5000/shop:1", false), ("localhost/shop:1", false), ("shop:1", false), ("ghcr.io/acme/shop@sha256:00", false),
    ])
    func transportsAreRefused(image: String, hasTransport: Bool) {
        #expect(ContainerTranslation.hasTransport(image) == hasTransport)
    }

    @Test func theProfileOfSystemCallsMakesNoNamespaces() throws {
        let text = """
            {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
              {"names": ["read", "unshare", "clone", "clone3", "mount"], "action": "SCMP_ACT_ALLOW", "includes": {}},
              {"names": ["setns"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}}]}
            """
        let rules = try #require(SeccompProfile.own(from: Data(text.utf8))?["syscalls"]?.array)
        #expect(rules.first?["names"] == ["read"])
        #expect(rules.contains { $0["names"] == ["setns"] && $0["action"] == "SCMP_ACT_ALLOW" })
        #expect(rules.count { $0["names"] == ["clone"] && $0["args"]?.array?.first?["value"] == .integer(0x7E02_0000) } == 2)
        #expect(rules.last?["names"]?.array?.contains("unshare") == true && rules.last?["action"] == "SCMP_ACT_ERRNO")
        #expect(SeccompProfile.own(from: Data("[]".utf8)) == nil)
    }

    @Test func aFullDiskIsToldWithTheFix() {
        let full = PodmanError.status(code: 500, message: "write /var/lib/x: no space left on device", cause: "no space left on device")
        #expect(full.description.contains("no space left on device; free some disk (podman system df"))
        #expect(!PodmanError.status(code: 500, message: "no such image", cause: "").description.contains("disk"))
    }

    @Test(arguments: [("$(A)/x", "1/x"), ("$$(A)", "$(A)"), ("$(B)", "$(B)"), ("a$", "a$"), ("$(A", "$(A")])
    func variablesAreExpanded(text: String, result: String) {
        #expect(ContainerTranslation.expanded(text, ["A": "1"]) == result)
    }

    @Test func theMachinesNeedIsSeen() {
        let status = "CapEff:\t000001fffeffffff\n"
        let limits =
            "Max processes             96365                96365                processes \nMax open files            20000                20000                files \n"
        let facts = MachineFacts(isRoot: true, status: status, limits: limits)
        #expect(facts.openFiles == 20_000)
        #expect(facts.containersConfiguration?.contains(#"default_ulimits = ["nofile=20000:20000", "nproc=16384:16384"]"#) == true)
        #expect(MachineFacts(isRoot: true, status: "CapEff:\t000001ffffffffff\n", limits: limits).containersConfiguration == nil)
        #expect(MachineFacts(isRoot: false, status: status, limits: limits).containersConfiguration == nil)
    }

    @Test func theLatestRecordCounts() throws {
        let stack = try #require(StackName("shop-7"))
        let first = StackRecord(stack: stack, namespace: "staging-shop-7", uid: "n1", generation: 0, annotations: [:])
        let later = first.next(lease: Lease(startedAt: .distantPast, expiresAt: nil))
        let network = Network(id: "n1", name: "staging-shop-7", labels: first.labels)
        let volume = Volume(name: later.volumeName, labels: later.labels)
        #expect(StackRecord.current(networks: [network], volumes: [volume]) == [later])
        // what is left of a network that is gone is still told
        #expect(StackRecord.current(networks: [], volumes: [volume]) == [later])
    }
}
