import Foundation
import KubernetesClient
import KubernetesRuntime
import Logging
import Orchestration
import StagingModel
import Testing

/// The cluster that `KUBECONFIG` names, and things to try on it.
enum KubernetesTestCluster {
    struct Missing: Error, CustomStringConvertible {
        var description: String {
            "KUBECONFIG is not set: these tests need a cluster; bring one up with dev/cluster up, and export the path it prints"
        }
    }

    /// The image that `make test` makes, or names: busybox, serving a page.
    static let image = ProcessInfo.processInfo.environment["SLINGSHOT_DEMO_IMAGE"] ?? "SLINGSHOT_DEMO_IMAGE is not set"

    static func withClient(_ body: (KubernetesClient) async throws -> Void) async throws {
        guard let path = ProcessInfo.processInfo.environment["KUBECONFIG"], !path.isEmpty else { throw Missing() }
        let client = try KubernetesClient(ClusterConfiguration.load(kubeconfig: path), logger: Logger(label: "test"))
        do { try await body(client) } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
    }

    /// A runtime with a prefix of its own, so that tests don't meet; what it leaves is removed.
    static func withRuntime(clock: any WallClock = FastClock(), _ body: (KubernetesRuntime, StackFixture) async throws -> Void) async throws
    {
        try await withClient { client in
            let prefix = "staging-kc\(UInt32.random(in: 0...UInt32.max))-"
            let stack = try #require(StackName("shop-7"))
            let fixture = StackFixture(stack: stack, namespace: prefix + stack.description, client: client)
            let runtime = KubernetesRuntime(client: client, namespacePrefix: prefix, logger: Logger(label: "test"), clock: clock)
            do { try await body(runtime, fixture) } catch {
                try? await fixture.remove()
                throw error
            }
            try? await fixture.remove()
        }
    }

    /// Three times as fast as the machine's clock: faster, and a busy kubelet would be late for what is waited for.
    struct FastClock: WallClock {
        let start = Date()

        var now: Date { start.addingTimeInterval(-start.timeIntervalSinceNow * 3) }
        func sleep(until instant: Date) async throws { try await Task.sleep(for: .seconds(max(0, instant.timeIntervalSince(now)) / 3)) }
    }
}

/// One stack's plan, and a look at its namespace past the runtime.
struct StackFixture {
    let stack: StackName
    let namespace: String
    let client: KubernetesClient

    /// A lease of one hour that starts at a fixed instant.
    var lease: Lease { Lease(startedAt: Date(timeIntervalSince1970: 1_800_000_000), expiresAt: Date(timeIntervalSince1970: 1_800_003_600)) }

    /// A namespace with a Deployment of one container, which runs `command` or the image's own.
    func plan(image: String = KubernetesTestCluster.image, command: [String] = [], digest: String = "digest") throws -> Plan {
        try plan(of: [deployment(image: image, command: command)], digest: digest)
    }

    /// A namespace with these objects.
    func plan(of objects: [PlannedObject], digest: String = "digest") throws -> Plan {
        let manifest: JSONValue = [
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": ["name": .string(namespace), "labels": JSONValue(StackMetadata.labels(of: stack))],
        ]
        let space = PlannedObject(
            apiVersion: "v1", kind: "Namespace", name: namespace, namespace: nil, wave: .namespace, manifest: manifest)
        let commit = try #require(CommitID(String(repeating: "a", count: 40)))
        return Plan(
            stack: stack, namespace: namespace, commit: commit, url: "http://\(stack).example.com", timeToLive: nil,
            objects: [space] + objects, digest: digest)
    }

    /// - Parameters:
    ///   - fields: of the container.
    ///   - pod: of the pod.
    ///   - others: further containers.
    func deployment(
        image: String = KubernetesTestCluster.image, command: [String] = [], container fields: [String: JSONValue] = [:],
        pod: [String: JSONValue] = [:], containers others: [JSONValue] = []
    ) -> PlannedObject {
        var container: JSONValue = .object(fields.merging(["name": "app", "image": .string(image)]) { given, _ in given })
        if !command.isEmpty { container["command"] = .array(command.map(JSONValue.string)) }
        var podLabels = JSONValue(StackMetadata.labels(of: stack))
        podLabels["app"] = "web"
        var spec = pod
        spec["containers"] = .array([container] + others)
        spec["automountServiceAccountToken"] = false
        let template: JSONValue = ["metadata": ["labels": podLabels], "spec": .object(spec)]
        return planned(
            "apps/v1", "Deployment", "web", ["spec": ["replicas": 1, "selector": ["matchLabels": ["app": "web"]], "template": template]])
    }

    /// An object of the stack that is applied with its workloads.
    func planned(_ apiVersion: String, _ kind: String, _ name: String, _ fields: [String: JSONValue] = [:]) -> PlannedObject {
        var fields = fields
        fields["apiVersion"] = .string(apiVersion)
        fields["kind"] = .string(kind)
        fields["metadata"] = ["name": .string(name), "labels": JSONValue(StackMetadata.labels(of: stack))]
        return PlannedObject(
            apiVersion: apiVersion, kind: kind, name: name, namespace: namespace, wave: .workload, manifest: .object(fields))
    }

    /// A pod that runs once, with the script that tells one commit's from another's.
    func podSpec(_ script: String) -> JSONValue {
        let container: JSONValue = [
            "name": "app", "image": .string(KubernetesTestCluster.image), "command": ["/bin/sh", "-c", .string(script)],
        ]
        return ["containers": [container], "restartPolicy": "Never", "automountServiceAccountToken": false]
    }

    /// - Parameter parallelism: 0 for a Job that makes no pods.
    func job(_ name: String, _ script: String, parallelism: Int = 1) -> PlannedObject {
        let template: JSONValue = ["metadata": ["labels": JSONValue(StackMetadata.labels(of: stack))], "spec": podSpec(script)]
        return planned(
            "batch/v1", "Job", name, ["spec": ["backoffLimit": 0, "parallelism": .integer(Int64(parallelism)), "template": template]])
    }

    /// Makes or changes an object past the runtime, as somebody else.
    func make(_ object: PlannedObject, labels: [String: String]) async throws -> PartialObject {
        var manifest = object.manifest
        manifest["metadata"] = ["name": .string(object.name), "labels": JSONValue(labels)]
        return try await client.apply(path(object), manifest: manifest.canonicalBytes, fieldManager: "somebody")
    }

    func object(_ object: PlannedObject) async throws -> PartialObject { try await client.get(path(object)) }

    /// The names of all objects of a kind, with their UIDs.
    func objects(_ apiVersion: String, _ kind: String) async throws -> [String: String] {
        let resource = try await client.discovery.resource(apiVersion: apiVersion, kind: kind)
        let list = try await client.list(ResourcePath(resource, namespace: namespace), as: PartialObject.self)
        return Dictionary(list.items.map { ($0.metadata.name, $0.metadata.uid) }) { first, _ in first }
    }

    private func path(_ object: PlannedObject) async throws -> ResourcePath {
        let resource = try await client.discovery.resource(apiVersion: object.apiVersion, kind: object.kind)
        return try ResourcePath(resource, namespace: namespace, name: object.name)
    }

    func object() async throws -> PartialObject { try await client.get(ResourcePath(.namespaces, name: namespace)) }

    func remove() async throws {
        try await client.delete(ResourcePath(.namespaces, name: namespace))
        try await client.deleteCollection(ResourcePath(.pods, namespace: namespace), options: DeleteOptions(gracePeriodSeconds: 0))
    }
}
