import Foundation
import KubernetesClient
import StagingModel

/// What is known of a stack's workloads and pods, merged from several watches, and what follows from it. No I/O, no clock.
struct StackState: Sendable {
    /// What the state says at one instant.
    struct Verdict: Sendable {
        var readiness: Readiness
        /// The problems that a failing readiness is about, the most telling first.
        var problems: [PodProblem] = []
        /// What events may say more about, by UID.
        var puzzles: [String: Puzzle] = [:]
        /// When the same state says something else, because a problem will have lasted.
        var changesAt: Date?
        /// Pods that wait for an image and have to be replaced, so that it is asked for again.
        var stale: [ObjectMetadata] = []
        /// What was said last holds until kubelet has said why an image can't be pulled.
        var isOpen = false
    }

    private var workloads: [String: [String: Workload]] = [:]
    private var pods: [String: Pod]?
    private var pullErrors: [PodProblem.Key: String] = [:]
    private var firstSeen: [PodProblem.Key: Date] = [:]
    private var settling = SettlingContainers()
    private var images = AwaitedImages()

    /// The kinds that have to be listed before there is a verdict, besides pods.
    let kinds: Set<String>
    /// The workloads that count, `Deployment/web`; nil for all.
    let subjects: Set<String>?

    init(kinds: Set<String>, subjects: Set<String>? = nil) {
        self.kinds = kinds
        self.subjects = subjects
    }

    mutating func merge(_ change: CollectionChange<Pod>) {
        switch change {
        case .listed(let list): pods = Dictionary(list.filter { counts($0.owner) }.map { ($0.metadata.uid, $0) }) { _, last in last }
        case .updated(let pod): if counts(pod.owner) { pods?[pod.metadata.uid] = pod }
        case .removed(let pod): pods?[pod.metadata.uid] = nil
        }
        for pod in pods?.values ?? [:].values { pullErrors.merge(pod.pullErrors) { _, new in new } }
        pullErrors = pullErrors.filter { pods?[$0.key.uid] != nil }
    }

    /// - Parameter kind: one of ``kinds``.
    mutating func merge<View: WorkloadView>(_ change: CollectionChange<View>, as kind: String = View.kind) {
        switch change {
        case .listed(let list):
            workloads[kind] = Dictionary(list.filter { counts($0.subject) }.map { ($0.metadata.uid, $0.workload) }) { _, last in last }
        case .updated(let view): if counts(view.subject) { workloads[kind]?[view.metadata.uid] = view.workload }
        case .removed(let view): workloads[kind]?[view.metadata.uid] = nil
        }
    }

    private func counts(_ subject: String) -> Bool { subjects?.contains(subject) ?? true }

    /// What the workloads look like at this moment, without patience: what is wrong now may be over soon.
    var statuses: [WorkloadStatus] {
        let pods = pods ?? [:]
        let problems = Dictionary(
            grouping: Self.newest(pods).flatMap { $0.problems(pullErrors: pullErrors) }, by: \.subject)
        let bare = pods.values.filter { $0.metadata.controller == nil }.map(\.workload)
        return (workloads.values.flatMap(\.values) + bare).map { workload in
            let problem = workload.readiness == .ready ? nil : problems[workload.subject]?.map(\.text).min() ?? workload.quotaText
            let state: WorkloadStatus.State =
                switch workload.readiness {
                case .ready: .ready
                case .progressing: problem == nil ? .progressing : .failing
                case .waitingForImage, .failing: .failing
                }
            let message =
                problem ?? (workload.readiness == .ready ? nil : progress(of: workload, pods: pods).withoutSubject(workload.subject))
            return WorkloadStatus(
                kind: workload.kind, name: workload.name, ready: workload.ready, desired: workload.desired, state: state, message: message)
        }.sorted { ($0.kind, $0.name) < ($1.kind, $1.name) }
    }

    /// Nil until everything was listed once.
    mutating func verdict(at now: Date) -> Verdict? {
        guard let pods, kinds.isSubset(of: workloads.keys) else { return nil }
        let claims = workloads[PersistentVolumeClaim.kind]?.values.sorted { $0.name < $1.name } ?? []
        let bare = pods.values.filter { $0.metadata.controller == nil }.map(\.workload)
        let all = (workloads.filter { $0.key != PersistentVolumeClaim.kind }.values.flatMap(\.values) + bare).sorted {
            $0.subject < $1.subject
        }
        let unready = all.filter { $0.readiness != .ready }

        let settling = settling.update(pods.values, at: now)
        let failed = Set((all + claims).filter { if case .failing = $0.readiness { true } else { false } }.map(\.subject))
        let (lasting, open, changesAt) = lastingProblems(of: unready, failed: failed, pods: pods, at: now)
        images.update(lasting + open, pods: Self.newest(pods), unready: Set(unready.map(\.subject)), at: now)
        let explained = Set((lasting + open).map(\.subject)).union(images.texts.keys)
        let unexplained = (all + claims).compactMap { workload -> String? in
            guard case .failing(let text) = workload.readiness, !explained.contains(workload.subject) else { return nil }
            return text
        }
        let next = [changesAt, images.changesAt].compactMap(\.self).min()
        if !images.texts.isEmpty, lasting.allSatisfy(\.awaitsImage), unexplained.isEmpty {
            let texts = images.texts.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
            return Verdict(readiness: .waitingForImage(Self.joined(texts)), changesAt: next, stale: images.stale)
        }
        let puzzles = puzzles(unready, claims: claims, pods: pods)
        if !lasting.isEmpty || !unexplained.isEmpty {
            return Verdict(
                readiness: .failing(Self.joined(lasting.map { "\($0.subject): \($0.text)" } + unexplained)), problems: lasting,
                puzzles: puzzles, changesAt: changesAt)
        }
        if !open.isEmpty {
            let texts = open.map { "\($0.subject): \($0.text)" }
            return Verdict(readiness: .progressing(Self.joined(texts)), changesAt: next, stale: images.stale, isOpen: true)
        }
        if unready.isEmpty {
            let held = settling.filter { held in all.contains { $0.subject == held.key } }
            guard !held.isEmpty else { return Verdict(readiness: .ready) }
            let texts = held.keys.sorted().map { "\($0): its pods have just begun to run" }
            let next = held.values.filter { $0 != .distantFuture }.min()
            return Verdict(readiness: .progressing(Self.joined(texts)), changesAt: next)
        }
        // A claim may bind only when a pod uses it, or never, when none does; so it is told of, and never waited for by itself.
        let texts =
            unready.map { progress(of: $0, pods: pods) }
            + claims.compactMap { if case .progressing(let text) = $0.readiness { text } else { nil } }
        return Verdict(readiness: .progressing(Self.joined(texts)), puzzles: puzzles, changesAt: changesAt)
    }

