public import Foundation
import HTTPTypes
public import Hummingbird
public import Logging
public import Orchestration
public import StagingModel
public import Webhooks

/// Everything that the HTTP side needs: deliveries come in, people and tools ask.
public struct SlingshotService: Sendable {
    public var store: any StackStore
    public var intake: Intake
    public var receiver: WebhookReceiver
    public var policy: LaunchPolicy
    /// The API's bearer token.
    public var apiToken: String
    /// Makes a link that opens a stack until an instant; nil without a gateway.
    public var shareLink: (@Sendable (_ stack: Stack, _ until: Date) -> String)?

    public init(store: any StackStore, intake: Intake, receiver: WebhookReceiver, policy: LaunchPolicy, apiToken: String) {
        self.store = store
        self.intake = intake
        self.receiver = receiver
        self.policy = policy
        self.apiToken = apiToken
    }

    /// The routes of `contract.md`, each group behind what it needs.
    public func router() -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        router.add(middleware: ProblemMiddleware())
        HealthRoutes(store: store).add(to: router)
        WebhookRoutes(receiver: receiver, intake: intake).add(to: router)
        let api = router.group("api/v1").add(middleware: TokenMiddleware(token: apiToken))
        StackRoutes(store: store, intake: intake, policy: policy).add(to: api)
        ShareRoutes(store: store, link: shareLink).add(to: api)
        return router
    }

    /// The HTTP server on `host`:`port` (0 for any that is free); `onRunning` is told the port.
    public func application(
        host: String, port: Int, logger: Logger, onRunning: @escaping @Sendable (_ port: Int) async -> Void
    ) -> some ApplicationProtocol {
        Application(
            router: router(),
            // A sender that goes silent in the middle of its request gives its connection up.
            server: .http1(configuration: .init(idleTimeout: .seconds(30))),
            configuration: ApplicationConfiguration(address: .hostname(host, port: port), serverName: "slingshot"),
            onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? port) },
            logger: logger)
    }
}
