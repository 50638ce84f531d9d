import Foundation
import Glibc
import SlingshotTestSupport
import StagingModel
import Testing

/// A machine on which a user without rights runs podman and Slingshot, as `deploy/systemd` sets it up: podman's service by itself, and `serve`
/// with no way to rights that it does not have.
struct RootlessBox: Sendable {
    static let user = ProcessInfo.processInfo.environment["SLINGSHOT_TEST_USER"] ?? "SLINGSHOT_TEST_USER is not set"

    /// Of the user: the program, the repository, the configuration and the state.
    let directory: URL
    let prefix: String
    let repository: GitRepository

    var socket: URL { directory.appending(path: "podman.sock") }
    /// Of the forwarders.
    var pods: URL { directory.appending(path: "state/podman/pods") }

    static func run(_ body: @Sendable (RootlessBox) async throws -> Void) async throws {
        try PodmanTestEngine.require()
        try #require(
            ProcessInfo.processInfo.environment["SLINGSHOT_TEST_USER"] != nil,
            "SLINGSHOT_TEST_USER must name a user with a rootless podman; dev/rootless-user makes one")
        let prefix = "u\(String(UInt32.random(in: 0..<0xFFFFFF), radix: 36))-"
        try await withTemporaryDirectory { directory in
            let repository = try await GitRepository(at: directory.appending(path: "shop.git"))
            let box = RootlessBox(directory: directory, prefix: prefix, repository: repository)
            // the build's folder may be one that the user can't look into
            try FileManager.default.copyItem(at: ServeFixture.binary, to: directory.appending(path: "slingshot"))
            do { try await body(box) } catch {
                await box.remove()
                throw error
            }
            #expect(try await box.leftovers() == [])
            await box.remove()
        }
    }

    // MARK: Being the user

    /// The arguments of `setpriv` that run a command as the user.
    private func asUser(_ command: [String], confined: Bool = false, environment: [String: String] = [:]) -> [String] {
        var variables = [
            "HOME": "/var/lib/\(Self.user)", "XDG_RUNTIME_DIR": "/run/\(Self.user)", "STORAGE_DRIVER": "overlay",
            "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ]
        variables.merge(environment) { _, new in new }
        let confinement = confined ? ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"] : []
        return ["--reuid", Self.user, "--regid", Self.user, "--init-groups", "--reset-env"] + confinement + ["env"]
            + variables.map { "\($0.key)=\($0.value)" } + command
    }

    @discardableResult
    func run(_ command: [String], accepting: Set<Int32> = [0]) async throws -> (status: Int32, output: String, errors: String) {
        try await ChildProcess.run(
            URL(filePath: "/usr/bin/setpriv"), asUser(command), directory: URL(filePath: "/"), accepting: accepting)
    }

    func podman(_ arguments: [String], accepting: Set<Int32> = [0]) async throws -> String {
        try await run(["podman"] + arguments, accepting: accepting).output
    }

    /// Gives the user what tests wrote.
    func handOver() async throws {
        try await ChildProcess.run(URL(filePath: "/usr/bin/chown"), ["-R", "\(Self.user):", directory.path])
    }

    func commit(_ files: [String: String]) async throws -> CommitID {
        let commit = try await repository.commit(files, to: PullRequest.headRef(7))
        try await handOver()
        return commit
    }

    func configure(runtime: String, routing: String = "{kind: ingress}") async throws {
        let text = """
            server: {listen: "127.0.0.1:0", apiToken: {env: SLINGSHOT_TOKEN}}
            state: \(directory.appending(path: "state").path)
            domain: staging.localhost
            namespacePrefix: \(prefix)
            routing: \(routing)
            runtimes:
              box: \(runtime)
            repositories:
              - name: shop
                forge: github
                repository: acme/shop
                url: file://\(repository.directory.path)
                runtime: box
                webhookSecret: {env: SHOP_WEBHOOK_SECRET}

            """
        try Data(text.utf8).write(to: directory.appending(path: "slingshot.yaml"))
        try await handOver()
    }

    /// Runs podman's service at ``socket`` meanwhile.
    func withPodman(_ body: @Sendable () async throws -> Void) async throws {
        let command = ["podman", "system", "service", "--time", "0", "unix://\(socket.path)"]
        try await ChildProcess.running(URL(filePath: "/usr/bin/setpriv"), asUser(command)) { _ in try await body() }
    }

    func serving<T: Sendable>(confined: Bool = true, _ body: @Sendable (Serving) async throws -> T) async throws -> T {
        let command = [
            directory.appending(path: "slingshot").path, "serve", "--config", directory.appending(path: "slingshot.yaml").path,
        ]
        let secrets = ["SLINGSHOT_TOKEN": ServeFixture.token, "SHOP_WEBHOOK_SECRET": ServeFixture.secret]
        return try await ChildProcess.running(
            URL(filePath: "/usr/bin/setpriv"), asUser(command, confined: confined, environment: secrets)
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

    /// What a restart of the machine does to a user: no process of his is left, and nothing of what is kept until then.
    func restartMachine() async throws {
        try #require(Self.user == "slingshot-test", "this ends all of a user's processes, so it is for that of dev/rootless-user only")
        for _ in 0..<100 {
            let left = try processes()
            if left.isEmpty { break }
            for process in left { kill(process, SIGKILL) }
            try await Task.sleep(for: .milliseconds(50))
        }
        let runtime = "/run/\(Self.user)"
        for name in try FileManager.default.contentsOfDirectory(atPath: runtime) {
            try FileManager.default.removeItem(atPath: "\(runtime)/\(name)")
        }
        try? FileManager.default.removeItem(at: socket)
    }

    /// The user's processes, and those in his containers, which run as his subordinate users.
    private func processes() throws -> [pid_t] {
        let own = try #require(getpwnam(Self.user)).pointee.pw_uid
        var ids: [Range<uid_t>] = [own..<(own + 1)]
        for line in try String(contentsOfFile: "/etc/subuid", encoding: .utf8).split(separator: "\n") {
            let fields = line.split(separator: ":")
            guard fields.count == 3, fields[0] == Self.user, let start = uid_t(fields[1]), let count = uid_t(fields[2]) else { continue }
            ids.append(start..<(start + count))
        }
        return try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap({ pid_t($0) }).filter { process in
            let owner = try? FileManager.default.attributesOfItem(atPath: "/proc/\(process)")[.ownerAccountID] as? NSNumber
            return owner.map { owner in ids.contains { $0.contains(owner.uint32Value) } } ?? false
        }
    }

    // MARK: What is there

    /// What a shell in the first container of a workload prints.
    func shell(_ workload: String, _ script: String) async throws -> String {
        let names = try await podman(["ps", "--format", "{{.Names}}"]).split(separator: "\n")
        let name = try #require(names.first { $0.hasPrefix("\(prefix)shop-7-\(workload)-") })
        return try await podman(["exec", String(name), "/bin/sh", "-c", script])
    }

    /// The numbers of the forwarders' processes.
    func forwarders() async throws -> [String] {
        try await ChildProcess.run(URL(filePath: "/usr/bin/pgrep"), ["-f", "slingshot forward \(pods.path)"], accepting: [0, 1]).output
            .split(separator: "\n").map(String.init)
    }

    /// The sockets that lead to pods.
    func sockets() throws -> [String] {
        guard let all = FileManager.default.enumerator(atPath: pods.path) else { return [] }
        return all.compactMap { $0 as? String }.filter { $0.contains(":") }
    }

    func leftovers() async throws -> [String] {
        var found = try await forwarders().map { "forwarder \($0)" }
        for arguments in [
            ["ps", "-a", "--format", "{{.PodName}} {{.Names}}"], ["pod", "ls", "--format", "{{.Name}}"],
            ["network", "ls", "--format", "{{.Name}}"], ["volume", "ls", "--format", "{{.Name}}"],
        ] {
            found += try await podman(arguments).split(separator: "\n").filter { $0.contains(prefix) }.map { "\(arguments[0]): \($0)" }
        }
        return found
    }

    /// Removes what a test that failed left behind.
    private func remove() async {
        for (list, remove) in [
            (["pod", "ls", "--format", "{{.Name}}"], ["pod", "rm", "-f", "-t", "0"]),
            (["ps", "-a", "--format", "{{.Names}}"], ["rm", "-f", "-t", "0"]),
            (["network", "ls", "--format", "{{.Name}}"], ["network", "rm", "-f"]),
            (["volume", "ls", "--format", "{{.Name}}"], ["volume", "rm", "-f"]),
        ] {
            for name in (try? await podman(list))?.split(separator: "\n") ?? [] where name.contains(prefix) {
                _ = try? await podman(remove + [String(name)])
            }
        }
    }
}
