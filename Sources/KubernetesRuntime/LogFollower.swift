import KubernetesClient
import Orchestration
import StagingModel

/// Follows the logs of all pods that a query means: those there are, those that come, and each run of a container that restarts.
struct LogFollower: Sendable {
    /// A run to follow. What began before the query was asked is read from where the query says, the rest from its beginning.
    private struct Found: Sendable {
        var run: ContainerRun
        var isFirst: Bool
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
                for try await next in runs {
                    group.addTask {
                        do { try await source.follow(next.run, isFirst: next.isFirst, onLine: onLine) } catch {
                            found.finish(throwing: error)
                        }
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
            alive = uids
            followed = followed.filter { uids.contains($0.uid) }
            let new = changed.flatMap(wanted.begun).filter { !followed.contains($0) }
            followed.formUnion(new)
            try LoggedPods.requireFew(Set(followed.map { [$0.uid, $0.container] }).count)
            for run in new { tell(Found(run: run, isFirst: isFirst)) }
            if uids.isEmpty, try await isGone() { return }
        }
    }
}
