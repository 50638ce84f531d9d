import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import Orchestration
import StagingModel

/// Keeps the containers of all stacks of one podman as their pods say: starts them in order, probes them, and starts again what ended.
/// ``Tending`` decides; this does. It follows podman's events and sleeps in between.
actor Keeper {
    private let client: PodmanClient
    private let namespacePrefix: String
    private let clock: any WallClock
    private let logger: Logger
    private let reach: Reach
    private let prober: Prober
    private var tending = Tending()
    /// Whether podman's list has to be read again.
    private var isStale = true
    private var followers: [Int: AsyncStream<Void>.Continuation] = [:]
    private var lastFollower = 0
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation
    /// Stacks of which a pod came, became ready or not, or went. For one reader.
    nonisolated let routeChanges: AsyncStream<StackName>
    private let routeChange: AsyncStream<StackName>.Continuation
    private var reachable: [String: Set<String>] = [:]

    /// Seconds after which podman is asked again even though it told of no event.
    private static let longestSilence = 30.0

    init(client: PodmanClient, reach: Reach, namespacePrefix: String, clock: any WallClock, logger: Logger) {
        self.client = client
        self.reach = reach
        self.namespacePrefix = namespacePrefix
        self.clock = clock
        self.logger = logger
        prober = Prober(client: client, reach: reach)
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        // Without a gateway nobody reads it.
        (routeChanges, routeChange) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1_000))
    }

    /// Works until it is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.followEvents() }
            group.addTask { await self.askNowAndThen() }
            var alarm = Date.distantPast
            for await _ in wakes {
                if isStale, !(await list()) {
                    group.addTask { await self.ring(at: self.clock.now.addingTimeInterval(1)) }
                    continue
                }
                let now = clock.now
                let (actions, next) = tending.look(at: now)
                for action in actions { group.addTask { await self.perform(action) } }
                if let next, alarm <= now || next < alarm {
                    alarm = next
                    group.addTask { await self.ring(at: next) }
                }
                tellRouteChanges()
                for follower in followers.values { follower.yield() }
            }
            group.cancelAll()
        }
        for follower in followers.values { follower.finish() }
        routeChange.finish()
    }

    /// Closes connections, after everything else.
    func stop() async { await prober.shutdown() }

    /// Reads podman's list again, soon.
    func refresh() {
        isStale = true
        wake.yield()
    }

    /// From now on nothing is started in these pods: they are being removed.
    func release(pods ids: [String]) { tending.release(pods: ids) }

    func reports(namespace: String, uid: String) -> [PodReport] { tending.reports(namespace: namespace, uid: uid) }

    /// The pods of one stack, as podman last listed them.
    func pods(namespace: String, uid: String) -> [KeptPod] { tending.listed.filter { $0.namespace == namespace && $0.uid == uid } }

    /// Yields after every look, and ends with the keeper.
    func changes() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        lastFollower += 1
        let number = lastFollower
        followers[number] = continuation
        continuation.onTermination = { [weak self] _ in Task { await self?.forget(number) } }
        continuation.yield()
        return stream
    }

    private func tellRouteChanges() {
        let now = tending.reachable()
        for namespace in Set(now.keys).union(reachable.keys) where now[namespace] != reachable[namespace] {
            if let stack = StackName(String(namespace.dropFirst(namespacePrefix.count))) { routeChange.yield(stack) }
        }
        reachable = now
    }

    private func forget(_ follower: Int) { followers[follower] = nil }

    private func ring(at instant: Date) async {
        try? await clock.sleep(until: instant)
        wake.yield()
    }

    private func askNowAndThen() async {
        while !Task.isCancelled {
            refresh()
            try? await clock.sleep(until: clock.now.addingTimeInterval(Self.longestSilence))
        }
    }

    private func list() async -> Bool {
        isStale = false
        do {
            let begun = clock.now
            let selector = [StackMetadata.managedBy: StackMetadata.manager]
            let list: [ContainerSummary] = try await client.list("/containers/json", [("all", "true")], labels: selector)
            let known = tending.addresses
            tending.see(
                list.filter { $0.labels?[Labels.namespace]?.hasPrefix(namespacePrefix) ?? false }, begun: begun)
            await reach.close(known.subtracting(tending.addresses))
            return true
        } catch {
            isStale = true
            if !(error is CancellationError) { logger.debug("containers could not be listed", metadata: ["error": "\(error)"]) }
            return false
        }
    }

    /// podman tells when a container of ours starts, dies or goes. One that died has exited for podman only once it was cleaned up.
    private func followEvents() async {
        let filters: JSONValue = [
            "label": [.string("\(StackMetadata.managedBy)=\(StackMetadata.manager)")], "event": ["died", "cleanup", "start", "remove"],
        ]
        while !Task.isCancelled {
            do {
                let body = try await client.stream(.get, "/events", [("stream", "true"), ("filters", filters.canonicalText)])
                refresh()
                for try await _ in body { refresh() }
            } catch {
                if !Task.isCancelled { logger.debug("podman's events ended", metadata: ["error": "\(error)"]) }
            }
            try? await clock.sleep(until: clock.now.addingTimeInterval(1))
        }
    }

    private func perform(_ action: Tending.Action) async {
        switch action {
        case .revive(let pod, let infra):
            tending.revived(pod: pod, error: await start(infra), at: clock.now)
        case .prepare(let pod, let infra, let namespace, let redirects):
            do {
                let started = tending.listed.first { $0.id == pod }?.infra.startedAt
                let details: ContainerDetails = try await client.get("/containers/\(infra)/json")
                guard let address = details.settings?.networks?[namespace]?.address, !address.isEmpty else {
                    throw PodmanError.undecodable("the pod has no address")
                }
                try await reach.guardNetworks()
                try await reach.redirect(redirects, address: address, pod: details)
                tending.prepared(pod: pod, address: address, infraStartedAt: started, error: nil, at: clock.now)
            } catch {
                tending.prepared(pod: pod, address: nil, infraStartedAt: nil, error: "\(error)".oneLine(limit: 300), at: clock.now)
                isStale = true
            }
        case .start(let container):
            tending.started(container, error: await start(container), at: clock.now)
            isStale = true
        case .examine(let container):
            let details: ContainerDetails? = try? await client.get("/containers/\(container)/json")
            let exit = ContainerExit(code: details?.state.exitCode ?? 0, outOfMemory: details?.state.oomKilled ?? false)
            if details == nil { isStale = true }
            tending.examined(container, exit, at: clock.now)
        case .probe(let container, let kind, let probe, let address):
            let failure = await prober.failure(of: probe, container: container, address: address)
            tending.probed(container, kind, probe, failure: failure, at: clock.now)
        case .end(let container, let grace):
            logger.notice("a container is started again, because its probe fails", metadata: ["container": "\(container.prefix(12))"])
            _ = try? await client.send(
                .post, "/containers/\(container)/stop", [("timeout", "\(grace)")], timeout: .seconds(grace + 30))
            tending.ended(container, at: clock.now)
            isStale = true
        }
        wake.yield()
    }

    /// Nil when it runs now.
    private func start(_ container: String) async -> String? {
        do {
            try await client.send(.post, "/containers/\(container)/start")
            return nil
        } catch { return "\(error)".oneLine(limit: 300) }
    }
}
