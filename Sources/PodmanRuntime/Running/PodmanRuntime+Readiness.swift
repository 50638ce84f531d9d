import Foundation
import Orchestration
public import StagingModel

extension PodmanRuntime {
    /// Seconds after which a wave that is not ready is given up.
    private static let settlingLimit = 600.0
    /// Seconds that old pods stay beside those that took their place: who was sent to them is served, and a gateway hears of the new ones.
    private static let overlap = 1.0

    public func awaitReady(_ stack: StackName, onChange: @Sendable (Readiness) async throws -> Void) async throws {
        let name = namespaceName(of: stack)
        try await translatingErrors(about: "network \(name)") {
            guard let record = try await look(at: stack).record else { throw StepError("network \(name) is gone", isRetryable: true) }
            try await follow(record.wanted, of: record, onChange)
        }
    }

    /// Returns when the workloads of a wave are ready. Throws `StepError` when one can't be, or is not in time.
    func settle(
        _ workloads: [WantedWorkload], order: Int, _ record: StackRecord, _ onWaiting: @Sendable (String) async throws -> Void
    ) async throws {
        let limit = clock.now.addingTimeInterval(Self.settlingLimit)
        try await withoutActuallyEscaping(onWaiting) { onWaiting in
            try await withThrowingTaskGroup(of: Void.self) { group in
                defer { group.cancelAll() }
                group.addTask {
                    try await follow(workloads, of: record) { readiness in
                        guard let text = readiness.text else { return }
                        guard case .progressing = readiness else {
                            throw StepError("wave \(order): \(text); later waves are not applied before that is mended", isRetryable: true)
                        }
                        try await onWaiting("wave \(order): \(text)")
                    }
                }
                group.addTask {
                    try await clock.sleep(until: limit)
                    throw StepError("wave \(order) is not ready after \(Int(Self.settlingLimit / 60)) min", isRetryable: true)
                }
                try await group.next()
            }
        }
    }

    /// Reports each new verdict on some of a stack's workloads until it is that they are ready. Old pods whose successors are ready go.
    private func follow(
        _ wanted: [WantedWorkload], of record: StackRecord, _ report: @Sendable (Readiness) async throws -> Void
    ) async throws {
        var tails: [String: [String]] = [:]
        var reported: Readiness?
        await keeper.refresh()
        for await _ in await keeper.changes() {
            let verdict = StackVerdict(wanted: wanted, reports: await keeper.reports(namespace: record.namespace, uid: record.uid))
            if !verdict.superseded.isEmpty {
                try await clock.sleep(until: clock.now.addingTimeInterval(Self.overlap))
                try await remove(pods: verdict.superseded.map { PodSummary(id: $0.id, name: $0.name, labels: nil) }, uid: record.uid)
                await keeper.refresh()
            }
            var readiness = verdict.readiness
            if case .ready = readiness {
                // a stack that goes loses its pods, which looks like one that waits for nothing
                guard try await look(at: record.stack).record?.uid == record.uid else {
                    throw StepError("network \(record.namespace) is gone", isRetryable: true)
                }
            }
            if case .failing(let text) = readiness, let crashed = verdict.crashed {
                if tails[crashed.id] == nil { tails[crashed.id] = try await tail(of: crashed.id) }
                if let tail = tails[crashed.id], !tail.isEmpty {
                    readiness = .failing("\(text); \(Diagnosis.lastLines(of: crashed.name, tail))")
                }
            }
            if readiness != reported { try await report(readiness) }
            reported = readiness
            if readiness == .ready { return }
        }
        throw CancellationError()
    }

    /// The last 5 lines of a container. Each container's are fetched once: a text that changed with every restart would be news each time.
    private func tail(of container: String) async throws -> [String] {
        guard let log = try await log(of: container) else { return [] }
        let lines = try LogFile(path: log.path)?.tail(5, bytes: 1 << 16) { _ in true } ?? []
        return lines.map { $0.text.oneLine(limit: 300) }.filter { !$0.isEmpty }
    }

    public func workloads(of stack: StackName) async throws -> [WorkloadStatus] {
        let name = namespaceName(of: stack)
        return try await translatingErrors(about: "network \(name)") {
            guard let record = try await look(at: stack).record else { return [] }
            let reports = await keeper.reports(namespace: name, uid: record.uid)
            return record.wanted.sorted { $0.subject < $1.subject }.map { WorkloadStatus($0, reports: reports) }
        }
    }
}

extension WorkloadStatus {
    init(_ wanted: WantedWorkload, reports: [PodReport]) {
        let readiness = StackVerdict(wanted: [wanted], reports: reports).readiness
        let state: State =
            switch readiness {
            case .ready: .ready
            case .progressing: .progressing
            case .waitingForImage, .failing: .failing
            }
        let subject = "\(wanted.subject): "
        self.init(
            kind: wanted.kind, name: wanted.name, ready: reports.count { wanted.pods.contains($0.name) && $0.isReady },
            desired: wanted.pods.count, state: state,
            message: readiness.text.map { $0.hasPrefix(subject) ? String($0.dropFirst(subject.count)) : $0 })
    }
}
