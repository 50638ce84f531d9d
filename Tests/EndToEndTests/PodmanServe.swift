import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

/// A machine with podman, as an operator has it.
struct PodmanServe: Sendable {
    let directory: URL
    let prefix: String
    let repository: GitRepository

    static func run(_ body: @Sendable (PodmanServe) async throws -> Void) async throws {
        try PodmanTestEngine.require()
        let prefix = "q\(String(UInt32.random(in: 0..<0xFFFFFF), radix: 36))-"
        do {
            try await withTemporaryDirectory { directory in
                let repository = try await GitRepository(at: directory.appending(path: "shop.git"))
                try await body(PodmanServe(directory: directory, prefix: prefix, repository: repository))
            }
        } catch {
            await PodmanTestEngine.remove(prefix)
            throw error
        }
        #expect(try await PodmanTestEngine.leftovers(prefix) == [])
        await PodmanTestEngine.remove(prefix)
    }

    var state: URL { directory.appending(path: "state") }

    func configure(
        lifetime: String = "{default: 24h, maximum: 7d}", forge: Forge = .github, runtime: String = "{kind: podman}",
        routing: String = "{kind: ingress}", listen: String = "127.0.0.1:0",
        more: String = ""
    ) throws {
        let text = """
            server: {listen: "\(listen)", apiToken: {env: SLINGSHOT_TOKEN}}
            state: \(state.path)
            domain: staging.localhost
            namespacePrefix: \(prefix)
            runtimes:
              box: \(runtime)
            routing: \(routing)
            lifetime: \(lifetime)
            repositories:
              - name: shop
                forge: \(forge.rawValue)
                repository: acme/shop
                url: file://\(repository.directory.path)
                runtime: box
                webhookSecret: {env: SHOP_WEBHOOK_SECRET}
            \(more)

            """
        try Data(text.utf8).write(to: directory.appending(path: "slingshot.yaml"))
    }

    /// Loses all that `serve` has on record.
    func removeDatabase() throws {
        for file in ["slingshot.sqlite", "slingshot.sqlite-wal", "slingshot.sqlite-shm"] {
            let url = state.appending(path: file)
            if FileManager.default.fileExists(atPath: url.path) { try FileManager.default.removeItem(at: url) }
        }
    }

    func serving<T: Sendable>(
        environment: [String: String] = [:], _ body: @Sendable (Serving) async throws -> T
    ) async throws -> T {
        try await ChildProcess.running(
            ServeFixture.binary, ["serve", "--config", directory.appending(path: "slingshot.yaml").path],
            environment: environment.merging(["SLINGSHOT_TOKEN": ServeFixture.token, "SHOP_WEBHOOK_SECRET": ServeFixture.secret]) { $1 }
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

    /// What a container of the workload gets from an address inside the stack.
    func ask(_ workload: String, _ url: String) async throws -> String {
        try await PodmanStack(stack: try #require(StackName("shop-7")), namespace: prefix + "shop-7")
            .exec(workload, ["/bin/busybox", "wget", "-qO-", url])
    }
}
