public import ArgumentParser
import Foundation
import Gateway
import GitRefs
public import Logging
import Orchestration
import Service
import ServiceLifecycle
import StagingModel
import Store
import UnixSignals
import Webhooks

/// The composition root: the one place that knows every part.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Runs webhook listener, orchestrator, reaper and API in one process.",
        discussion: "Ends on SIGTERM or Ctrl-C, and goes on where it was at the next start; so it does after kill -9.")

    @Option(help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String

    @Option(help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel: Logger.Level = .info

    func run() async throws {
        let configuration = try ServerConfiguration.load(path: config)
        let logger = makeLogger(level: logLevel)
        let state = try StateDirectory(configuration.state)
        let (token, tokenFile) = try APIToken.load(configuration.apiToken, state: configuration.state)
        let receiver = try WebhookReceiver(configuration.repositories)
        let store = try SQLiteStore(directory: configuration.state)
        let addressing = configuration.policy.addressing
        let gateway = try ServedGateway(configuration)
        try await refuseMovedNamespaces(store, addressing)
        try await Clusters.with(configuration.runtimes, namespacePrefix: addressing.namespacePrefix, logger: logger) { runtimes in
            let settings = configuration.repositories.map(\.settings)
            let clock = SystemClock()
            let refs = GitRefs(directory: configuration.state.appending(path: "git", directoryHint: .isDirectory), logger: logger)
            let orchestrator = Orchestrator(
                engines: Engines(store: store, runtimes: runtimes, refs: refs, clock: clock),
                settings: OrchestrationSettings(
                    repositories: settings, policy: configuration.policy, readyTimeout: configuration.readyTimeout),
                logger: logger)
            let intake = Intake(store: store, repositories: settings, policy: configuration.policy, clock: clock, wake: orchestrator.wake)
            var service = SlingshotService(
                store: store, intake: intake, receiver: receiver, policy: configuration.policy, apiToken: token)
            service.shareLink = gateway?.shareLink
            let host = configuration.host
            let application = service.application(host: host, port: configuration.port, logger: logger) { port in
                if let tokenFile { Terminal.note("the API token is in \(tokenFile); the command line reads it from SLINGSHOT_TOKEN") }
                Terminal.note("listening on http://\(host.contains(":") ? "[\(host)]" : host):\(port)")
            }
            let gatewayServices = try gateway?.services(
                store: store, runtimes: runtimes, addressing: addressing, clock: clock, logger: logger)
            let services: [any ServiceLifecycle.Service] = [orchestrator] + (gatewayServices ?? []) + [application]
            let group = ServiceGroup(
                configuration: ServiceGroupConfiguration(
                    services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
            do {
                try await group.run()
            } catch let error as GatewayError {
                throw CommandFailure("\(error)")
            } catch {
                throw CommandFailure("can't serve on \(host):\(configuration.port): \(error)")
            }
        }
        state.unlock()
    }

    /// Under another prefix the namespaces of the stacks that live would never be found again.
    private func refuseMovedNamespaces(_ store: SQLiteStore, _ addressing: StackAddressing) async throws {
        let stacks = try await store.read { try $0.stacks(includingDestroyed: false) }
        guard let moved = stacks.first(where: { $0.namespace != addressing.namespace(of: $0.name) }) else { return }
        throw ConfigurationError(
            "`namespacePrefix` is \"\(addressing.namespacePrefix)\" now, but \(moved.name) lives in \(moved.namespace); set it back, and destroy the stacks first"
        )
    }
}

extension WebhookReceiver {
    /// The adapters of all forges, and a subscription for each configured repository. Reads the secrets.
    init(_ repositories: [ServerConfiguration.Repository]) throws {
        let subscriptions = try repositories.map { repository in
            let settings = repository.settings
            let text = try repository.webhookSecret.read(for: "the webhookSecret of \(settings.name)")
            guard let secret = WebhookSecret(Array(text.utf8)) else {
                throw ConfigurationError("the webhookSecret of \(settings.name) is empty; set it")
            }
            return Subscription(repository: settings.name, forge: settings.forge, fullName: settings.repository, secret: secret)
        }
        self.init(adapters: [GitHubAdapter()], subscriptions: subscriptions)
    }
}

/// Logs go to standard error, one line each.
func makeLogger(level: Logger.Level) -> Logger {
    var logger = Logger(label: "slingshot") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = level
    return logger
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
