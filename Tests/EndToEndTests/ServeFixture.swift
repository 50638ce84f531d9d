import AsyncHTTPClient
import ControlAPI
import Foundation
import KubernetesClient
import Logging
import NIOCore
import NIOHTTP1
import SlingshotTestSupport
import StagingModel
import Testing

/// A machine as an operator has it: the real program, a configuration file, a git repository, and the cluster of `KUBECONFIG`.
struct ServeFixture: Sendable {
    static let secret = "webhook-secret"
    static let token = "api-token"

    let directory: URL
    let prefix: String
    let kubeconfig: String
    let image: String
    let cluster: KubernetesClient
    let repository: GitRepository

    var namespace: String { prefix + "shop-7" }
    var state: URL { directory.appending(path: "state") }

    static func run(_ body: (ServeFixture) async throws -> Void) async throws {
        let environment = ProcessInfo.processInfo.environment
        let kubeconfig = try #require(environment["KUBECONFIG"], "KUBECONFIG must name a cluster; `make test` brings one up")
        let image = try #require(
            environment["SLINGSHOT_DEMO_IMAGE"], "SLINGSHOT_DEMO_IMAGE must name an image that runs; `make test` makes one")
        let cluster = try KubernetesClient(ClusterConfiguration.load(kubeconfig: kubeconfig), logger: Logger(label: "test"))
        let prefix = "e\(String(UInt32.random(in: 0..<0xFFFFFF), radix: 36))-"
        do {
            try await withTemporaryDirectory { directory in
                let repository = try await GitRepository(at: directory.appending(path: "shop.git"))
                try await body(
                    ServeFixture(
                        directory: directory, prefix: prefix, kubeconfig: kubeconfig, image: image, cluster: cluster, repository: repository
                    ))
            }
            try await removeNamespaces(prefix: prefix, cluster)
        } catch {
            try? await removeNamespaces(prefix: prefix, cluster)
            await cluster.shutdown()
            throw error
        }
        await cluster.shutdown()
    }

    /// The program that belongs to these tests.
    static var binary: URL {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "slingshot")
    }

    // MARK: The repository

    /// Pushes a commit to the head of pull request 7 whose page greets with `greeting`.
    func push(greeting: String, command: [String] = [], stackFile: String? = nil) async throws -> CommitID {
        var values: JSONValue = [
            "image": .string(image), "port": 8080, "env": ["GREETING": .string(greeting), "TITLE": "${{ pr.title }}"],
        ]
        if !command.isEmpty { values["command"] = .array(command.map { .string($0) }) }
        let file: JSONValue = ["template": "web", "values": values]
        return try await repository.commit([".slingshot.yaml": stackFile ?? file.canonicalText], to: PullRequest.headRef(7))
    }

    // MARK: The service

    func configure(
        lifetime: String = "{default: 24h, maximum: 7d}", kubeconfig: String? = nil, domain: String = "staging.localhost",
        routing: String = "{kind: ingress}",
        access: String = "null", runtime: String = "cluster", hasBox: Bool = false, more: String = ""
    ) throws {
        let text = """
            server: {listen: "127.0.0.1:0", apiToken: {env: SLINGSHOT_TOKEN}}
            state: \(state.path)
            domain: \(domain)
            namespacePrefix: \(prefix)
            runtimes:
              cluster: {kind: kubernetes, kubeconfig: \(kubeconfig ?? self.kubeconfig)}\(hasBox ? "\n  box: {kind: podman}" : "")
            routing: \(routing)
            lifetime: \(lifetime)
            repositories:
              - name: shop
                forge: github
                repository: acme/shop
                url: file://\(repository.directory.path)
                runtime: \(runtime)
                webhookSecret: {env: SHOP_WEBHOOK_SECRET}
                access: \(access)
            \(more)

            """
        try Data(text.utf8).write(to: directory.appending(path: "slingshot.yaml"))
    }

    /// Starts `serve`, and stops it after `body` unless that killed it.
    func serving<T: Sendable>(_ body: @Sendable (Serving) async throws -> T) async throws -> T { try await servingToEnd(body).result }

    /// The same; tells also how it ended.
    func servingToEnd<T: Sendable>(_ body: @Sendable (Serving) async throws -> T) async throws -> (result: T, status: Int32) {
        try await ChildProcess.runningToEnd(
            Self.binary, ["serve", "--config", directory.appending(path: "slingshot.yaml").path],
            environment: ["SLINGSHOT_TOKEN": Self.token, "SHOP_WEBHOOK_SECRET": Self.secret]
        ) { process in
            do {
                let line = try await process.line(containing: "listening on http://")
                let address = try #require(line.split(separator: " ").last.flatMap { URL(string: String($0)) })
                return try await body(Serving(process: process, address: address))
            } catch {
                Issue.record("serve said:\n\(process.log)")
                throw error
            }
        }
    }

    /// Runs another verb of the program.
    func slingshot(_ arguments: [String], accepting: Set<Int32> = [0]) async throws -> (status: Int32, output: String, errors: String) {
        try await ChildProcess.run(Self.binary, arguments, accepting: accepting)
    }

    // MARK: The cluster

    func object(_ path: String) async throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: Data(try await cluster.raw(path)))
    }

    func namespaceObject() async throws -> JSONValue? {
        do {
            return try await object("/api/v1/namespaces/\(namespace)")
        } catch let error as KubernetesError where error.code == 404 {
            return nil
        }
    }

    /// Asks for the namespace again until it satisfies `condition`.
    func until(_ what: String, _ condition: (JSONValue) -> Bool) async throws {
        for _ in 0..<300 {
            if let namespace = try await namespaceObject(), condition(namespace) { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw ChildProcess.Failure("waited in vain until \(what)")
    }

    /// The page of the stack's service, fetched from its pod through the API server; asked for again until it contains `text`.
    func page(containing text: String) async throws -> String {
        var last = ""
        for _ in 0..<300 {
            if let bytes = try? await cluster.raw("/api/v1/namespaces/\(namespace)/services/web:80/proxy/") {
                last = String(decoding: bytes, as: UTF8.self)
            }
            if last.contains(text) { return last }
            try await Task.sleep(for: .milliseconds(200))
        }
        throw ChildProcess.Failure("the page never contained \"\(text)\"; it was:\n\(last)")
    }

    private static func removeNamespaces(prefix: String, _ cluster: KubernetesClient) async throws {
        let list = try JSONDecoder().decode(JSONValue.self, from: Data(try await cluster.raw("/api/v1/namespaces")))
        let resource = try await cluster.discovery.resource(apiVersion: "v1", kind: "Namespace")
        for item in list["items"]?.array ?? [] {
            guard let name = item["metadata"]?["name"]?.string, name.hasPrefix(prefix) else { continue }
            try? await cluster.delete(ResourcePath(resource, name: name))
        }
    }
}

/// A running `serve`, and who talks to it.
struct Serving: Sendable {
    let process: ChildProcess
    let address: URL

    var client: ControlClient { ControlClient(server: address, token: ServeFixture.token) }

    /// Posts a delivery as the forge does. Returns the status of the answer.
    @discardableResult
    func deliver(_ delivery: GitHubDelivery) async throws -> Int {
        var request = HTTPClientRequest(url: address.appending(path: "webhooks/github").absoluteString)
        request.method = .POST
        request.body = .bytes(delivery.body)
        for (name, value) in delivery.headers(secret: ServeFixture.secret) { request.headers.add(name: name, value: value) }
        return Int(try await HTTPClient.shared.execute(request, timeout: .seconds(10)).status.code)
    }

    /// Likewise, of any forge.
    func deliver(_ delivery: ForgeDelivery) async throws -> Int {
        var request = HTTPClientRequest(url: address.appending(path: "webhooks/\(delivery.forge.rawValue)").absoluteString)
        request.method = .POST
        request.body = .bytes(delivery.body)
        for (name, value) in delivery.headers(secret: ServeFixture.secret, at: Date()) { request.headers.add(name: name, value: value) }
        return Int(try await HTTPClient.shared.execute(request, timeout: .seconds(10)).status.code)
    }

    /// Delivers that the pull request was opened at `head`, and returns when its stack is ready.
    func launch(_ head: CommitID) async throws {
        try await deliver(GitHubDelivery("opened", head: head))
        try await wait(for: .ready)
    }

    func cli(_ arguments: [String], accepting: Set<Int32> = [0]) async throws -> (status: Int32, output: String, errors: String) {
        try await ChildProcess.run(
            ServeFixture.binary, arguments,
            environment: ["SLINGSHOT_SERVER": address.absoluteString, "SLINGSHOT_TOKEN": ServeFixture.token],
            accepting: accepting)
    }

    /// Follows the stack until it is in the phase, with the verb that people use for it.
    func wait(for phase: Phase) async throws {
        _ = try await cli(["status", "shop-7", "--wait-for", phase.rawValue, "--timeout", "2m"])
    }
}
