import Foundation
import Orchestration
public import StagingModel

extension PodmanRuntime {
    /// Containers whose logs are read for one request.
    private static let mostContainers = 60
    /// Bytes of all containers together; the oldest lines of each are left out beyond its share.
    private static let budget = 32 << 20
    /// Seconds between two looks at a log that is followed.
    private static let pause = 0.2

    public func logs(of stack: StackName, _ query: LogQuery, onLine: @Sendable (LogLine) async throws -> Void) async throws {
        let name = namespaceName(of: stack)
        try await translatingErrors(about: "network \(name)") {
            guard let record = try await look(at: stack).record else { throw StepError("network \(name) is gone", isRetryable: true) }
            let pods = KeptPod.pods(try await containers(network: record.uid))
            let wanted = LoggedContainers(query: query, pods: pods, namespace: name)
            try wanted.requireKnown(pods)
            if query.follow {
                try await follow(record, wanted, pods, onLine)
            } else {
                for line in try await read(wanted.begun(of: pods), wanted) { try await onLine(line) }
            }
        }
    }

    /// Where a container's log is, and the last instant that is not of its current run; nil when it is gone.
    func log(of container: String) async throws -> (path: String, before: String)? {
        let details: ContainerDetails
        do { details = try await client.get("/containers/\(container)/json") } catch let error as PodmanError where error.isNotFound {
            return nil
        }
        // A container never starts within a second of its end (`Tending.firstPause`). podman takes the end from a file's time, which may be
        // a little earlier than the last line; and it writes the start down when it is done. Once a run has ended, the end of the one
        // before is not known any more.
        let before =
            details.state.isRunning
            ? LogAssembly.time(details.state.finishedAt).map { LogAssembly.time($0, plus: Tending.firstPause / 2) }
            : LogAssembly.time(details.state.startedAt).map { LogAssembly.time($0, plus: -Tending.firstPause) }
        return (details.host.log.path, before ?? "")
    }

    /// What the containers have written so far, by time.
    private func read(_ containers: [LoggedContainers.One], _ wanted: LoggedContainers) async throws -> [LogLine] {
        guard containers.count <= Self.mostContainers else { throw Self.tooMany(containers.count) }
        let query = wanted.query
        var lines: [LogLine] = []
        var hasPrevious = false
        for one in containers {
            try Task.checkCancellation()
            guard let log = try await log(of: one.id), let file = try LogFile(path: log.path) else { continue }
            let since = query.since.flatMap { LogAssembly.time($0) } ?? ""
            let entries = file.tail(query.tail, bytes: Self.budget / containers.count) { entry in
                let isPrevious = entry.time <= log.before
                hasPrevious = hasPrevious || isPrevious
                return isPrevious == query.previous && entry.time >= since
            }
            lines += entries.map { one.line($0) }
        }
        if query.previous, !hasPrevious {
            throw StepError("no container was restarted, so none has a previous run; leave --previous out", isRetryable: false)
        }
        // equal times stay in their order
        return lines.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(\.element)
    }

    /// Follows the containers that there are and those that come. Returns when the stack is gone.
    private func follow(
        _ record: StackRecord, _ wanted: LoggedContainers, _ pods: [KeptPod], _ onLine: @Sendable (LogLine) async throws -> Void
    ) async throws {
        // whatever fails ends the stream, and with it the rest: a group does not wake its own body
        let (looks, wake) = AsyncThrowingStream<Void, any Error>.makeStream(bufferingPolicy: .bufferingNewest(1))
        try await withoutActuallyEscaping(onLine) { onLine in
            try await withThrowingDiscardingTaskGroup { group in
                defer { group.cancelAll() }
                group.addTask {
                    await keeper.refresh()
                    for await _ in await keeper.changes() { wake.yield() }
                    wake.finish()
                }
                var followed: Set<String> = []
                func start(_ containers: [LoggedContainers.One], isFirst: Bool) throws {
                    guard containers.count <= Self.mostContainers else { throw Self.tooMany(containers.count) }
                    for one in containers where followed.insert(one.id).inserted {
                        group.addTask {
                            do { try await follow(one, wanted.query, isFirst: isFirst, onLine) } catch { wake.finish(throwing: error) }
                        }
                    }
                }
                try start(wanted.begun(of: pods), isFirst: true)
                for try await _ in looks {
                    let pods = await keeper.pods(namespace: record.namespace, uid: record.uid)
                    try start(wanted.begun(of: pods), isFirst: false)
                    if pods.isEmpty, try await isGoing(record) { return }
                }
                try Task.checkCancellation()
            }
        }
    }

