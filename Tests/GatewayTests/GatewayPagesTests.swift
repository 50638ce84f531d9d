import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Orchestration
import SlingshotTestSupport
import StagingModel
import Store
import Telemetry
import Testing

@testable import Gateway

/// What the pages' server answers to Caddy, over the real store and a simulated engine.
@Suite struct GatewayPagesTests {
    private static let routes = [
        StackRoute(host: "shop-7.staging.example.com", upstreams: ["10.96.0.9:80"]),
        StackRoute(host: "shop-7.staging.example.com", path: "/grpc", transport: .h2c, upstreams: ["10.96.0.9:81"]),
        StackRoute(host: "shop-7-api.staging.example.com", upstreams: []),
        // Of another stack: an engine that says so is not believed.
        StackRoute(host: "shop-8.staging.example.com", upstreams: ["10.96.0.9:82"]),
    ]

    private struct Fixture {
        let store: SQLiteStore
        let keeper: RouteKeeper
        let pages: GatewayPages
        let client: any TestClientProtocol
        let registry: MetricsRegistry
        let engine: RoutedEngine

        func save(_ change: @escaping @Sendable (inout Stack) -> Void = { _ in }) async throws {
            try await store.write { try $0.save(Samples.stack(change), wakeAt: nil) }
        }

        func resolve(_ target: String = "/", host: String = "shop-7.staging.example.com", fields: HTTPFields = [:]) async throws
            -> TestResponse
        {
            var headers = fields
            headers[.slingshotTarget] = target
            headers[.slingshotHost] = host
            return try await client.execute(uri: "/resolve", method: .get, headers: headers)
        }

        /// Asks until the answer is a route, or is none.
        func settled(routed: Bool) async throws -> TestResponse {
            while true {
                let answer = try await resolve()
                if (answer.headers[.slingshotRoute] != nil) == routed { return answer }
                await Task.yield()
            }
        }
    }

