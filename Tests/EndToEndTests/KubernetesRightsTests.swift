import Foundation
import KubernetesClient
import KubernetesRuntime
import Logging
import Orchestration
import StagingModel
import Testing

/// Everything that the runtime does is done with no other rights than `deploy/kubernetes/rbac.yaml` grants.
@Suite(.serialized, .timeLimit(.minutes(3))) struct KubernetesRightsTests {
    @Test func theRoleThatComesWithSlingshotIsEnough() async throws {
        try await KubernetesTestCluster.withRuntime(clock: SystemClock()) { _, fixture in
            try await withRole(fixture.client) { user in
                try await impersonating(user, fixture.client) { try await use($0, fixture) }
            }
        }
    }

    /// What `doctor` says is what that file grants, and what a cluster says of an account that has none of it.
    @Test func everyRightOfTheRoleIsAskedForByName() async throws {
        try await KubernetesTestCluster.withClient { cluster in
            try await withRole(cluster) { user in
                let granted = try await access(as: user, cluster)
                #expect(granted.allSatisfy { $0.verdict == .granted }, "\(granted)")
                #expect(granted.contains { $0.right == "get pods/log" })
            }
            let missing = try await access(as: "slingshot-e2e-nobody", cluster)
            #expect(missing.allSatisfy { $0.verdict == .missing })
            #expect(missing.contains { $0.right == "create, patch secrets" })
            try await withRole(cluster, without: "deletecollection") { user in
                let found = try await access(as: user, cluster).filter { $0.verdict == .missing }
                #expect(found.map(\.right) == ["deletecollection pods"])
            }
        }
    }

    private func access(as user: String, _ cluster: KubernetesClient) async throws -> [AccessFinding] {
        try await impersonating(user, cluster) {
            try await KubernetesRuntime(client: $0, namespacePrefix: "x-", logger: Logger(label: "test")).access()
        }
    }

    private func impersonating<T>(_ user: String, _ cluster: KubernetesClient, _ body: (KubernetesClient) async throws -> T) async throws
        -> T
    {
        var configuration = cluster.configuration
        configuration.impersonation = .init(user: user)
        let client = try KubernetesClient(configuration, logger: Logger(label: "test"))
        return try await cleaningUp({ await client.shutdown() }, after: { try await body(client) })
    }

    private func use(_ client: KubernetesClient, _ fixture: StackFixture) async throws {
        let prefix = String(fixture.namespace.dropLast(fixture.stack.description.count))
        let runtime = KubernetesRuntime(client: client, namespacePrefix: prefix, logger: Logger(label: "test"))
        func probe(_ path: String) -> JSONValue { ["httpGet": ["path": .string(path), "port": 8080], "periodSeconds": 1] }
        let command = ["/bin/sh", "-c", "echo hello; exec /bin/busybox httpd -f -p 8080 -h /"]
        let settings = fixture.planned("v1", "ConfigMap", "settings", ["data": ["a": "b"]])
        let service = fixture.planned(
            "v1", "Service", "front", ["spec": ["selector": ["app": "web"], "ports": [["port": 80, "protocol": "TCP"]]]])
        var plan = try fixture.plan(of: [
            settings, service, fixture.deployment(command: command, container: ["readinessProbe": probe("/missing")]),
        ])
        try await runtime.apply(plan, lease: fixture.lease) { _ in }

        // the events say what is wrong with the probe
        struct Said: Error {}
        await #expect(throws: Said.self) {
            try await runtime.awaitReady(fixture.stack) { if $0.text?.contains("Readiness probe failed") == true { throw Said() } }
        }
        plan = try fixture.plan(
            of: [
                service, fixture.deployment(command: command, container: ["readinessProbe": probe("/bin/serve")]),
                fixture.job("migrate", "exit 0"),
            ], digest: "next")
        try await runtime.apply(plan, lease: fixture.lease) { _ in }
        #expect(try await fixture.objects("v1", "ConfigMap")["settings"] == nil)
        try await runtime.awaitReady(fixture.stack) { _ in }
        let workloads = try await runtime.workloads(of: fixture.stack)
        #expect(workloads.map(\.state) == [.ready, .ready])

        await #expect(throws: Said.self) {
            try await runtime.logs(of: fixture.stack, LogQuery(service: "front", follow: true)) { if $0.text == "hello" { throw Said() } }
        }
        try await runtime.logs(of: fixture.stack, LogQuery(service: "front")) { line in #expect(line.text == "hello") }
        guard case .present(let observed) = try await runtime.observe(fixture.stack) else {
            throw KubernetesError.undecodable("not present")
        }
        #expect(try await runtime.destroy(fixture.stack, uid: observed.uid)["Deployment"] == 1)
        try await runtime.awaitGone(fixture.stack, uid: observed.uid) { _ in }
    }

    /// A user with the role, under a name of its own: the cluster is shared.
    private func withRole(_ client: KubernetesClient, without verb: String = "-", _ body: (_ user: String) async throws -> Void)
        async throws
    {
        let name = "slingshot-e2e-\(UInt32.random(in: 0...UInt32.max))"
        let file = URL(filePath: #filePath).appending(path: "../../../deploy/kubernetes/rbac.yaml").standardizedFileURL
        let documents = try String(contentsOf: file, encoding: .utf8).split(separator: "\n---\n")
        let role = try #require(documents.first { $0.contains("\nkind: ClusterRole\n") }).replacing(
            "  name: slingshot\n", with: "  name: \(name)\n"
        ).replacing(", \(verb)]", with: "]")
        let group = "rbac.authorization.k8s.io"
        let binding: JSONValue = [
            "apiVersion": .string("\(group)/v1"), "kind": "ClusterRoleBinding", "metadata": ["name": .string(name)],
            "roleRef": ["apiGroup": .string(group), "kind": "ClusterRole", "name": .string(name)],
            "subjects": [["apiGroup": .string(group), "kind": "User", "name": .string(name)]],
        ]
        let roles = try await client.discovery.resource(apiVersion: "\(group)/v1", kind: "ClusterRole")
        let bindings = try await client.discovery.resource(apiVersion: "\(group)/v1", kind: "ClusterRoleBinding")
        let _: PartialObject = try await client.apply(ResourcePath(roles, name: name), manifest: Array(role.utf8), fieldManager: "test")
        let _: PartialObject = try await client.apply(
            ResourcePath(bindings, name: name), manifest: binding.canonicalBytes, fieldManager: "test")
        let result: Result<Void, any Error>
        do { result = .success(try await body(name)) } catch { result = .failure(error) }
        try await client.delete(ResourcePath(bindings, name: name))
        try await client.delete(ResourcePath(roles, name: name))
        try result.get()
    }
}
