import StagingModel

/// What is known of one pod of a stack.
struct PodReport: Hashable, Sendable {
    struct Container: Hashable, Sendable {
        enum State: Hashable, Sendable {
            case waiting
            case running(isReady: Bool)
            case ended(code: Int)
        }
        var id: String
        var name: String
        var isInitial: Bool
        var state: State
        var rules: ContainerRules
        var crashes: Int
        var exit: ContainerExit?
        var startError: String?
        /// What its readiness or startup probe last said against it.
        var probeText: String
    }

    var id: String
    var name: String
    var workload: String
    /// Why its network or its infra container is not there.
    var error: String?
    var containers: [Container]

    /// All its containers run and are ready, or have done their work.
    var isReady: Bool {
        containers.allSatisfy { container in
            switch container.state {
            case .running(let isReady): isReady && !container.isInitial && container.rules.backoffLimit == nil
            case .ended(let code): code == 0 && (container.isInitial || container.rules.restart != .always)
            case .waiting: false
            }
        } && !containers.isEmpty
    }
}

extension Tending {
    /// What is known of the pods of one stack.
    func reports(namespace: String, uid: String) -> [PodReport] {
        listed.filter { $0.namespace == namespace && $0.uid == uid }.map { report($0) }
    }

    /// What visitors of each namespace's stack may reach: its pods' addresses, and whether each is ready.
    func reachable() -> [String: Set<String>] {
        var reachable: [String: Set<String>] = [:]
        for pod in listed {
            guard let address = pods[pod.id]?.address else { continue }
            reachable[pod.namespace, default: []].insert("\(pod.name) \(address) \(report(pod).isReady)")
        }
        return reachable
    }

    private func report(_ pod: KeptPod) -> PodReport {
        PodReport(
            id: pod.id, name: pod.name, workload: pod.workload, error: pods[pod.id]?.error, containers: pod.containers.map { report($0) })
    }

    private func report(_ kept: KeptPod.Container) -> PodReport.Container {
        let memory = containers[kept.summary.id] ?? Memory()
        let state: PodReport.Container.State =
            switch kept.summary.state {
            case "running": .running(isReady: memory.isReady)
            case "exited": .ended(code: kept.summary.exitCode)
            default: .waiting
            }
        let probe = memory.probes[.startup].flatMap { memory.hasStarted ? nil : $0 } ?? memory.probes[.readiness]
        return PodReport.Container(
            id: kept.summary.id, name: kept.label.name, isInitial: kept.label.initial != nil, state: state, rules: kept.label.rules,
            crashes: memory.crashes, exit: memory.lastExit, startError: memory.startError, probeText: probe?.text ?? "")
    }
}

/// What the pods of a stack say together. Pure.
struct StackVerdict: Hashable, Sendable {
    var readiness: Readiness
    /// The container that the diagnosis is about, when its last words matter.
    var crashed: (id: String, name: String)?
    /// Pods that have to go, because those that take their place are ready.
    var superseded: [PodReport]

    static func == (a: StackVerdict, b: StackVerdict) -> Bool {
        a.readiness == b.readiness && a.crashed?.id == b.crashed?.id && a.superseded == b.superseded
    }
    func hash(into hasher: inout Hasher) { hasher.combine(readiness) }

    /// Crashes in a row that make a diagnosis: a service that waits for its database by crashing is given the time.
    static let crashes = 3

    init(wanted: [WantedWorkload], reports: [PodReport]) {
        let byName = Dictionary(reports.map { ($0.name, $0) }) { first, _ in first }
        let kept = Set(wanted.flatMap(\.pods))
        var progress: [String] = []
        var failures: [String] = []
        superseded = []
        for workload in wanted.sorted(by: { $0.subject < $1.subject }) {
            let pods = workload.pods.compactMap { byName[$0] }
            let problems = pods.flatMap { pod in pod.problems.map { (pod, $0) } }
            for (_, problem) in problems {
                failures.append("\(workload.subject): \(problem.text)")
                if crashed == nil, let container = problem.container { crashed = container }
            }
            let ready = pods.filter(\.isReady).count
            let old = reports.filter { $0.workload == workload.subject && !kept.contains($0.name) }
            if ready < workload.pods.count {
                let unready = Set(pods.flatMap(\.waitingFor)).sorted()
                let why = unready.isEmpty ? "" : " (\(unready.prefix(3).joined(separator: ", ")))"
                progress.append(
                    "\(workload.subject): \(ready) of \(workload.pods.count) \(workload.kind == "Job" ? "complete" : "ready")\(why)")
            } else if !old.isEmpty {
                superseded += old
                progress.append("\(workload.subject): \(old.count) old to go")
            }
        }
        func joined(_ texts: [String]) -> String {
            var seen: Set<String> = []
            let unique = texts.filter { seen.insert($0).inserted }
            return unique.prefix(3).joined(separator: "; ") + (unique.count > 3 ? "; and \(unique.count - 3) more" : "")
        }
        if !failures.isEmpty {
            readiness = .failing(joined(failures))
        } else {
            readiness = progress.isEmpty ? .ready : .progressing(joined(progress))
        }
    }
}

extension PodReport {
    struct Problem {
        var text: String
        var container: (id: String, name: String)?
    }

    var problems: [Problem] {
        var problems: [Problem] = []
        if let error { problems.append(Problem(text: "its pod can't run: \(error)")) }
        for container in containers {
            let name = "container \"\(container.name)\""
            if let error = container.startError {
                problems.append(Problem(text: "\(name) can't start: \(error)"))
                continue
            }
            guard let exit = container.exit, exit.code != 0, container.state != .running(isReady: true) else { continue }
            let isFinal = !Agenda.restarts(container.rules, exit: exit, crashes: container.crashes)
            guard isFinal || container.crashes >= StackVerdict.crashes || exit.outOfMemory else { continue }
            let why =
                switch (exit.outOfMemory, exit.code) {
                case (true, _): "out of memory: it needs a higher limit"
                case (_, 137): "exit code 137: killed, as by the kernel when it needs more memory than its limit"
                default: "exit code \(exit.code)"
                }
            problems.append(
                Problem(text: "\(name) \(isFinal ? "failed" : "keeps crashing") (\(why))", container: (container.id, container.name)))
        }
        return problems
    }

    /// What its containers are waiting for, in a few words each.
    var waitingFor: [String] {
        containers.compactMap { container in
            if case .running(false) = container.state, !container.probeText.isEmpty {
                return "running, but not ready by its probe: \(container.name): \(container.probeText)"
            }
            if case .running = container.state, container.isInitial { return "init container \(container.name) is running" }
            return nil
        }
    }
}
