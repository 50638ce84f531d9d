public import ArgumentParser
import ControlAPI
import Feedback
import Forges
import Foundation
import Gateway
import GitRefs
public import Logging
import Orchestration
import Planning
import Service
import ServiceLifecycle
import StagingModel
import Store
import Telemetry
import Webhooks

/// The composition root: the one place that knows every part.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Runs webhook listener, orchestrator, reaper and API in one process.",
        discussion: """
            Ends on SIGTERM or Ctrl-C: it answers the deliveries that it has begun, stops its steps, and is gone within 20 s; a second signal \
            ends it at once. The next start goes on where it was; so it does after kill -9.
            """)

    @Option(help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String

    @Option(help: "trace, debug, info, notice, warning, error or critical, instead of the configuration's logging.level.")
    var logLevel: Logger.Level?

    func run() async throws {
        var configuration = try ServerConfiguration.load(path: config)
        if let logLevel { configuration.logging.level = logLevel }
        try await serve(configuration, logger: configuration.logging.logger())
    }

    private func serve(_ configuration: ServerConfiguration, logger: Logger) async throws {
        let state = try StateDirectory(configuration.state)
        let (token, tokenFile) = try APIToken.load(configuration.apiToken, state: configuration.state)
        let receiver = try WebhookReceiver(configuration.repositories)
        for settings in configuration.repositories.map(\.settings) {
            for secret in settings.credentials?.secrets ?? [] { _ = try secret.read(for: "the credentials of \(settings.name)") }
        }
        let addressing = configuration.policy.addressing
        let gateway = try ServedGateway(configuration)
        let clock = SystemClock()
        let registry = MetricsRegistry(help: MetricHelp.texts)
        try await Forges.with(clock: clock, metrics: registry, secret: { try $0.read(for: "the credentials of a repository") }) { forges in
            let clients = try forges.clients(for: configuration.repositories.map(\.settings))
            let store = try SQLiteStore(directory: configuration.state, tells: Set(clients.keys))
            try await refuseMovedNamespaces(store, addressing)
            let refs = GitRefs(
                directory: configuration.state.appending(path: "git", directoryHint: .isDirectory), logger: logger, login: forges.login)
            try await configuration.withEngines(context: refs, logger: logger) { runtimes, builders in
                let settings = configuration.repositories.map(\.settings)
                let orchestration = OrchestrationSettings(
                    repositories: settings, policy: configuration.policy, readyTimeout: configuration.readyTimeout)
                let engines = Engines(
                    store: store, runtimes: runtimes, builders: builders, refs: refs, forge: forges.client(for:), clock: clock,
                    metrics: registry)
                let orchestrator = Orchestrator(engines: engines, settings: orchestration, logger: logger)
                let plans = DeployedPlans(refs: refs, settings: orchestration)
                let intake = Intake(
                    store: store, repositories: settings, policy: configuration.policy, clock: clock, wake: orchestrator.wake)
                var service = SlingshotService(
                    store: store, intake: intake, receiver: receiver, policy: configuration.policy, clock: clock,
                    health: orchestrator.health,
                    runtimes: runtimes, registry: registry, apiToken: token, trustedProxies: configuration.trustedProxies,
                    plan: { try await StackPlan($0, plans, addressing) })
                service.shareLink = gateway?.shareLink
                service.builders = builders
                let pruner = Pruner(store: store, clock: clock, retention: configuration.retention, logger: logger)
                let host = configuration.host
                let application = service.application(host: host, port: configuration.port, logger: logger) { port in
                    if let tokenFile { Terminal.note("the API token is in \(tokenFile); the command line reads it from SLINGSHOT_TOKEN") }
                    Terminal.note("listening on http://\(host.contains(":") ? "[\(host)]" : host):\(port)")
                }
                let gatewayServices = try gateway?.services(
                    engines: engines, changes: store.changes(), addressing: addressing, logger: logger)
                let sweeper = ImageSweeper(
                    store: store, builders: Array(builders.values), repositories: settings, changes: store.changes(), clock: clock,
                    logger: logger)
                let feedback = FeedbackService(
                    clients: clients, store: store, changes: store.changes(), clock: clock, metrics: registry, logger: logger)
                let commands = CommandService(
                    clients: clients, intake: intake, store: store, changes: store.changes(), clock: clock, metrics: registry,
                    logger: logger)
                let redelivery = Redelivery(
                    repositories: settings, clients: clients, store: store, clock: clock, metrics: registry, logger: logger)
                let services: [any ServiceLifecycle.Service] =
                    [orchestrator, pruner, sweeper, feedback, commands, redelivery] + (gatewayServices ?? []) + [application]
                do {
                    // The listeners stop first, so that nothing new comes while what is under way is brought to an end.
                    try await UntilSignalled(logger: logger, clock: clock).run(services)
                } catch let error as GatewayError {
                    throw CommandFailure("\(error)")
                } catch {
                    let isTaken = "\(error)".contains("Address already in use")
                    let why = isTaken ? "the port is taken; stop what listens there, or choose another `server.listen`" : "\(error)"
                    throw CommandFailure("can't serve on \(host):\(configuration.port): \(why)")
                }
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

extension StackPlan {
    /// What `stack` was deployed from, fit to be shown; nil when nothing was.
    init?(_ stack: Stack, _ plans: DeployedPlans, _ addressing: StackAddressing) async throws {
        guard let (plan, repository) = try await plans.plan(of: stack) else { return nil }
        let salt = String(UInt64.random(in: 0...UInt64.max), radix: 16)
        self.init(
            plan, deployedDigest: stack.deployed?.planDigest ?? "", objects: plan.objects.map { $0.hidingSecrets(salt: salt) }, salt: salt,
            repository: repository, addressing: addressing, pullRequest: stack.pullRequest)
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
            return Subscription(repository: settings.name, forge: settings.forge.rawValue, fullName: settings.repository, secret: secret)
        }
        self.init(adapters: Forge.allCases.map(\.adapter), subscriptions: subscriptions)
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