    /// Whether a stack is being destroyed, or is gone: its last record ends its lease.
    private func isGoing(_ record: StackRecord) async throws -> Bool {
        if let current = try await look(at: record.stack).record, current.uid == record.uid {
            return current.lease?.isExpired(at: clock.now) ?? false
        }
        return try await network(record.uid)?.id != record.uid
    }

    /// Follows all runs of one container, until it is gone.
    ///
    /// - Parameter isFirst: whether `since` and `tail` count; what begins later is read from its beginning.
    private func follow(
        _ one: LoggedContainers.One, _ query: LogQuery, isFirst: Bool, _ onLine: @Sendable (LogLine) async throws -> Void
    ) async throws {
        guard let log = try await log(of: one.id), let file = try LogFile(path: log.path) else { return }
        if isFirst {
            let since = query.since.flatMap { LogAssembly.time($0) } ?? ""
            let begun = file.tail(query.tail, bytes: Self.budget / Self.mostContainers, isWhole: false) {
                $0.time > log.before && $0.time >= since
            }
            for entry in begun { try await onLine(one.line(entry)) }
        }
        while let entries = file.next(at: clock.now) {
            for entry in entries { try await onLine(one.line(entry)) }
            if entries.isEmpty { try await clock.sleep(until: clock.now.addingTimeInterval(Self.pause)) }
        }
    }

    private static func tooMany(_ count: Int) -> StepError {
        StepError("\(count) containers, and \(mostContainers) are read at once; name a service, or a container", isRetryable: false)
    }
}

/// Which containers a query means. No I/O.
struct LoggedContainers: Sendable {
    struct One: Hashable, Sendable {
        var id: String
        var pod: String
        var container: String

        func line(_ entry: LogEntry) -> LogLine { LogLine(pod: pod, container: container, time: entry.time, text: entry.text) }
    }

    let query: LogQuery
    /// Whether the name is a Service's; otherwise it is a workload's.
    private let isService: Bool
    private let namespace: String

    init(query: LogQuery, pods: [KeptPod], namespace: String) {
        self.query = query
        self.namespace = namespace
        isService = pods.contains { pod in query.service.map(pod.services.contains) ?? false }
    }

    private func matches(_ pod: KeptPod) -> Bool {
        guard let service = query.service else { return true }
        return isService ? pod.services.contains(service) : pod.workloadName == service
    }

    /// Those that have begun, and that the query means.
    func begun(of pods: [KeptPod]) -> [One] {
        pods.filter(matches).flatMap { pod in
            pod.containers.filter { container in
                (query.container == nil || container.label.name == query.container)
                    && !["created", "configured", "initialized"].contains(container.summary.state)
            }.map { One(id: $0.summary.id, pod: String(pod.name.dropFirst(namespace.count + 1)), container: $0.label.name) }
        }
    }

    /// - Throws: `StepError` when nothing in the stack has the names that the query gives.
    func requireKnown(_ pods: [KeptPod]) throws {
        let matching = pods.filter(matches)
        if let service = query.service, matching.isEmpty {
            let names = Set(pods.map(\.workloadName)).sorted().prefix(20)
            let known = names.isEmpty ? "the stack has no pods" : "there are pods of \(names.joined(separator: ", "))"
            throw StepError("no service or workload \"\(service.oneLine(limit: 100))\"; \(known)", isRetryable: false)
        }
        if let container = query.container, !matching.isEmpty {
            let names = Set(matching.flatMap(\.containers).map(\.label.name))
            guard !names.contains(container) else { return }
            throw StepError(
                "no container \"\(container.oneLine(limit: 100))\"; there are \(names.sorted().prefix(20).joined(separator: ", "))",
                isRetryable: false)
        }
    }
}

extension KeptPod {
    /// `web` of `Deployment/web`.
    fileprivate var workloadName: String { workload.split(separator: "/").last.map { String($0) } ?? "" }
}
