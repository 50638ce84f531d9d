import ArgumentParser
import AsyncHTTPClient
import Foundation
import KubernetesClient
import KubernetesRuntime
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import Orchestration
import StagingModel

/// Applies a stack of 13 objects in three ways, and prints the seconds of each: one line a measurement, `WAY SECONDS`.
///
/// A reader on standard output answers each line with a line on standard input when it has done its own part, so that the ways take turns.
struct ApplyBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Applies 13 objects: by the runtime, and by bare requests on one connection.")

    @Option(help: "The kubeconfig; its user needs a client certificate or a token.")
    var kubeconfig: String

    @Option(help: "Goes before the names of the namespaces.")
    var prefix = "bench-"

    @Option(help: "Writes the manifests as kubectl applies them to this file, for a namespace <prefix>kubectl, and ends.")
    var write: String?

    func run() async throws {
        if let write {
            let list: JSONValue = [
                "apiVersion": "v1", "kind": "List", "items": .array(BenchmarkStack.objects(in: "\(prefix)kubectl").map(\.manifest)),
            ]
            try Data(list.canonicalBytes).write(to: URL(filePath: write))
            return
        }
        let configuration = try ClusterConfiguration.load(kubeconfig: kubeconfig)
        var logger = Logger(label: "benchmark")
        logger.logLevel = .error
        let client = try KubernetesClient(configuration, logger: logger)
        let bare = try BareRequests(configuration)
        let runtime = KubernetesRuntime(client: client, namespacePrefix: prefix, logger: logger)
        // both connections are warm, and discovery knows the kinds, as in a server that has been up for a while
        try await bare.apply(BenchmarkStack.objects(in: "\(prefix)warm-2"))
        try await apply("warm-1", with: runtime)
        var run = 0
        while readLine() != nil {
            run += 1
            print("runtime", try await seconds { try await apply("run-\(run)", with: runtime) })
            print("bare", try await seconds { try await bare.apply(BenchmarkStack.objects(in: "\(prefix)bare-\(run)")) })
            print("runtime-again", try await seconds { try await apply("run-\(run)", with: runtime) })
            print("bare-again", try await seconds { try await bare.apply(BenchmarkStack.objects(in: "\(prefix)bare-\(run)")) })
            fflush(nil)
        }
        try await bare.client.shutdown()
        await client.shutdown()
    }

    private func apply(_ name: String, with runtime: KubernetesRuntime) async throws {
        guard let stack = StackName(name), let commit = CommitID(String(repeating: "a", count: 40)) else { throw ExitCode.failure }
        let namespace = prefix + name
        let plan = Plan(
            stack: stack, namespace: namespace, commit: commit, url: "http://\(name)", timeToLive: nil,
            objects: BenchmarkStack.objects(in: namespace, labels: StackMetadata.labels(of: stack)), digest: "digest")
        try await runtime.apply(plan, lease: Lease(startedAt: Date(), expiresAt: Date().addingTimeInterval(3600))) { _ in }
    }

    private func seconds(_ body: () async throws -> Void) async throws -> String {
        let clock = ContinuousClock()
        let taken = try await clock.measure { try await body() }
        return String(format: "%.4f", Double(taken.components.seconds) + Double(taken.components.attoseconds) / 1e18)
    }
}

/// The same requests, one after another on one HTTP/1.1 connection, with nothing around them.
private struct BareRequests {
    let client: HTTPClient
    private let server: String
    private let token: String?

    init(_ configuration: ClusterConfiguration) throws {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let roots = configuration.trustRoots { tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(roots)) }
        if let own = configuration.clientCertificate {
            tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(own.chain).map { .certificate($0) }
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: own.key, format: .pem))
        }
        var http = HTTPClient.Configuration(tlsConfiguration: tls)
        http.httpVersion = .http1Only
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: http)
        server = configuration.server
        token = if case .token(let token) = configuration.authentication { token } else { nil }
    }

    func apply(_ objects: [PlannedObject]) async throws {
        for object in objects {
            var request = HTTPClientRequest(url: server + BenchmarkStack.path(of: object) + "?fieldManager=bare&force=true")
            request.method = .PATCH
            request.headers = ["content-type": "application/apply-patch+yaml", "accept": "application/json"]
            if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
            request.body = .bytes(ByteBuffer(bytes: object.manifest.canonicalBytes))
            let response = try await client.execute(request, timeout: .seconds(30))
            let body = try await response.body.collect(upTo: 1 << 20)
            guard (200...299).contains(response.status.code) else {
                throw CleanExit.message("\(object): \(response.status) \(String(buffer: body))")
            }
        }
    }
}

