import Foundation
import KubernetesClient
import StagingModel

/// Adds to a verdict what only others know: the last lines of crashed containers, and the cluster's events about what is not ready.
///
/// Each container's lines are fetched once: a text that changed with every restart would be news each time.
struct LastWords {
    /// Seconds between two looks at the events, which nothing else announces.
    private static let interval = 5.0

    let client: KubernetesClient
    let namespace: String
    private var tails: [PodProblem.Key: [String]] = [:]
    private var events: [ClusterEvent] = []
    private var eventsAt = Date.distantPast
    private var firstSeen: [String: Date] = [:]
    /// When there may be something new to add; nil when nothing is missing.
    private(set) var nextLook: Date?

    init(client: KubernetesClient, namespace: String) {
        self.client = client
        self.namespace = namespace
    }

    mutating func added(to verdict: StackState.Verdict, at now: Date) async throws -> Readiness {
        nextLook = verdict.puzzles.isEmpty ? nil : now.addingTimeInterval(Self.interval)
        guard let text = verdict.readiness.text else { return verdict.readiness }
        // What events say of an image is the same in other words, and counts the tries.
        if case .waitingForImage = verdict.readiness { return verdict.readiness }
        var texts = [text]
        var isFailing = if case .failing = verdict.readiness { true } else { false }
        if let problem = verdict.problems.first(where: { $0.log != nil }), let log = problem.log {
            if tails[problem.key] == nil { tails[problem.key] = try await tail(log) }
            if let tail = tails[problem.key] { texts.append(Diagnosis.lastLines(of: log.container, tail)) }
        }
        if !verdict.puzzles.isEmpty {
            try await look(at: now)
            for word in ClusterEvent.words(events, about: verdict.puzzles).prefix(3) {
                let since = firstSeen[word.text] ?? now
                firstSeen[word.text] = since
                if word.isLasting, since.addingTimeInterval(PodProblem.usualPatience) <= now { isFailing = true }
                texts.append(word.text)
            }
        }
        let whole = texts.joined(separator: "; ")
        return isFailing ? .failing(whole) : .progressing(whole)
    }

    /// Asks for the events; without the right to, there are none.
    private mutating func look(at now: Date) async throws {
        guard eventsAt.addingTimeInterval(Self.interval) <= now else { return }
        eventsAt = now
        do {
            let resource = try await client.discovery.resource(apiVersion: "v1", kind: "Event")
            events = try await client.list(ResourcePath(resource, namespace: namespace), as: ClusterEvent.self).items
        } catch is KubernetesError {}
    }

    /// At most 5 lines and 2 KiB; nil when the log is empty or can't be had.
    private func tail(_ log: PodProblem.Log) async throws -> [String]? {
        let options = LogOptions(container: log.container, tailLines: 5, previous: log.previous, limitBytes: 2 << 10)
        do {
            var lines: [String] = []
            for try await line in try await client.logs(pod: log.pod, namespace: namespace, options: options) where lines.count < 5 {
                lines.append(line.oneLine(limit: 300))
            }
            lines.removeAll { $0.isEmpty }
            return lines.isEmpty ? nil : lines
        } catch is KubernetesError { return nil }
    }
}
