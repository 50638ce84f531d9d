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

    @Flag(help: "Destroy nothing; say what would go, and why.")
    var dryRun = false

    @Option(help: ArgumentHelp("Say what would go at that time: +24h from now, or RFC 3339. Destroys nothing.", valueName: "time"))
    var at: String?

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let clock = SystemClock()
        let now = clock.now
        let instant = try at.map { try ArgumentParsing.instant($0, now: now) } ?? now
        let configuration = try config.map { try ServerConfiguration.load(path: $0) }
        let clusters = try Clusters(
            configuration?.runtimes ?? ["cluster": ServerConfiguration.Runtime()],
            namespacePrefix: configuration?.policy.addressing.namespacePrefix ?? "staging-", logger: makeLogger(level: .warning))
        let outcome: Result<[ReapLine], any Error>
        do {
            outcome = .success(try await reap(clusters, at: instant, clock: clock))
        } catch {
            outcome = .failure(error)
        }
        await clusters.shutdown()
        let lines = try outcome.get()
        try output.print(lines) { _ in ReapLine.table(lines) }
        let failures = lines.filter { $0.outcome == .failed }
        guard failures.isEmpty else {
            throw CommandFailure("\(failures.count) of the stacks could not be destroyed; run it again, or look at their namespaces")
        }
    }

    private func reap(_ clusters: Clusters, at instant: Date, clock: SystemClock) async throws -> [ReapLine] {
        let lines = Mutex<[ReapLine]>([])
        var silent: [String] = []
        for (name, runtime) in clusters.runtimes.sorted(by: { $0.key < $1.key }) {
            let reaper = Reaper(runtime: runtime, clock: clock)
            let verdicts: [ReapVerdict]
            do {
                verdicts = try await reaper.verdicts(at: instant)
            } catch let error as StepError {
                // One cluster that is away must not keep the others' stacks alive.
                silent.append("runtime \"\(name)\": \(error.message)")
                continue
            }
            guard !dryRun, at == nil else {
                lines.withLock { $0 += verdicts.map { ReapLine($0, runtime: name, $0.fate == .destroy ? .wouldDestroy : .kept) } }
                continue
            }
            lines.withLock { $0 += verdicts.filter { $0.fate != .destroy }.map { ReapLine($0, runtime: name, .kept) } }
            try await reaper.reap(verdicts) { verdict, result in
                let line =
                    switch result {
                    case .gone: ReapLine(verdict, runtime: name, .destroyed)
                    case .failed(let error): ReapLine(verdict, runtime: name, .failed, reason: error.message)
                    }
                lines.withLock { $0.append(line) }
                Terminal.note("\(verdict.stack.name): \(line.outcome.rawValue): \(line.reason)")
            }
        }
        guard silent.isEmpty else { throw CommandFailure(silent.joined(separator: "; ")) }
        return lines.withLock { $0 }
    }
}

/// What became of one stack in a sweep.
struct ReapLine: Codable, Hashable, Sendable {
    enum Outcome: String, Codable, Sendable {
        case destroyed, failed, kept
        case wouldDestroy = "would-destroy"
    }

    var stack: String
    var runtime: String
    var namespace: String
    var outcome: Outcome
    var expiresAt: Date?
    var reason: String

    init(_ verdict: ReapVerdict, runtime: String, _ outcome: Outcome, reason: String? = nil) {
        stack = verdict.stack.name.description
        self.runtime = runtime
        namespace = verdict.stack.namespace
        self.outcome = outcome
        expiresAt = verdict.stack.lease?.expiresAt
        self.reason = reason ?? verdict.reason
    }

    static func table(_ lines: [ReapLine]) -> String {
        guard !lines.isEmpty else { return "no stacks\n" }
        var table = TextTable(["NAME", "OUTCOME", "EXPIRES", "NAMESPACE", "WHY"])
        for line in lines {
            table.add([line.stack, line.outcome.rawValue, line.expiresAt?.rfc3339 ?? "-", line.namespace, line.reason])
        }
        return table.text
    }
}
