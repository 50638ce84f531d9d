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

    /// Ten times as fast as the machine's clock.
    struct FastClock: WallClock {
        let start = Date()

        var now: Date { start.addingTimeInterval(-start.timeIntervalSinceNow * 10) }
        func sleep(until instant: Date) async throws { try await Task.sleep(for: .seconds(max(0, instant.timeIntervalSince(now)) / 10)) }
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
        var container: JSONValue = ["name": "app", "image": .string(image)]
        if !command.isEmpty { container["command"] = .array(command.map(JSONValue.string)) }
        let labels = JSONValue(StackMetadata.labels(of: stack))
        var podLabels = labels
        podLabels["app"] = "web"
        let template: JSONValue = [
            "metadata": ["labels": podLabels], "spec": ["containers": [container], "automountServiceAccountToken": false],
        ]
        let deployment: JSONValue = [
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "web", "labels": labels],
            "spec": ["replicas": 1, "selector": ["matchLabels": ["app": "web"]], "template": template],
        ]
        let space: JSONValue = ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(namespace), "labels": labels]]
        return try plan(
            [
                PlannedObject(apiVersion: "v1", kind: "Namespace", name: namespace, namespace: nil, wave: .namespace, manifest: space),
                PlannedObject(
                    apiVersion: "apps/v1", kind: "Deployment", name: "web", namespace: namespace, wave: .workload, manifest: deployment),
            ], digest: digest)
    }

    private func plan(_ objects: [PlannedObject], digest: String) throws -> Plan {
        let commit = try #require(CommitID(String(repeating: "a", count: 40)))
        return Plan(
            stack: stack, namespace: namespace, commit: commit, url: "http://\(stack).example.com", timeToLive: nil, objects: objects,
            digest: digest)
    }

    func object() async throws -> PartialObject { try await client.get(ResourcePath(.namespaces, name: namespace)) }

    func remove() async throws {
        try await client.delete(ResourcePath(.namespaces, name: namespace))
        try await client.deleteCollection(ResourcePath(.pods, namespace: namespace), options: DeleteOptions(gracePeriodSeconds: 0))
    }
}
