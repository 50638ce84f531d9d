import Foundation
import StagingModel

/// What kubelet does on a cluster, as a pure state: which container of which pod has to be started now, which probe is due, and what is
/// known of each. It is shown podman's list of containers, does nothing by itself, and reads no clock.
struct Tending: Sendable {
    enum ProbeKind: Hashable, Sendable { case startup, readiness, liveness }

    enum Action: Hashable, Sendable {
        /// Start the pod's infra container again: the machine was restarted, or somebody stopped it.
        case revive(pod: String, infra: String)
        /// Find the pod's address, and redirect the ports of its Services.
        case prepare(pod: String, infra: String, namespace: String, redirects: [PortRedirect])
        case start(container: String)
        /// Find out how the container ended.
        case examine(container: String)
        case probe(container: String, kind: ProbeKind, probe: Probe, address: String)
        /// End a container that its probe has given up; it is started again as one that crashed.
        case end(container: String, grace: Int)
    }

    /// The first pause before a container that crashed is started again; it doubles up to the longest.
    static let firstPause = 1.0
    static let longestPause = 300.0
    /// Seconds that a container has to run for its crashes to be forgotten (kubelet's rule).
    static let forgiveness = 600.0
    /// Seconds that a container without a readiness probe has to run to be ready.
    static let settling = 2.0

    struct Memory: Sendable {
        var isBusy = false
        /// When something was done to it that no list shows yet.
        var changedAt: Date?
        /// When this run was first seen.
        var runningSince: Date?
        /// Of the last run that ended; nil while it was not looked at.
        var exit: ContainerExit?
        /// How the last run ended, also while the next one is not ready yet.
        var lastExit: ContainerExit?
        var crashes = 0
        var startAt: Date?
        /// Why it could not be started.
        var startError: String?
        var hasStarted = false
        var isReady = false
        var probes: [ProbeKind: ProbeState] = [:]
    }

    struct ProbeState: Sendable {
        var nextAt: Date
        var successes = 0
        var failures = 0
        /// How often it was tried in this run.
        var tries = 0
        var text = ""
    }

    struct PodMemory: Sendable {
        var address: String?
        /// The start of the infra container that the address is of.
        var preparedFor: Int?
        var isBusy = false
        var changedAt: Date?
        var error: String?
        var retryAt: Date?
        var attempts = 0
    }

    private(set) var containers: [String: Memory] = [:]
    private(set) var pods: [String: PodMemory] = [:]
    /// Pods that are being removed: nothing is started in them any more.
    private var released: Set<String> = []
    private(set) var listed: [KeptPod] = []

    /// Of all pods that have one.
    var addresses: Set<String> { Set(pods.values.compactMap(\.address)) }

    mutating func release(pods ids: some Sequence<String>) { released.formUnion(ids) }

    /// Takes podman's list in, and forgets what is no longer there.
    ///
    /// - Parameter begun: when the list was asked for. What was done later may not be in it.
    mutating func see(_ list: [ContainerSummary], begun: Date) {
        listed = KeptPod.pods(list)
        let podIDs = Set(listed.map(\.id))
        let ids = Set(listed.flatMap { $0.containers.map(\.summary.id) })
        containers = containers.filter { ids.contains($0.key) }
        pods = pods.filter { podIDs.contains($0.key) }
        released = released.intersection(podIDs)
        for (id, container) in containers { if let at = container.changedAt, at <= begun { containers[id]?.changedAt = nil } }
        for (id, pod) in pods { if let at = pod.changedAt, at <= begun { pods[id]?.changedAt = nil } }
    }

    /// What has to be done now, each once, and when to look again if nothing happens before.
    mutating func look(at now: Date) -> (actions: [Action], next: Date?) {
        var actions: [Action] = []
        var next: Date?
        for pod in listed where !released.contains(pod.id) {
            var agenda = Agenda(now: now, pod: pods[pod.id] ?? PodMemory(), containers: containers)
            agenda.tend(pod)
            pods[pod.id] = agenda.pod
            containers = agenda.containers
            actions += agenda.actions
            next = [next, agenda.next].compactMap(\.self).min()
        }
        return (actions, next)
    }

    // MARK: What came of an action