    private func puzzles(_ unready: [Workload], claims: [Workload], pods: [String: Pod]) -> [String: Puzzle] {
        var puzzles: [String: Puzzle] = [:]
        let subjects = Set(unready.map(\.subject))
        for claim in claims where claim.readiness != .ready && !unready.isEmpty { puzzles[claim.uid] = .claim }
        for workload in unready where workload.replicaFailure == nil { puzzles[workload.uid] = .workload }
        for pod in Self.newest(pods) where subjects.contains(pod.owner) && !pod.metadata.isTerminating && pod.readiness != .ready {
            let isCrashing = pod.problems(pullErrors: [:]).contains { $0.key.category == .crash }
            puzzles[pod.metadata.uid] = isCrashing ? .crashing : .unready
        }
        return puzzles
    }

    /// The problems that have lasted, those that kubelet has yet to explain, and the next instant at which another will have lasted.
    private mutating func lastingProblems(
        of unready: [Workload], failed: Set<String>, pods: [String: Pod], at now: Date
    ) -> (lasting: [PodProblem], open: [PodProblem], changesAt: Date?) {
        let subjects = Set(unready.map(\.subject))
        let known = Set(workloads.values.flatMap(\.values).map(\.subject))
        var problems = Self.newest(pods).filter { subjects.contains($0.owner) || !known.contains($0.owner) }.flatMap {
            $0.problems(pullErrors: pullErrors)
        }
        for workload in unready {
            guard let text = workload.quotaText else { continue }
            let key = PodProblem.Key(uid: workload.uid, container: "", category: .replica)
            problems.append(PodProblem(key: key, subject: workload.subject, text: text, patience: PodProblem.usualPatience))
        }
        // remembered as long as the pod lives: a container that crashes, runs and crashes again has one problem, not two short ones
        for problem in problems where firstSeen[problem.key] == nil { firstSeen[problem.key] = now }
        let uids = Set(pods.keys).union(unready.map(\.uid))
        firstSeen = firstSeen.filter { uids.contains($0.key.uid) }

        func due(_ problem: PodProblem) -> Date {
            failed.contains(problem.subject) && !problem.isUnexplained
                ? now : (firstSeen[problem.key] ?? now).addingTimeInterval(problem.patience)
        }
        problems.sort { ($0.subject, $0.text) < ($1.subject, $1.text) }
        let lasting = problems.filter { due($0) <= now }
        return (lasting, problems.filter { $0.isUnexplained && due($0) > now }, problems.map(due).filter { $0 > now }.min())
    }

    /// The pods that say something about what was applied last: of each Deployment those of the template that it made a pod of last, so
    /// that the crashes of the version before don't count while the fix rolls out.
    private static func newest(_ pods: [String: Pod]) -> [Pod] {
        let workloads = Dictionary(grouping: pods.values) { $0.templateHash == nil ? $0.metadata.uid : $0.owner }
        return workloads.values.flatMap { pods -> [Pod] in
            let last = pods.compactMap(\.metadata.creationTimestamp).max()
            let hashes = Set(pods.filter { $0.metadata.creationTimestamp == last }.map(\.templateHash))
            return pods.filter { hashes.contains($0.templateHash) }
        }
    }

    private func progress(of workload: Workload, pods: [String: Pod]) -> String {
        guard let text = workload.readiness.text else { return workload.subject }
        let unready = Set(pods.values.filter { $0.owner == workload.subject }.flatMap(\.unreadyContainers)).sorted()
        return unready.isEmpty ? text : "\(text) (running, but not ready by its probe: \(unready.joined(separator: ", ")))"
    }

    /// The first few, each once.
    private static func joined(_ texts: [String]) -> String {
        var seen: Set<String> = []
        let unique = texts.filter { seen.insert($0).inserted }
        return unique.prefix(3).joined(separator: "; ") + (unique.count > 3 ? "; and \(unique.count - 3) more" : "")
    }
}

extension Workload {
    /// Why its pods can't be made, and what helps.
    var quotaText: String? {
        replicaFailure.map { failure in
            let fix = failure.contains("exceeded quota") ? "; ask for less, or raise `limits` in the server's configuration" : ""
            return "its pods can't be made: \(failure.oneLine(limit: 300))\(fix)"
        }
    }
}

extension String {
    /// The text without the name of its object, where that stands beside it.
    fileprivate func withoutSubject(_ subject: String) -> String {
        for separator in [": ", " "] where hasPrefix(subject + separator) { return String(dropFirst(subject.count + separator.count)) }
        return self
    }
}