    private func with(access: [RepositoryName: AccessPolicy] = [:], _ body: @escaping @Sendable (Fixture) async throws -> Void) async throws
    {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            let settings = GatewaySettings(
                listen: ":443", domain: "staging.example.com", tls: .onDemand, directory: directory, access: access)
            let clock = TestClock(now: Samples.start)
            let logger = Logger(label: "test")
            let registry = MetricsRegistry(help: [:])
            let engine = RoutedEngine(routes: Self.routes)
            let box = RoutedEngine(routes: [StackRoute(host: "shop-7.staging.example.com", upstreams: ["10.89.0.9:80"])])
            let keeper = try RouteKeeper(
                settings: settings, store: store, changes: store.changes(), runtimes: ["cluster": engine, "box": box], clock: clock,
                logger: logger)
            let pages = try GatewayPages(
                settings: settings, store: store, keeper: keeper, shareKey: AccessTests.key, clock: clock, lines: { _ in nil },
                metrics: registry)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await keeper.run() }
                try await Application(router: pages.router(), logger: logger).test(.router) { client async throws in
                    try await body(Fixture(store: store, keeper: keeper, pages: pages, client: client, registry: registry, engine: engine))
                }
                group.cancelAll()
            }
        }
    }

    @Sendable private static func ready(_ stack: inout Stack) {
        stack.phase = .ready
        stack.namespaceUID = "uid-1"
        stack.deployed = .init(revision: 1, commit: Samples.commit("a"), planDigest: "digest", at: Samples.start, readyAt: Samples.start)
    }

    @Test func `routes appear when the stack is ready, and vanish with it`() async throws {
        try await with { fixture async throws in
            #expect(try await fixture.resolve().status == .notFound)
            try await fixture.save()
            let page = try await fixture.resolve("/", fields: [.accept: "text/html"])
            #expect(page.status == .serviceUnavailable)
            #expect(page.headers[.contentType] == "text/html; charset=utf-8")
            #expect(page.headers[.slingshotRoute] == nil)

            try await fixture.save(Self.ready)
            let routed = try await fixture.settled(routed: true)
            #expect(routed.headers[.slingshotUpstream] == "10.96.0.9:80")
            #expect(routed.headers[.slingshotRoute] == "http")
            #expect(try await fixture.resolve("/grpc/echo?x=1").headers[.slingshotRoute] == "h2c")
            #expect(try await fixture.resolve("/grpcs").headers[.slingshotUpstream] == "10.96.0.9:80")
            #expect(try await fixture.resolve(host: "shop-7-api.staging.example.com").headers[.slingshotRoute] == nil)
            #expect(try await fixture.resolve(host: "shop-8.staging.example.com").status == .notFound)

            // A new commit of the same namespace: the old one answers until it is ready.
            try await fixture.save {
                Self.ready(&$0)
                $0.phase = .deploying
                $0.deployed?.readyAt = nil
            }
            #expect(try await fixture.settled(routed: true).status == .ok)
            try await fixture.save {
                Self.ready(&$0)
                $0.wanted = .gone(.closed)
                $0.phase = .destroying
            }
            #expect(try await fixture.settled(routed: false).status == .serviceUnavailable)
        }
    }

    @Test func `an engine that tells of other addresses is asked again, also while it deploys`() async throws {
        try await with { fixture async throws in
            func settled(_ upstream: String) async throws {
                while try await fixture.resolve().headers[.slingshotUpstream] != upstream { await Task.yield() }
            }
            try await fixture.save(Self.ready)
            try await settled("10.96.0.9:80")
            fixture.engine.move(to: "10.89.0.2:80")
            try await settled("10.89.0.2:80")
            try await fixture.save {
                Self.ready(&$0)
                $0.phase = .deploying
                $0.deployed?.readyAt = nil
            }
            fixture.engine.move(to: "10.89.0.3:80")
            try await settled("10.89.0.3:80")
        }
    }

    @Test func `a stack that moves answers from where it comes, until it is ready where it goes`() async throws {
        try await with { fixture async throws in
            func settled(_ upstream: String?) async throws {
                while try await fixture.resolve().headers[.slingshotUpstream] != upstream { await Task.yield() }
            }
            // Only where it comes from there is one way; Caddy finds it by itself as long as it is the right one.
            let place = fixture.pages.settings.routes.folder.appending(path: "http/shop-7").path
            func settled(files: [String]) async throws {
                while try (FileManager.default.fileExists(atPath: place) ? FileManager.default.contentsOfDirectory(atPath: place) : [])
                    != files
                {
                    await Task.yield()
                }
            }
            let deployed = Stack.Deployed(
                revision: 1, commit: Samples.commit("a"), planDigest: "digest", at: Samples.start, readyAt: Samples.start)
            let copy = Placement(runtime: "box", namespaceUID: "uid-0", deployed: deployed)
            // As it is read after a restart: nothing was known of it before.
            try await fixture.save {
                $0.phase = .failed
                $0.copies = [copy]
            }
            try await settled("10.89.0.9:80")
            try await settled(files: ["10.89.0.9:80"])
            try await fixture.save {
                Self.ready(&$0)
                $0.copies = [copy]
            }
            try await settled("10.96.0.9:80")
            try await settled(files: [])
            try await fixture.save {
                $0.copies = [copy]
                $0.wanted = .gone(.closed)
            }
            try await settled(nil)
        }
    }

    @Test func `the page's own files need nothing, and everything else of its folder is the stack's`() async throws {
        try await with { fixture async throws in
            #expect(try await fixture.resolve("/.slingshot/page.css", host: "whatever").headers[.contentType] == "text/css; charset=utf-8")
            #expect(
                try await fixture.resolve("/.slingshot/page.js", host: "whatever").headers[.contentType] == "text/javascript; charset=utf-8"
            )
            #expect(try await fixture.resolve("/.slingshot/other", host: "whatever").status == .notFound)
        }
    }

    @Test func `who may not look is told nothing of the stack`() async throws {
        let name = Samples.stackName().repository
        try await with(access: [name: AccessPolicy(basic: .init(user: "team", password: "secret"))]) { fixture async throws in
            try await fixture.save { $0.message = "told to few" }
            for target in ["/", "/.slingshot/events", "/.slingshot/share?key=wrong"] {
                let refused = try await fixture.resolve(target)
                #expect(refused.status == .unauthorized)
                #expect(refused.headers[.wwwAuthenticate] == "Basic realm=\"stack\", charset=\"UTF-8\"")
                #expect(!String(buffer: refused.body).contains("told to few"))
            }
            try await fixture.save(Self.ready)
            let basic = "Basic " + Data("team:secret".utf8).base64EncodedString()
            while try await fixture.resolve("/", fields: [.authorization: basic]).headers[.slingshotRoute] == nil { await Task.yield() }
            #expect(try await fixture.resolve("/", fields: [.authorization: basic]).headers[.slingshotRoute] == "http-anonymous")
            let link = ShareLink(
                to: Samples.stackName(), createdAt: Samples.start, until: Samples.start.addingTimeInterval(60), key: AccessTests.key)
            let welcome = try await fixture.resolve("/.slingshot/share?key=\(link.text)")
            #expect(welcome.status == .seeOther)
            #expect(welcome.headers[.location] == "/")
            let cookie = try #require(welcome.headers[.setCookie]?.split(separator: ";").first.map(String.init))
            #expect(try await fixture.resolve("/", fields: [.cookie: cookie]).headers[.slingshotRoute] == "http")
        }
    }

    @Test func `what visitors get is counted`() async throws {
        try await with { fixture async throws in
            _ = try await fixture.resolve(host: "evil.example")
            try await fixture.save()
            _ = try await fixture.resolve()
            try await fixture.save(Self.ready)
            _ = try await fixture.settled(routed: true)
            let text = Exposition.text(fixture.registry.collect())
            #expect(text.contains(#"slingshot_gateway_requests_total{answer="no-such-host"} 1"#), "\(text)")
            #expect(text.contains(#"slingshot_gateway_requests_total{answer="stack"} 1"#), "\(text)")
            #expect(text.contains(#"answer="stack-not-ready""#))
        }
    }

    @Test func `certificates are for stacks only`() async throws {
        try await with { fixture async throws in
            try await fixture.save()
            try await Application(router: fixture.pages.certificateRouter(), logger: Logger(label: "test")).test(.router) {
                client async throws in
                func status(_ domain: String) async throws -> HTTPResponse.Status {
                    try await client.execute(uri: "/slingshot/certificate?domain=\(domain)", method: .get).status
                }
                #expect(try await status("shop-7.staging.example.com") == .ok)
                #expect(try await status("shop-7-api.staging.example.com") == .ok)
                for domain in ["shop-8.staging.example.com", "staging.example.com", "evil.example", ""] {
                    #expect(try await status(domain) == .notFound)
                }
            }
        }
    }
}
