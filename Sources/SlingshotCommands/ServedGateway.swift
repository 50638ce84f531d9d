import Crypto
import Foundation
import Gateway
import Hummingbird
import Logging
import Orchestration
import ServiceLifecycle
import StagingModel
import Store
import Synchronization
import Telemetry

/// The parts of `serve` that make the stacks' URLs work.
struct ServedGateway {
    let settings: GatewaySettings
    let shareKey: SymmetricKey

    /// Nil when an ingress controller does the routing. Makes the gateway's folder, and reads the passwords. Throws ``ConfigurationError``.
    init?(_ configuration: ServerConfiguration) throws {
        guard let gateway = configuration.gateway else { return nil }
        let directory = configuration.state.appending(path: "gateway", directoryHint: .isDirectory)
        do {
            try FileManager.default.createDirectory(
                at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw ConfigurationError("can't make the folder \(directory.path): \(error); check `state` and the rights")
        }
        shareKey = SymmetricKey(
            data: Data(try GeneratedSecret.load(directory.appending(path: "share-key").path, what: "the key of share links").utf8))
        let addressing = configuration.policy.addressing
        var access: [RepositoryName: AccessPolicy] = [:]
        for repository in configuration.repositories {
            access[repository.settings.name] = try repository.access?.policy(of: repository.settings.name)
        }
        if addressing.isLocal, !access.isEmpty {
            Terminal.note("`access` is off: who can open \(addressing.domain) is on this machine already")
            access = [:]
        }
        settings = GatewaySettings(
            listen: gateway.listen, domain: addressing.domain, tls: gateway.tls, directory: directory,
            caddy: gateway.caddy.map { .shared($0.admin) } ?? .own, socket: gateway.caddy?.socket, group: gateway.caddy?.group,
            access: access)
        do { try settings.preparePagesSocket() } catch { throw ConfigurationError("\(error)") }
    }

    /// A link that opens a stack until an instant.
    var shareLink: @Sendable (Stack, Date) -> String {
        { [shareKey] stack, until in
            ShareLink(to: stack.name, createdAt: stack.createdAt, until: until, key: shareKey).url(below: stack.url)
        }
    }

    func services(
        store: SQLiteStore, runtimes: [String: any StackRuntime], addressing: StackAddressing, clock: any WallClock,
        registry: MetricsRegistry, logger: Logger
    ) throws -> [any ServiceLifecycle.Service] {
        let keeper = RouteKeeper(store: store, changes: store.changes(), runtimes: runtimes, clock: clock, logger: logger)
        let pages = try GatewayPages(
            settings: settings, store: store, keeper: keeper, shareKey: shareKey, clock: clock,
            lines: { await Self.lastLines(of: $0, store, runtimes) }, metrics: registry)
        var services: [any ServiceLifecycle.Service] = [keeper, pages.application(logger: logger)]
        let (ports, port) = AsyncStream.makeStream(of: Int?.self)
        if settings.tls == .onDemand {
            services.append(
                Application(
                    router: pages.certificateRouter(), configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
                    onServerRunning: { port.yield($0.localAddress?.port) }, logger: logger))
        } else {
            port.yield(nil)
        }
        let certificatePort: @Sendable () async -> Int? = { await ports.first { _ in true } ?? nil }
        let onRunning: @Sendable () async -> Void = { Terminal.note("stacks are at \(addressing.urlPattern)") }
        switch settings.caddy {
        case .own:
            services.append(
                GatewayService(settings: settings, clock: clock, logger: logger, certificatePort: certificatePort, onRunning: onRunning))
        case .shared(let address):
            services.append(
                SharedCaddyService(
                    settings: settings, address: address, clock: clock, logger: logger, certificatePort: certificatePort,
                    onRunning: onRunning))
        }
        return services
    }
    /// What the stack's containers wrote last; nil while nothing of it runs, or its engine does not tell.
    private static func lastLines(of name: StackName, _ store: SQLiteStore, _ runtimes: [String: any StackRuntime]) async -> [LogLine]? {
        guard let stack = try? await store.read({ try $0.stack(name) }), stack.namespaceUID != nil, let runtime = runtimes[stack.runtime]
        else { return nil }
        let lines = Mutex<[LogLine]>([])
        do {
            try await runtime.logs(of: name, LogQuery(tail: GatewayPages.mostLines)) { line in lines.withLock { $0.append(line) } }
        } catch {
            return nil
        }
        return lines.withLock { $0 }
    }
}
