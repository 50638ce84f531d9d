import Crypto
import Foundation
import Gateway
import Hummingbird
import Logging
import Orchestration
import ServiceLifecycle
import StagingModel

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
        engines: Engines, changes: AsyncStream<StackName>, addressing: StackAddressing, logger: Logger
    ) throws -> [any ServiceLifecycle.Service] {
        let clock = engines.clock
        let keeper = try RouteKeeper(
            settings: settings, store: engines.store, changes: changes, runtimes: engines.runtimes, clock: clock, logger: logger)
        let lines = LastLines(engines: engines)
        let pages = try GatewayPages(
            settings: settings, store: engines.store, keeper: keeper, shareKey: shareKey, clock: clock, lines: { await lines.of($0) },
            metrics: engines.metrics)
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
}
