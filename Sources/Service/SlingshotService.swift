import CoreMetrics
public import Foundation
import HTTPTypes
public import Hummingbird
public import Logging
public import Orchestration
public import StagingModel
public import Telemetry
public import Webhooks

/// Everything that the HTTP side needs: deliveries come in, people and tools ask.
public struct SlingshotService: Sendable {
    public var store: any StackStore
    public var intake: Intake
    public var receiver: WebhookReceiver
    public var policy: LaunchPolicy
    public var clock: any WallClock
    /// How the orchestrator and its engines fare.
    public var health: EngineHealth
    /// What is asked for workloads and logs, by its key in the configuration.
    public var runtimes: [String: any StackRuntime]
    /// Who knows the output of builds, by the runtime that they build for.
    public var builders: [String: any ImageBuilder] = [:]
    /// What is counted, here and elsewhere.
    public var registry: MetricsRegistry
    /// The API's configured bearer token, the first admin's.
    public var apiToken: String
    /// Makes a link that opens a stack until an instant; nil without a gateway.
    public var shareLink: (@Sendable (_ stack: Stack, _ until: Date) -> String)?
    /// Addresses of the reverse proxies whose `X-Forwarded-For` is believed. What is no IP address counts for nothing.
    public var trustedProxies: [String]
    public var plan: StackPlanner
    let connections: Connections

    public init(
        store: any StackStore, intake: Intake, receiver: WebhookReceiver, policy: LaunchPolicy, clock: any WallClock, health: EngineHealth,
        runtimes: [String: any StackRuntime], registry: MetricsRegistry, apiToken: String, trustedProxies: [String] = [],
        limits: ServerLimits = ServerLimits(), plan: @escaping StackPlanner
    ) {
        self.store = store
        self.intake = intake
        self.receiver = receiver
        self.policy = policy
        self.clock = clock
        self.health = health
        self.runtimes = runtimes
        self.registry = registry
        self.apiToken = apiToken
        self.trustedProxies = trustedProxies
        connections = Connections(limits: limits, trusted: Set(trustedProxies.compactMap { Sender($0) }))
        self.plan = plan
    }

    /// Whether the text is an IP address, as `trustedProxies` takes them.
    public static func isAddress(_ text: String) -> Bool { Sender(text) != nil }

    /// The routes of `contract.md`, each group behind what it needs.
    public func router() -> Router<CallContext> { routes().router }

    func routes() -> RecordedRoutes {
        let routes = RecordedRoutes()
        let rejections = Rejections(clock: clock)
        let metrics = ServiceMetrics(factory: registry)
        let tokens = TokenMiddleware(token: apiToken, store: store, clock: clock)
        routes.add(
            middleware: EdgeMiddleware(
                routes: routes.table, trustedProxies: Set(trustedProxies.compactMap { Sender($0) }), rejections: rejections,
                metrics: metrics))
        HealthRoutes(store: store, health: health, runtimes: runtimes.keys.sorted(), clock: clock).add(to: routes)
        WebhookRoutes(receiver: receiver, intake: intake, rejections: rejections, metrics: metrics, clock: clock).add(to: routes)
        MetricsRoute(store: store, health: health, clock: clock, registry: registry).add(to: routes.group().add(middleware: tokens))
        let api = routes.group("api/v1").add(middleware: tokens)
        OpenAPIRoute().add(to: api)
        let live = LiveStack(runtimes: runtimes, clock: clock)
        StackRoutes(store: store, intake: intake, policy: policy, live: live).add(to: api)
        LogRoutes(store: store, live: live, builders: builders).add(to: api)
        PlanRoutes(store: store, plan: plan).add(to: api)
        ShareRoutes(store: store, clock: clock, link: shareLink).add(to: api)
        TokenRoutes(store: store, clock: clock).add(to: api)
        return routes
    }

    /// The HTTP server on `host`:`port` (0 for any that is free); `onRunning` is told the port.
    public func application(
        host: String, port: Int, logger: Logger, onRunning: @escaping @Sendable (_ port: Int) async -> Void
    ) -> some ApplicationProtocol {
        let limits = connections.limits
        return Application(
            router: router(),
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [ConnectionGuard(self.connections)], idleTimeout: limits.idle,
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
                        maxHeaderFieldCount: limits.headerCount)
                )),
            configuration: ApplicationConfiguration(address: .hostname(host, port: port), serverName: "slingshot"),
            onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? port) },
            logger: logger)
    }
}
