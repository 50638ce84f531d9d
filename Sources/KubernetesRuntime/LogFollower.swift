import KubernetesClient
import Orchestration
import StagingModel

/// Follows the logs of all pods that a query means: those there are, those that come, and each run of a container that restarts.
struct LogFollower: Sendable {
    /// What the cluster tells of the containers that are followed.
    private enum Found: Sendable {
        /// What began before the query was asked is read from where the query says, the rest from its beginning.
        case run(ContainerRun, isFirst: Bool)
        case gone(podUID: String)
    }

    /// The runs of one container, one after another: what was read of one is not read again of the next.
    private struct Queue {
        var podUID: String
        var runs: AsyncStream<(ContainerRun, Bool)>.Continuation
    }

    let source: LogSource
    let wanted: LoggedPods
    let stack: StackName
    let isGone: @Sendable () async throws -> Bool

    /// Returns when the stack is gone.
    func follow(_ onLine: @Sendable (LogLine) async throws -> Void) async throws {
        // whatever fails ends the stream, and with it the rest: a group does not wake its own body
        let (runs, found) = AsyncThrowingStream<Found, any Error>.makeStream()
        try await withoutActuallyEscaping(onLine) { onLine in
            try await withThrowingDiscardingTaskGroup { group in
                defer { group.cancelAll() }
                group.addTask {
                    do {
                        try await find { found.yield($0) }
                        found.finish()
                    } catch { found.finish(throwing: error) }
                }
                var queues: [String: Queue] = [:]
                for try await next in runs {
                    switch next {
                    case .gone(let uid):
                        for (key, queue) in queues where queue.podUID == uid {
                            queue.runs.finish()
                            queues[key] = nil
                        }
                    case .run(let run, let isFirst):
                        let key = "\(run.uid)/\(run.container)"
                        if queues[key] == nil {
                            let (own, continuation) = AsyncStream<(ContainerRun, Bool)>.makeStream()
                            queues[key] = Queue(podUID: run.uid, runs: continuation)
                            group.addTask {
                                var last: String?
                                do {
                                    for await (run, isFirst) in own {
                                        last = try await source.follow(run, after: last, isFirst: isFirst, onLine: onLine)
                                    }
                                } catch { found.finish(throwing: error) }
                            }
                        }
                        queues[key]?.runs.yield((run, isFirst))
                    }
                }
                try Task.checkCancellation()
            }
        }
    }

    /// Tells each run once. Returns when the stack is gone.
    private func find(_ tell: (Found) -> Void) async throws {
        var followed: Set<ContainerRun> = []
        var alive: Set<String>?
        let pods = try ResourcePath(.pods, namespace: source.namespace)
        for try await change in source.client.follow(pods, selector: .all(of: stack), as: Pod.self) {
            let isFirst = alive == nil
            var uids = alive ?? []
            var changed: [Pod] = []
            switch change {
            case .listed(let list):
                if isFirst { try wanted.requireKnown(list) }
                uids = Set(list.map(\.metadata.uid))
                changed = list
            case .updated(let pod):
                uids.insert(pod.metadata.uid)
                changed = [pod]
            case .removed(let pod): uids.remove(pod.metadata.uid)
            }
            for uid in (alive ?? []).subtracting(uids) { tell(.gone(podUID: uid)) }
            alive = uids
            followed = followed.filter { uids.contains($0.uid) }
            let new = changed.flatMap(wanted.begun).filter { !followed.contains($0) }
            followed.formUnion(new)
            try LoggedPods.requireFew(Set(followed.map { [$0.uid, $0.container] }).count)
            for run in new { tell(.run(run, isFirst: isFirst)) }
            if uids.isEmpty, try await isGone() { return }
        }
    }
}
