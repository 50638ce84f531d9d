import ArgumentParser
import Foundation
import Logging
import Orchestration
import StagingModel
import Synchronization

struct ReapCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reap", abstract: "Destroys what has expired, now, without the service.",
        discussion: """
            It needs the cluster only: the leases are on the namespaces. Run it from a CronJob or a systemd timer, and stacks die on time even when \
            `serve` is down. Without --config it reaps the cluster of KUBECONFIG, ~/.kube/config or the pod's own service account.
            """)

    @Option(
        help: ArgumentHelp("The server's configuration file; of it, only the runtimes and the namespace prefix count.", valueName: "file"))
    var config: String?

    @Option(
        help: ArgumentHelp("Without --config: the prefix of the stacks' namespaces; or SLINGSHOT_NAMESPACE_PREFIX.", valueName: "prefix"))
    var namespacePrefix: String?

    @Flag(help: "Destroy nothing; say what would go, and why.")
    var dryRun = false

    @Option(help: ArgumentHelp("Say what would go at that time: +24h from now, or RFC 3339. Destroys nothing.", valueName: "time"))
    var at: String?

    @Option(help: ArgumentHelp("How long one stack's end may take.", valueName: "duration"), transform: ArgumentParsing.duration)
    var timeout = 180

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if config != nil, namespacePrefix != nil {
            throw ValidationError("--namespace-prefix is for use without --config, which has its own")
        }
    }

    func run() async throws {
        let clock = SystemClock()
        let now = clock.now
        let instant = try at.map { try ArgumentParsing.instant($0, now: now) } ?? now
        let configuration = try config.map { try ServerConfiguration.load(path: $0) }
        let environment = ProcessInfo.processInfo.environment
        let prefix = configuration?.policy.addressing.namespacePrefix ?? namespacePrefix ?? environment["SLINGSHOT_NAMESPACE_PREFIX"]
        let lines = try await Clusters.with(
            configuration?.runtimes ?? ["cluster": ServerConfiguration.Runtime()], namespacePrefix: prefix ?? "staging-",
            logger: logger(configuration)
        ) { runtimes in
            try await ReapLine.collect { report in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (name, runtime) in runtimes {
                        group.addTask { try await sweep(name, runtime, at: instant, clock: clock, report: report) }
                    }
                    try await group.waitForAll()
                }
            }
        }
        try output.print(lines) { _ in ReapLine.table(lines) }
        let failures = lines.filter { $0.outcome == .failed }
        guard failures.isEmpty else {
            throw CommandFailure("\(failures.count) could not be dealt with; the list says why. Run it again, or look at their namespaces")
        }
    }

    /// As configured, but quiet unless told otherwise: what it did is its result.
    private func logger(_ configuration: ServerConfiguration?) -> Logger {
        var settings = configuration?.logging ?? LoggingSettings()
        settings.level = max(settings.level, .notice)
        return settings.logger()
    }

    private func sweep(
        _ name: String, _ runtime: any StackRuntime, at instant: Date, clock: SystemClock, report: @escaping @Sendable (ReapLine) -> Void
    ) async throws {
        let reaper = Reaper(runtime: runtime, clock: clock, patience: timeout)
        let verdicts: [ReapVerdict]
        do {
            verdicts = try await reaper.verdicts(at: instant)
        } catch let error as StepError {
            // One cluster that is away must not keep the others' stacks alive, nor be passed over.
            return report(ReapLine(runtime: name, reason: error.message))
        }
        let onlyTells = dryRun || at != nil
        for verdict in verdicts where onlyTells || verdict.fate != .destroy {
            report(ReapLine(verdict, runtime: name, verdict.fate == .destroy ? .wouldDestroy : .kept))
        }
        guard !onlyTells else { return }
        try await reaper.reap(verdicts) { verdict, result in
            let line =
                switch result {
                case .gone(let receipt): ReapLine(verdict, runtime: name, .destroyed, receipt: receipt)
                case .spared: ReapLine(verdict, runtime: name, .kept, reason: "it changed in the meantime: extended, or gone already")
                case .failed(let error): ReapLine(verdict, runtime: name, .failed, reason: error.message)
                }
            report(line)
            Terminal.note("\(line.stack): \(line.outcome.rawValue): \(line.reason)")
        }
    }
}