/// What a web application with a database and a worker consists of.
private enum BenchmarkStack {
    static func objects(in namespace: String, labels: [String: String] = ["app.kubernetes.io/managed-by": "benchmark"]) -> [PlannedObject] {
        func object(
            _ apiVersion: String, _ kind: String, _ name: String, _ wave: PlannedObject.Wave, _ fields: [String: JSONValue]
        ) -> PlannedObject {
            var manifest: JSONValue = .object(fields)
            manifest["apiVersion"] = .string(apiVersion)
            manifest["kind"] = .string(kind)
            var metadata: JSONValue = ["name": .string(name), "labels": JSONValue(labels)]
            if wave != .namespace { metadata["namespace"] = .string(namespace) }
            manifest["metadata"] = metadata
            return PlannedObject(
                apiVersion: apiVersion, kind: kind, name: name, namespace: wave == .namespace ? nil : namespace, wave: wave,
                manifest: manifest)
        }
        /// No pods: it is the applying that is measured, and pods would busy the machine.
        func deployment(_ name: String) -> PlannedObject {
            let container: JSONValue = [
                "name": "app", "image": "localhost/none:1", "env": [["name": "A", "value": "b"]],
                "ports": [["containerPort": 8080, "protocol": "TCP"]],
            ]
            let template: JSONValue = ["metadata": ["labels": ["app": .string(name)]], "spec": ["containers": [container]]]
            return object(
                "apps/v1", "Deployment", name, .workload,
                ["spec": ["replicas": 0, "selector": ["matchLabels": ["app": .string(name)]], "template": template]])
        }
        func service(_ name: String) -> PlannedObject {
            let ports: JSONValue = [["port": 80, "targetPort": 8080, "protocol": "TCP"]]
            return object("v1", "Service", name, .workload, ["spec": ["selector": ["app": .string(name)], "ports": ports]])
        }
        let backend: JSONValue = ["service": ["name": "web", "port": ["number": 80]]]
        let rule: JSONValue = [
            "host": .string("\(namespace).example.com"), "http": ["paths": [["path": "/", "pathType": "Prefix", "backend": backend]]],
        ]
        return [
            object("v1", "Namespace", namespace, .namespace, [:]),
            object("v1", "ResourceQuota", "stack", .isolation, ["spec": ["hard": ["pods": "20"]]]),
            object(
                "networking.k8s.io/v1", "NetworkPolicy", "deny", .isolation, ["spec": ["podSelector": [:], "policyTypes": ["Ingress"]]]),
            object("v1", "ConfigMap", "web", .configuration, ["data": ["A": "b"]]),
            object("v1", "ConfigMap", "worker", .configuration, ["data": ["A": "b"]]),
            object("v1", "Secret", "database", .configuration, ["stringData": ["password": "secret"]]),
            object("v1", "ServiceAccount", "web", .configuration, [:]),
            deployment("web"), deployment("worker"), deployment("database"), service("web"), service("database"),
            object("networking.k8s.io/v1", "Ingress", "web", .workload, ["spec": ["rules": [rule]]]),
        ]
    }

    static func path(of object: PlannedObject) -> String {
        let group = object.apiVersion.contains("/") ? "/apis/\(object.apiVersion)" : "/api/\(object.apiVersion)"
        let kind = object.kind.lowercased()
        let plural = kind == "networkpolicy" ? "networkpolicies" : kind == "ingress" ? "ingresses" : kind + "s"
        return group + (object.namespace.map { "/namespaces/\($0)" } ?? "") + "/\(plural)/\(object.name)"
    }
}
