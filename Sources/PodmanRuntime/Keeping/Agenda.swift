import Foundation

/// One look at one pod.
struct Agenda {
    let now: Date
    var pod: Tending.PodMemory
    var containers: [String: Tending.Memory]
    private(set) var actions: [Tending.Action] = []
    private(set) var next: Date?

    init(now: Date, pod: Tending.PodMemory, containers: [String: Tending.Memory]) {
        self.now = now
        self.pod = pod
        self.containers = containers
    }

    mutating func tend(_ kept: KeptPod) {
        guard !pod.isBusy, pod.changedAt == nil, isDue(pod.retryAt) else { return }
        switch kept.infra.state {
        case "running": break
        case "exited":
            pod.preparedFor = nil
            pod.isBusy = true
            actions.append(.revive(pod: kept.id, infra: kept.infra.id))
            return
        default: return  // it is still being made
        }
        guard pod.preparedFor == kept.infra.startedAt, let address = pod.address else {
            pod.isBusy = true
            actions.append(
                .prepare(pod: kept.id, infra: kept.infra.id, namespace: kept.namespace, redirects: kept.redirects))
            return
        }
        // Once the others have run, init containers are history.
        let hasBegun = kept.containers.contains {
            $0.label.initial == nil && $0.summary.state != "created" && $0.summary.state != "configured"
        }
        for container in kept.containers {
            if container.label.initial != nil {
                if hasBegun { continue }
                guard tend(container, address: address) else { return }
            } else {
                _ = tend(container, address: address)
            }
        }
    }

    /// True when the container has done its work.
    private mutating func tend(_ kept: KeptPod.Container, address: String) -> Bool {
        var memory = containers[kept.summary.id] ?? Tending.Memory()
        defer { containers[kept.summary.id] = memory }
        let id = kept.summary.id
        let isComplete = kept.summary.state == "exited" && kept.summary.exitCode == 0
        guard !memory.isBusy, memory.changedAt == nil else { return false }
        switch kept.summary.state {
        case "created", "configured":
            guard isDue(memory.startAt) else { return false }
            memory.isBusy = true
            actions.append(.start(container: id))
        case "running":
            if memory.runningSince == nil { memory.runningSince = now }
            if kept.label.initial == nil { watch(kept, address: address, &memory) }
        case "exited":
            if isComplete, kept.label.initial != nil || kept.label.rules.restart != .always {
                memory.exit = ContainerExit(code: 0, outOfMemory: false)
                return true
            }
            guard let exit = memory.exit else {
                memory.isBusy = true
                actions.append(.examine(container: id))
                return false
            }
            guard Self.restarts(kept.label.rules, exit: exit, crashes: memory.crashes), isDue(memory.startAt) else { return false }
            memory.isBusy = true
            actions.append(.start(container: id))
        default: break
        }
        return false
    }

    static func restarts(_ rules: ContainerRules, exit: ContainerExit, crashes: Int) -> Bool {
        if let limit = rules.backoffLimit { return exit.code != 0 && crashes <= limit }
        switch rules.restart {
        case .always: return true
        case .onFailure: return exit.code != 0
        case .never: return false
        }
    }

    /// The probes of a running container.
    private mutating func watch(_ kept: KeptPod.Container, address: String, _ memory: inout Tending.Memory) {
        let rules = kept.label.rules
        let since = memory.runningSince ?? now
        if rules.startup == nil { memory.hasStarted = true }
        if !memory.hasStarted, let probe = rules.startup {
            consider(.startup, probe, kept, address, since: since, &memory)
            return
        }
        if !memory.isReady {
            if let probe = rules.readiness {
                consider(.readiness, probe, kept, address, since: since, &memory)
            } else if now.timeIntervalSince(since) >= Tending.settling {
                memory.isReady = true
            } else {
                wake(at: since.addingTimeInterval(Tending.settling))
            }
        }
        if let probe = rules.liveness, !memory.isBusy { consider(.liveness, probe, kept, address, since: since, &memory) }
    }

    private mutating func consider(
        _ kind: Tending.ProbeKind, _ probe: Probe, _ kept: KeptPod.Container, _ address: String, since: Date, _ memory: inout Tending.Memory
    ) {
        let state = memory.probes[kind] ?? Tending.ProbeState(nextAt: since.addingTimeInterval(Double(probe.initialDelay)))
        memory.probes[kind] = state
        // The first tries of a startup probe come fast and don't count: its patience is period times failures.
        let isOverdue =
            kind == .startup
            ? now.timeIntervalSince(since) > Double(probe.initialDelay + probe.period * probe.failures) && state.failures > 0
            : state.failures >= probe.failures
        if kind != .readiness, isOverdue {
            memory.isBusy = true
            memory.probes = [:]
            actions.append(.end(container: kept.summary.id, grace: kept.label.grace))
        } else if state.nextAt <= now {
            memory.isBusy = true
            actions.append(.probe(container: kept.summary.id, kind: kind, probe: probe, address: address))
        } else {
            wake(at: state.nextAt)
        }
    }

    private mutating func isDue(_ instant: Date?) -> Bool {
        guard let instant, instant > now else { return true }
        wake(at: instant)
        return false
    }

    private mutating func wake(at instant: Date) { next = min(next ?? instant, instant) }
}
