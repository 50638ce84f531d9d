import KubernetesClient
import StagingModel

/// Adds the last lines of crashed containers to a diagnosis. Each container's are fetched once: a text that changed with every
/// restart would be news each time.
struct LogTails {
    let client: KubernetesClient
    let namespace: String
    private var known: [PodProblem.Key: String] = [:]

    init(client: KubernetesClient, namespace: String) {
        self.client = client
        self.namespace = namespace
    }

    mutating func added(to verdict: StackState.Verdict) async throws -> Readiness {
        guard case .failing(let text) = verdict.readiness, let problem = verdict.problems.first(where: { $0.log != nil }),
            let log = problem.log
        else {
            return verdict.readiness
        }
        if known[problem.key] == nil { known[problem.key] = try await tail(log) }
        guard let tail = known[problem.key] else { return verdict.readiness }
        return .failing("\(text); the last lines of \(log.container): \(tail)")
    }

    /// At most 5 lines and 2 KiB, on one line; nil when the log is empty or can't be had.
    private func tail(_ log: PodProblem.Log) async throws -> String? {
        let options = LogOptions(container: log.container, tailLines: 5, previous: log.previous, limitBytes: 2 << 10)
        do {
            var lines: [String] = []
            for try await line in try await client.logs(pod: log.pod, namespace: namespace, options: options) where lines.count < 5 {
                lines.append(line.oneLine(limit: 300))
            }
            lines.removeAll { $0.isEmpty }
            return lines.isEmpty ? nil : lines.joined(separator: " | ")
        } catch is KubernetesError { return nil }
    }
}
