import Crypto
import Foundation
import Gateway
import Hummingbird
import Logging
import NIOHTTP1
import Orchestration
import ServiceLifecycle
import SlingshotTestSupport
import StagingModel
import Store
import Telemetry

/// The gateway by itself: the real Caddy and pages over a real store, in front of whatever a test lets listen on this machine.
struct GatewayRig: Sendable {
    let store: SQLiteStore
    let visitor: GatewayVisitor
    let directory: URL

    /// Runs until `body` returns; people can reach it by then.
    ///
    /// - Parameters:
    ///   - routes: where the stack's hosts lead, once it is ready.
    ///   - lines: what the stack wrote last.
    ///   - certificatePort: where Caddy asks who may have a certificate.
    ///   - visitor: at whose port it listens; one of its own unless given.
    static func run<T: Sendable>(
        domain: String = "staging.localhost", tls: GatewaySettings.TLS = .off, caddy: GatewaySettings.Caddy = .own,
        routes: [StackRoute] = [],
        visitor: GatewayVisitor? = nil, certificatePort: @escaping @Sendable () async -> Int? = { nil },
        lines: @escaping GatewayPages.Lines = { _ in nil }, directory: URL,
        _ body: @escaping @Sendable (GatewayRig) async throws -> T
    ) async throws -> T {
        let visitor = if let visitor { visitor } else { try await GatewayVisitor(domain: domain) }
        let logger = Logger(label: "test")
        let clock = SystemClock()
        let store = try SQLiteStore(directory: directory)
        let settings = GatewaySettings(
            listen: "127.0.0.1:\(visitor.port)", domain: domain, tls: tls, directory: directory.appending(path: "gateway"), caddy: caddy)
        try FileManager.default.createDirectory(at: settings.directory, withIntermediateDirectories: true)
        let keeper = try RouteKeeper(
            settings: settings, store: store, changes: store.changes(), runtimes: ["cluster": RoutedEngine(routes: routes)], clock: clock,
            logger: logger)
        let pages = try GatewayPages(
            settings: settings, store: store, keeper: keeper, shareKey: SymmetricKey(size: .bits256), clock: clock, lines: lines,
            metrics: MetricsRegistry(help: [:]))
        let (running, isRunning) = AsyncStream.makeStream(of: Void.self)
        let service: any Service =
            switch caddy {
            case .own:
                GatewayService(settings: settings, clock: clock, logger: logger, certificatePort: certificatePort) { isRunning.finish() }
            case .shared(let address):
                SharedCaddyService(settings: settings, address: address, clock: clock, logger: logger) { isRunning.finish() }
            }
        let services = ServiceGroup(services: [keeper, pages.application(logger: logger), service], logger: logger)
        return try await withThrowingTaskGroup(of: T?.self) { group in
            group.addTask {
                try await services.run()
                return nil
            }
            group.addTask {
                for await _ in running {}
                return try await body(GatewayRig(store: store, visitor: visitor, directory: directory))
            }
            while let result = try await group.next() {
                guard let result else { throw ChildProcess.Failure("the gateway ended by itself") }
                await services.triggerGracefulShutdown()
                try await group.waitForAll()
                return result
            }
            throw ChildProcess.Failure("the gateway did not run")
        }
    }

    /// Writes a record of the stack shop-7, with what happened to it: seconds ago, kind, name and message.
    func save(
        _ events: [(ago: TimeInterval, kind: StackEvent.Kind, name: String, message: String)] = [],
        _ change: @escaping @Sendable (inout Stack) -> Void
    ) async throws {
        let now = Date().wholeSeconds
        try await store.write { transaction in
            var stack = Samples.stack {
                $0.lease = Lease(from: now, policy: Samples.policy.lifetime)
                $0.createdAt = now
                $0.updatedAt = now
            }
            change(&stack)
            try transaction.save(stack, wakeAt: nil)
            for event in events {
                try transaction.append(
                    StackEvent(
                        stack: stack.name, at: now.addingTimeInterval(-event.ago), kind: event.kind, name: event.name,
                        message: event.message))
            }
        }
    }

    /// Says that the stack is ready, and returns when visitors are led to it.
    func makeReady() async throws {
        try await save { Self.ready(&$0) }
        try await visitor.until("visitors are led to the stack") { $0.headers.first(name: "Content-Type") != "application/problem+json" }
    }

    @Sendable static func ready(_ stack: inout Stack) {
        stack.phase = .ready
        stack.namespaceUID = "uid-1"
        stack.deployed = .init(
            revision: 1, commit: Samples.commit("a"), planDigest: "digest", at: Date().wholeSeconds, readyAt: Date().wholeSeconds)
    }
}
