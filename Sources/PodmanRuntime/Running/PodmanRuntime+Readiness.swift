import Foundation
import Orchestration
public import StagingModel

extension PodmanRuntime {
    public func awaitReady(_ stack: StackName, onChange: @Sendable (Readiness) async throws -> Void) async throws {
        let name = namespaceName(of: stack)
        try await translatingErrors(about: "network \(name)") {
            guard let record = try await look(at: stack).record else { throw StepError("network \(name) is gone", isRetryable: true) }
            var tails: [String: String] = [:]
            var reported: Readiness?
            await keeper.refresh()
            for await _ in await keeper.changes() {
                let verdict = StackVerdict(
                    wanted: record.wanted, reports: await keeper.reports(namespace: name, uid: record.uid))
                if !verdict.superseded.isEmpty {
                    try await remove(
                        pods: verdict.superseded.map { PodSummary(id: $0.id, name: $0.name, labels: nil) }, uid: record.uid)
                    await keeper.refresh()
                }
                var readiness = verdict.readiness
                if case .ready = readiness {
                    // a stack that goes loses its pods, which looks like one that waits for nothing
                    guard try await look(at: stack).record?.uid == record.uid else {
                        throw StepError("network \(name) is gone", isRetryable: true)
                    }
                }
                if case .failing(let text) = readiness, let crashed = verdict.crashed {
                    if tails[crashed.id] == nil { tails[crashed.id] = try await tail(of: crashed.id) }
                    if let tail = tails[crashed.id], !tail.isEmpty {
                        readiness = .failing("\(text); the last lines of \(crashed.name): \(tail)")
                    }
                }
                if readiness != reported { try await onChange(readiness) }
                reported = readiness
                if readiness == .ready { return }
            }
            throw CancellationError()
        }
    }

    /// The last 5 lines of a container, on one line; empty when there are none. Each container's are fetched once: a text that changed with
    /// every restart would be news each time.
    private func tail(of container: String) async throws -> String {
        var lines: [String] = []
        do {
            for try await line in try await logs(ofContainer: container, LogSelection(tail: 5)) {
                lines.append(line.oneLine(limit: 300))
            }
        } catch is PodmanError {}
        return lines.suffix(5).filter { !$0.isEmpty }.joined(separator: " | ")
    }

    /// The stack's workloads as they are now.
    public func workloads(of stack: StackName) async throws -> [WorkloadStatus] {
        let name = namespaceName(of: stack)
        return try await translatingErrors(about: "network \(name)") {
            guard let record = try await look(at: stack).record else { return [] }
            let reports = await keeper.reports(namespace: name, uid: record.uid)
            return record.wanted.sorted { $0.subject < $1.subject }.map { wanted in
                let verdict = StackVerdict(wanted: [wanted], reports: reports)
                let pods = reports.filter { wanted.pods.contains($0.name) }
                return WorkloadStatus(
                    kind: wanted.kind, name: wanted.name, ready: pods.filter(\.isReady).count, desired: wanted.pods.count,
                    readiness: verdict.readiness)
            }
        }
    }
}

/// How one workload is doing.
public struct WorkloadStatus: Hashable, Sendable {
    public var kind: String
    public var name: String
    /// Pods that are ready; of a Job, those that are complete.
    public var ready: Int
    public var desired: Int
    /// With what is awaited or wrong in words.
    public var readiness: Readiness
}
