import AsyncHTTPClient
import Foundation
import Gateway
import NIOCore
import NIOHTTP1
import NIOPosix
import SlingshotTestSupport
import StagingModel
import Testing

/// A Caddy that serves somebody else's site, which Slingshot joins.
@Suite(.serialized, .timeLimit(.minutes(5))) struct SharedCaddyTests {
    /// Runs `body` while that Caddy runs; its site echoes the host, and a WebSocket of it goes to `backend`.
    private func withCaddy(
        on site: GatewayVisitor, backend: Int = 1, in directory: URL, _ body: @Sendable (ChildProcess, CaddyAddress) async throws -> Void
    ) async throws {
        let socket = directory.appending(path: "admin.sock").path
        let routes: JSONValue = [
            [
                "match": [["host": ["other.example"]]], "terminal": true,
                "handle": [
                    [
                        "handler": "subroute",
                        "routes": [
                            [
                                "match": [["path": ["/ws"]]],
                                "handle": [["handler": "reverse_proxy", "upstreams": [["dial": .string("127.0.0.1:\(backend)")]]]],
                            ],
                            ["handle": [["handler": "static_response", "body": "theirs"]]],
                        ],
                    ]
                ],
            ]
        ]
        let configuration: JSONValue = [
            "admin": ["listen": .string("unix/" + socket), "config": ["persist": false]],
            "apps": [
                "http": [
                    "servers": [
                        "srv0": ["listen": [.string("127.0.0.1:\(site.port)")], "automatic_https": ["disable": true], "routes": routes]
                    ]
                ]
            ],
        ]
        let file = directory.appending(path: "theirs.json")
        try Data(configuration.canonicalBytes).write(to: file)
        try await ChildProcess.running(URL(filePath: "/usr/bin/caddy"), ["run", "--config", file.path]) { caddy in
            _ = try await caddy.line(containing: "serving initial configuration")
            try await body(caddy, .socket(socket))
        }
    }

    /// The same port, with another's host, is another's site.
    private func expectTheirs(_ site: GatewayVisitor) async throws {
        let theirs = try await site.open(host: "other.example")
        #expect(theirs.body == "theirs")
        #expect(theirs.headers.first(name: "X-Robots-Tag") == nil)
    }

    private func admin(_ address: CaddyAddress, _ arguments: [String]) async throws -> String {
        guard case .socket(let path) = address else { throw ChildProcess.Failure("no socket") }
        return try await ChildProcess.run(
            URL(filePath: "/usr/bin/curl"), ["-sS", "--fail-with-body", "--unix-socket", path, "-H", "Host;"] + arguments
        ).output
    }

    @Test(arguments: [true, false]) func `it answers for its hosts only, and comes back when it was lost`(sharesPort: Bool) async throws {
        try await withTemporaryDirectory { directory in
            let site = try await GatewayVisitor()
            let stacks = sharesPort ? site : try await GatewayVisitor()
            try await withCaddy(on: site, in: directory) { _, address in
                let before = try await admin(address, ["http://caddy/config/"])
                try await GatewayRig.run(caddy: .shared(address), visitor: stacks, directory: directory) { rig async throws in
                    try await expectTheirs(site)
                    try await rig.save { $0.phase = .deploying }
                    let page = try await stacks.open(browser: true)
                    #expect(page.status == 503)
                    #expect(page.headers.first(name: "X-Robots-Tag") == "noindex")
                    #expect(page.body.contains("shop-7 is on its way"))
                    #expect(try await stacks.open(host: "shop-8.staging.localhost").status == 404)

                    // As by `caddy reload`: with what its own file says.
                    let file = directory.appending(path: "theirs.json").path
                    _ = try await admin(
                        address, ["-H", "Content-Type: application/json", "--data-binary", "@\(file)", "http://caddy/load"])
                    try await stacks.until("the page is there again", browser: true) { $0.body.contains("shop-7 is on its way") }
                    try await expectTheirs(site)
                }
                // It stays, so that nothing changes for others when serve is restarted, and says so.
                let left = try await stacks.open()
                #expect(left.status == 503)
                #expect(left.body.contains("Slingshot is restarting"))
                try await expectTheirs(site)
                let after = try await admin(address, ["http://caddy/config/"])
                try await GatewayRig.run(caddy: .shared(address), visitor: stacks, directory: directory) { rig async throws in
                    _ = try await stacks.until("the page is there", browser: true) { $0.body.contains("shop-7 is on its way") }
                }
                #expect(try await admin(address, ["http://caddy/config/"]) == after)
                #expect(after != before)
            }
        }
    }

    @Test func `a Caddy that was restarted gets it again`() async throws {
        try await withTemporaryDirectory { directory in
            let site = try await GatewayVisitor()
            let address = CaddyAddress.socket(directory.appending(path: "admin.sock").path)
            let (restarts, restart) = AsyncStream.makeStream(of: Void.self)
            try await withThrowingTaskGroup(of: Void.self) { group in
                let (first, isRunning) = AsyncStream.makeStream(of: Void.self)
                group.addTask {
                    try await withCaddy(on: site, in: directory) { caddy, _ in
                        isRunning.finish()
                        for await _ in restarts { break }
                        await caddy.kill()
                    }
                    try? FileManager.default.removeItem(at: directory.appending(path: "admin.sock"))
                    try await withCaddy(on: site, in: directory) { _, _ in for await _ in restarts {} }
                }
                for await _ in first {}
                try await GatewayRig.run(caddy: .shared(address), visitor: site, directory: directory) { rig async throws in
                    try await rig.save { $0.phase = .deploying }
                    try await site.until("the page is there", browser: true) { $0.body.contains("shop-7 is on its way") }
                    restart.yield()
                    try await site.until("nobody is there") { $0.body.isEmpty }
                    try await site.until("the page is there again", browser: true) { $0.body.contains("shop-7 is on its way") }
                    try await expectTheirs(site)
                }
                restart.finish()
                try await group.waitForAll()
            }
        }
    }

    @Test func `what is in the way is said`() async throws {
        try await withTemporaryDirectory { directory in
            let site = try await GatewayVisitor()
            @Sendable func refusal(_ address: CaddyAddress, listen visitor: GatewayVisitor, _ tls: GatewaySettings.TLS = .off) async throws
                -> String
            {
                do {
                    try await GatewayRig.run(tls: tls, caddy: .shared(address), visitor: visitor, directory: directory) { _ in }
                    return "it runs"
                } catch let error as GatewayError { return "\(error)" }
            }
            let nobody = CaddyAddress.socket(directory.appending(path: "nobody.sock").path)
            let missing = try await refusal(nobody, listen: site)
            #expect(missing.contains("nobody.sock does not answer"))
            #expect(missing.contains("correct `routing.caddy.admin`"))
            try await withCaddy(on: site, in: directory) { _, address in
                #expect(try await refusal(address, listen: site, .internal).contains("speaks plain HTTP on 127.0.0.1:\(site.port)"))
                try await expectTheirs(site)
                // A port that another process has: Caddy refuses, and goes on as it was.
                let taken = try await GatewayVisitor()
                let other = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup).bind(
                    host: "127.0.0.1", port: taken.port
                ).get()
                let said = try await refusal(address, listen: taken)
                try await other.close()
                #expect(said.contains("the gateway's port is taken") && said.contains("choose another `routing.listen`"), "\(said)")
                try await expectTheirs(site)
            }
        }
    }
}