    mutating func prepared(pod id: String, address: String?, infraStartedAt: Int?, error: String?, at now: Date) {
        guard var pod = pods[id] else { return }
        pod.isBusy = false
        pod.error = error
        if error != nil {
            pod.attempts += 1
            pod.retryAt = now.addingTimeInterval(Self.pause(after: pod.attempts))
        } else {
            pod.attempts = 0
            pod.retryAt = nil
            pod.address = address
            pod.preparedFor = infraStartedAt
        }
        pods[id] = pod
    }

    mutating func revived(pod id: String, error: String?, at now: Date) {
        prepared(pod: id, address: nil, infraStartedAt: nil, error: error, at: now)
        if error == nil { pods[id]?.changedAt = now }
    }

    mutating func started(_ id: String, error: String?, at now: Date) {
        guard var container = containers[id] else { return }
        container.isBusy = false
        container.startError = error
        container.exit = nil
        container.startAt = nil
        container.runningSince = nil
        container.isReady = false
        container.hasStarted = false
        container.probes = [:]
        container.changedAt = now
        if error != nil {
            container.crashes += 1
            container.startAt = now.addingTimeInterval(Self.pause(after: container.crashes))
        }
        containers[id] = container
    }

    mutating func examined(_ id: String, _ exit: ContainerExit, at now: Date) {
        guard var container = containers[id] else { return }
        container.isBusy = false
        if let since = container.runningSince, now.timeIntervalSince(since) >= Self.forgiveness { container.crashes = 0 }
        container.exit = exit
        container.lastExit = exit
        container.isReady = false
        if exit.code != 0 { container.crashes += 1 }
        container.startAt = now.addingTimeInterval(Self.pause(after: max(container.crashes, 1)))
        containers[id] = container
    }

    mutating func ended(_ id: String, at now: Date) {
        containers[id]?.isBusy = false
        containers[id]?.changedAt = now
    }

    mutating func probed(_ id: String, _ kind: ProbeKind, _ probe: Probe, failure: String?, at now: Date) {
        guard var container = containers[id], var state = container.probes[kind] else { return }
        container.isBusy = false
        state.tries += 1
        if let failure {
            state.successes = 0
            state.failures += 1
            state.text = failure
        } else {
            state.failures = 0
            state.successes += 1
            state.text = ""
        }
        // The first tries come fast, because most containers are ready in a moment; then it is as the probe says.
        let eager = kind == .liveness ? Double(probe.period) : 0.02 * pow(2, Double(min(state.tries, 16)))
        state.nextAt = now.addingTimeInterval(min(eager, Double(probe.period)))
        if kind != .liveness, state.successes >= probe.successes {
            if kind == .startup { container.hasStarted = true } else { container.isReady = true }
        }
        container.probes[kind] = state
        containers[id] = container
    }

    static func pause(after attempts: Int) -> Double { min(firstPause * pow(2, Double(min(attempts, 16) - 1)), longestPause) }
}

/// How a container ended.
struct ContainerExit: Hashable, Sendable {
    var code: Int
    var outOfMemory: Bool
}

/// A pod as podman's list of containers shows it.
struct KeptPod: Hashable, Sendable {
    struct Container: Hashable, Sendable {
        var summary: ContainerSummary
        var label: ContainerLabel
    }

    var id: String
    var name: String
    var namespace: String
    var uid: String
    var workload: String
    var services: [String]
    var redirects: [PortRedirect]
    var infra: ContainerSummary
    /// The init containers first, in their order.
    var containers: [Container]

    static func pods(_ list: [ContainerSummary]) -> [KeptPod] {
        let byPod = Dictionary(grouping: list) { $0.pod }
        return byPod.compactMap { id, members -> KeptPod? in
            guard !id.isEmpty, let infra = members.first(where: \.isInfra), let labels = infra.labels,
                let namespace = labels[Labels.namespace], let uid = labels[Labels.network],
                let own = Labels.decoded(PodLabel.self, labels[Labels.pod])
            else { return nil }
            let containers = members.compactMap { member -> Container? in
                guard !member.isInfra else { return nil }
                return Labels.decoded(ContainerLabel.self, member.labels?[Labels.container]).map { Container(summary: member, label: $0) }
            }
            return KeptPod(
                id: id, name: infra.podName, namespace: namespace, uid: uid, workload: labels[Labels.workload] ?? "",
                services: own.services, redirects: own.redirects, infra: infra,
                containers: containers.sorted { ($0.label.initial ?? .max, $0.label.name) < ($1.label.initial ?? .max, $1.label.name) })
        }
        .sorted { $0.name < $1.name }
    }
}
