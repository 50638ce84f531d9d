public import CoreMetrics
public import Logging
public import Orchestration
public import ServiceLifecycle
public import StagingModel

/// Carries out what people ask for in comments: one worker a repository, so that a forge that is slow or away keeps no other waiting.
///
/// What was asked for is in the store since its delivery was answered, so nothing is lost when the process ends, and nothing is done twice.
public struct CommandService: Service {
    private let clients: [RepositoryName: any ForgeClient]
    private let intake: Intake
    private let store: any StackStore
    private let changes: AsyncStream<StackName>
    private let clock: any WallClock
    private let metrics: any MetricsFactory
    private let logger: Logger

    /// - Parameters:
    ///   - clients: of the repositories whose forges can be asked who may command.
    ///   - changes: the names of stacks that something was asked of, from before now on.
    public init(
        clients: [RepositoryName: any ForgeClient], intake: Intake, store: any StackStore, changes: AsyncStream<StackName>,
        clock: any WallClock, metrics: any MetricsFactory = NOOPMetricsHandler.instance, logger: Logger
    ) {
        self.clients = clients
        self.intake = intake
        self.store = store
        self.changes = changes
        self.clock = clock
        self.metrics = metrics
        self.logger = logger
    }

    /// Runs until the task is cancelled or the service shuts down.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await clients.keep(on: changes, clock: clock, logger: logger, failure: "commands could not be read") { repository, client in
                CommandWorker(
                    repository: repository, client: client, intake: intake, store: store, clock: clock,
                    metrics: CommandMetrics(factory: metrics), logger: logger
                ).pass
            }
        }
    }
}

/// What is counted of commands. Every label is one of a few words of ours.
struct CommandMetrics: Sendable {
    let factory: any MetricsFactory

    func ended(_ command: ReceivedCommand) {
        guard let outcome = command.outcome else { return }
        Counter(
            label: "slingshot_commands_total",
            dimensions: [("verb", command.command.verb ?? "unclear"), ("outcome", outcome.rawValue)], factory: factory
        ).increment()
    }
}
