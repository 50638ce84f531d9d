import Foundation
import Logging
import Orchestration
import StagingModel
import Subprocess

/// Where one build runs: a podman service of its own, in a network and a process space of its own.
///
/// podman fetches base images and `ADD` from inside its service, and its `RUN` steps share that service's network. So the service is put into
/// the network namespace of a small pod on a network of Slingshot's, where the machine's loopback, its addresses and other stacks are out of
/// reach. podman goes on with a `RUN` step when its client leaves; so the service is the child of the first process of a process namespace, and
/// when that ends, the kernel ends everything in it. It ends when its standard input does: with the build, or with a Slingshot that is killed.
/// The storage is the machine's, so base images and layers are shared, and the image is there at once.
struct Workshop: Sendable {
    let client: PodmanClient
    let namespace: String
    let prefix: String
    let access: BuildSettings.Access
    /// For the socket and all temporary files; made, and removed with all that is in it.
    let folder: URL
    let logger: Logger

    /// Seconds that the service has to answer.
    private static let patience = 30.0

    /// The first process: sets the name server, and lives as long as its standard input.
    private static let script = """
        exec 2>"$1/said"
        mount --bind "$1/resolv.conf" /etc/resolv.conf || exit 1
        podman system service --time 0 "unix://$1/podman.sock" &
        read -r _
        """

    /// Short, because a socket's path may have 107 characters.
    static func folderName(_ namespace: String) -> String { PodmanRuntime.interface(of: namespace) }

    private var name: String { "\(namespace)-build" }

    /// Runs `body` with a client of the workshop's service. When this returns or throws, nothing that ran in it runs any more, and nothing is
    /// left of it but what podman would not let go: the next ``WorkshopSweep`` comes for that.
    ///
    /// Throws what `body` throws, `StepError`, ``PodmanError`` and `CancellationError`.
    func run<T: Sendable>(_ body: @escaping @Sendable (PodmanClient) async throws -> T) async throws -> T {
        let sweep = WorkshopSweep(client: client, prefix: prefix, logger: logger)
        try await sweep.remove(namespace, folder: folder)  // what a crash left
        func clear() async {
            // Awaited, but not cancelled with this task.
            await Task {
                do { try await sweep.remove(namespace, folder: folder) } catch {
                    logger.warning("a build could not be cleared away", metadata: ["build": "\(namespace)", "error": "\(error)"])
                }
            }.value
        }
        return try await cleaningUp(clear) { try await serve(in: makeSandbox(), body) }
    }

    /// The network namespace of a new pod on a new network, and the name server that is told to whatever runs there.
    private func makeSandbox() async throws -> (path: String, nameServer: String?) {
        struct Made: Decodable {
            struct Subnet: Decodable { var gateway: String? }
            var subnets: [Subnet]?
        }
        struct Pod: Decodable {
            var infra: String
            private enum CodingKeys: String, CodingKey { case infra = "InfraContainerID" }
        }
        let labels = JSONValue(BuildLabels.build(namespace, prefix: prefix))
        let network: Made = try await client.post(
            "/networks/create", [],
            [
                "name": .string(name), "driver": "bridge", "dns_enabled": true, "internal": .bool(access == .none),
                "options": ["isolate": "true"], "network_interface": .string(PodmanRuntime.interface(of: name)), "labels": labels,
            ])
        let _: Identified = try await client.post(
            "/pods/create", [],
            ["name": .string(name), "labels": labels, "netns": ["nsmode": "bridge"], "Networks": .object([name: [:]])])
        try await client.send(.post, "/pods/\(PodmanClient.escaped(name))/start")
        let pod: Pod = try await client.get("/pods/\(PodmanClient.escaped(name))/json")
        let details: ContainerDetails = try await client.get("/containers/\(pod.infra)/json")
        guard let path = details.settings?.sandbox, !path.isEmpty else {
            throw PodmanError.undecodable("the build's pod has no network namespace")
        }
        let nameServer = access == .none ? nil : network.subnets?.first?.gateway
        try await Fence.put(around: path, access: access, nameServer: nameServer)
        return (path, nameServer)
    }

    private func serve<T: Sendable>(
        in sandbox: (path: String, nameServer: String?), _ body: @escaping @Sendable (PodmanClient) async throws -> T
    ) async throws -> T {
        try prepareFolder(nameServer: sandbox.nameServer)
        let socket = folder.appending(path: "podman.sock").path
        let arguments = [
            "--net=\(sandbox.path)", "unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "sh", "-c", Self.script,
            "sh",
            folder.path,
        ]
        var platform = PlatformOptions()
        platform.createSession = true
        platform.teardownSequence = [.send(signal: .kill, allowedDurationToNextStep: .zero)]
        let outcome = try await Subprocess.run(
            .name("nsenter"), arguments: Arguments(arguments), environment: .custom(try environment()), platformOptions: platform,
            input: .inputWriter, output: .discarded, error: .discarded
        ) { execution in
            let client = PodmanClient(socket: socket)
            let result: Result<T, any Error>
            do {
                try await waitForAnswer(of: client)
                result = .success(try await body(client))
            } catch { result = .failure(error) }
            await client.shutdown()
            try? await execution.standardInputWriter.finish()
            try? execution.send(signal: .kill)
            return result
        }
        return try outcome.closureResult.get()
    }

    private func prepareFolder(nameServer: String?) throws {
        try FileManager.default.createDirectory(
            at: folder.appending(path: "tmp"), withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let resolver = nameServer.map { "nameserver \($0)\n" } ?? "# this build has no network\n"
        try Data(resolver.utf8).write(to: folder.appending(path: "resolv.conf"))
    }

    /// Nothing of Slingshot's own, where secrets are, but what the service needs.
    private func environment() throws -> [Environment.Key: String] {
        let machine = ProcessInfo.processInfo.environment
        var environment: [Environment.Key: String] = ["TMPDIR": folder.appending(path: "tmp").path]
        for name in ["PATH", "HOME", "CONTAINERS_CONF"] { environment[Environment.Key(stringLiteral: name)] = machine[name] }
        if machine["CONTAINERS_CONF"] == nil, let text = MachineFacts.here().containersConfiguration {
            let file = folder.appending(path: "containers.conf")
            try Data(text.utf8).write(to: file)
            environment["CONTAINERS_CONF"] = file.path
        }
        return environment
    }

    private func waitForAnswer(of client: PodmanClient) async throws {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: .seconds(Self.patience))
        while await !client.answers() {
            guard clock.now < deadline else {
                let said = (try? String(contentsOf: folder.appending(path: "said"), encoding: .utf8)) ?? ""
                throw PodmanError.unreachable("the build's podman service does not answer: \(said.oneLine(limit: 300))")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
