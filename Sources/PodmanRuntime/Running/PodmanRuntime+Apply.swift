import Foundation
import Orchestration
public import StagingModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension PodmanRuntime {
    public func apply(
        _ plan: Plan, lease: Lease, onNamespace: @Sendable (_ uid: String) async throws -> Void,
        onWaiting: @Sendable (String) async throws -> Void
    ) async throws {
        let name = namespaceName(of: plan.stack)
        guard plan.namespace == name, let space = plan.objects.first, space.wave == .namespace, space.name == name else {
            throw StepError("the plan has to begin with Namespace/\(name)", isRetryable: false)
        }
        let wanted: PodmanPlan
        do { wanted = try PodmanPlan(plan) } catch { throw StepError(error.description, isRetryable: false) }
        try await translatingErrors(about: "network \(name)") {
            _ = try await engine.facts()  // a podman that won't do is refused before anything is made with it
            let annotations = (space.manifest["metadata"]?["annotations"]?.object ?? [:]).compactMapValues(\.string)
            let record = try await begin(plan, annotations: annotations, lease: lease)
            try await onNamespace(record.uid)
            try await bring(wanted, record, onWaiting)
            try await finish(plan, wanted, record, annotations: annotations)
        }
    }

    /// Makes the network with its lease in one request, or takes the one that is there.
    private func begin(_ plan: Plan, annotations: [String: String], lease: Lease) async throws -> StackRecord {
        var found = try await look(at: plan.stack)
        if let network = found.network, found.record == nil {
            throw StepError(Self.foreignText(network.name, plan.stack), isRetryable: false)
        }
        if let leftover = found.leftover {
            try await removeAll(uid: leftover.uid, of: plan.stack)
            found.leftover = nil
        }
        guard let current = found.record else { return try await makeNetwork(plan, annotations: annotations, lease: lease) }
        // The digest is there only while podman is at that plan, whole; so an adopted stack that is half-way is deployed again.
        var next = current.next(lease: lease)
        if current.annotations[StackMetadata.planDigest] != plan.digest { next.annotations[StackMetadata.planDigest] = nil }
        guard next.annotations != current.annotations else { return current }
        try await write(next)
        return next
    }

    private func makeNetwork(_ plan: Plan, annotations: [String: String], lease: Lease) async throws -> StackRecord {
        let name = plan.namespace
        var record = StackRecord(
            stack: plan.stack, namespace: name, uid: "", generation: -1,
            annotations: annotations.filter { StackRecord.annotationKeys.contains($0.key) }
        ).next(lease: lease)
        record.annotations[StackMetadata.planDigest] = nil
        let body: JSONValue = [
            "name": .string(name), "driver": "bridge", "dns_enabled": true, "internal": true, "options": ["isolate": "true"],
            "network_interface": .string(Self.interface(of: name)), "labels": JSONValue(record.labels),
        ]
        do {
            let network: Network = try await client.post("/networks/create", [], body)
            record.uid = network.id
            return record
        } catch let error as PodmanError where error.isTaken {
            throw StepError("network \(name): \(error.description)", isRetryable: true)
        }
    }

    /// At most 15 characters, as the kernel wants; the same each time.
    static func interface(of namespace: String) -> String {
        // FNV-1a: https://datatracker.ietf.org/doc/html/draft-eastlake-fnv
        let hash = namespace.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return Firewall.interfacePrefix + String(String(hash, radix: 36).suffix(10))
    }

    /// Makes what is missing, wave by wave. Old pods stay where the new ones may run beside them.
    private func bring(
        _ wanted: PodmanPlan, _ record: StackRecord, _ onWaiting: @Sendable (String) async throws -> Void
    ) async throws {
        async let listedPods = pods(network: record.uid)
        async let listedVolumes = volumes(network: record.uid)
        let existing = try await containers(network: record.uid)
        let whole = Set(existing.filter { $0.isInfra && $0.state != "created" && $0.state != "initialized" }.map(\.podName))
        let missing = wanted.workloads.flatMap { workload in workload.pods.filter { !whole.contains($0.name) } }
        try await Images(client: client).bring(missing.flatMap { pod in pod.containers.map { (pod.workload, $0) } })
        let claims = Set(wanted.claims + wanted.workloads.flatMap(\.pods).flatMap(\.claims)).sorted()
        let present = Set(try await listedVolumes.map(\.name))
        for claim in claims where !present.contains(PodmanPod.claim(claim, namespace: record.namespace)) {
            try await make(
                volume: PodmanPod.claim(claim, namespace: record.namespace), labels: [Labels.claim: claim], options: [:], record)
        }
        let pods = try await listedPods
        let waves = Dictionary(grouping: wanted.workloads, by: \.order).sorted { $0.key < $1.key }
        for (order, workloads) in waves {
            try await bring(workloads, among: pods, whole: whole, record)
            if order != waves.last?.key { try await settle(workloads.map(\.wanted), order: order, record, onWaiting) }
        }
    }

    /// - Parameters:
    ///   - pods: those that are there.
    ///   - whole: the names of those that were made to their end.
    private func bring(_ workloads: [PodmanWorkload], among pods: [PodSummary], whole: Set<String>, _ record: StackRecord) async throws {
        async let isSafe: Void = engine.check()
        for workload in workloads {
            let subject = "\(workload.kind)/\(workload.name)"
            let names = Set(workload.pods.map(\.name))
            let ofWorkload = pods.filter { $0.labels?[Labels.workload] == subject }
            let unfinished = ofWorkload.filter { names.contains($0.name) && !whole.contains($0.name) }
            let old = workload.surges ? [] : ofWorkload.filter { !names.contains($0.name) }
            try await remove(pods: unfinished + old, uid: record.uid)
            for pod in workload.pods where !whole.contains(pod.name) {
                try Task.checkCancellation()
                let infra = try await translatingErrors(about: subject) { try await make(pod, record) }
                try await isSafe  // before anything is started
                try await translatingErrors(about: subject) { try await start(infra: infra) }
            }
        }
        try await isSafe
    }

    /// Makes a pod, its volumes and containers. Returns its infra container's id.
    private func make(_ pod: PodmanPod, _ record: StackRecord) async throws -> String {
        let labels = Labels.labels(of: record.stack, namespace: record.namespace, network: record.uid)
        let _: Identified = try await client.post("/pods/create", [], pod.pod(network: record.namespace, labels: labels))
        for volume in pod.volumes {
            let name = pod.volume(volume, namespace: record.namespace)
            switch volume.source {
            case .claim: break
            case .empty(true, let limit):
                // as `size` podman would take it for a disk quota, and refuse it
                let size = limit.map { "nr_blocks=\(max($0 / Self.pageSize, 1))," } ?? ""
                let options = ["type": "tmpfs", "device": "tmpfs", "o": "\(size)mode=1777,nodev,nosuid"]
                try await make(volume: name, labels: [Labels.ofPod: pod.name], options: options, record)
            case .empty(false, _), .files: try await make(volume: name, labels: [Labels.ofPod: pod.name], options: [:], record)
            }
        }
        let seccomp = try await engine.seccompProfile()
        var filled: Set<String> = []
        for container in pod.containers {
            let made = try await create(pod.container(container, namespace: record.namespace, labels: labels, seccomp: seccomp))
            for mount in container.mounts where filled.insert(mount.volume).inserted {
                guard let content = pod.volumes.first(where: { $0.name == mount.volume })?.content else { continue }
                try await client.send(.put, "/containers/\(made.id)/archive", [("path", mount.path)], .tar(content.whole))
            }
            if !container.files.isEmpty {
                var tar = Tar()
                for var file in container.files {
                    file.path = String(file.path.drop { $0 == "/" })
                    tar.add(file)
                }
                try await client.send(.put, "/containers/\(made.id)/archive", [("path", "/")], .tar(tar.whole))
            }
        }
        struct Details: Decodable {
            var infra: String
            private enum CodingKeys: String, CodingKey { case infra = "InfraContainerID" }
        }
        let details: Details = try await client.get("/pods/\(PodmanClient.escaped(pod.name))/json")
        return details.infra
    }

    /// Starts a pod that is whole: from then on the keeper has it.
    private func start(infra: String) async throws {
        try await client.send(.post, "/containers/\(infra)/start")
        await keeper.refresh()
    }

    private func create(_ container: JSONValue) async throws -> Identified {
        do { return try await client.post("/containers/create", [], container) } catch let error as PodmanError where error.isTaken {
            try await removeHalfMade(container["name"]?.string ?? "")
            return try await client.post("/containers/create", [], container)
        }
    }

    /// The kernel counts a tmpfs in pages.
    private static var pageSize: Int64 { Int64(sysconf(CInt(_SC_PAGESIZE))) }

    private func make(volume name: String, labels: [String: String], options: [String: String], _ record: StackRecord) async throws {
        var all = Labels.labels(of: record.stack, namespace: record.namespace, network: record.uid)
        all.merge(labels) { _, new in new }
        do {
            try await client.send(
                .post, "/volumes/create", [],
                .json(["Name": .string(name), "Labels": JSONValue(all), "Options": JSONValue(options)]))
        } catch let error as PodmanError where error.isTaken {
            // Ours, of an apply that was interrupted; or somebody else's, which is not for this stack to use.
            guard try await volumes(network: record.uid).contains(where: { $0.name == name }) else {
                throw StepError(
                    "volume \(name) exists without the labels of \(record.stack); it is left alone, remove it", isRetryable: false)
            }
        }
    }

    /// Says that podman is at the plan, and removes what the plan no longer has.
    private func finish(_ plan: Plan, _ wanted: PodmanPlan, _ record: StackRecord, annotations: [String: String]) async throws {
        guard let lease = record.lease else { return }
        var next = record.next(lease: lease)
        for (key, value) in annotations where StackRecord.annotationKeys.contains(key) { next.annotations[key] = value }
        next.annotations[StackMetadata.planDigest] = plan.digest
        next.wanted = wanted.workloads.map(\.wanted)
        next.rules = wanted.rules
        let isNews = next.annotations != record.annotations || next.wanted != record.wanted || next.rules != record.rules
        if isNews { try await write(next) } else { next = record }
        let subjects = Set(next.wanted.map(\.subject))
        let gone = try await pods(network: record.uid).filter { !subjects.contains($0.labels?[Labels.workload] ?? "") }
        try await remove(pods: gone, uid: record.uid)
        let claims = Set(wanted.claims + wanted.workloads.flatMap(\.pods).flatMap(\.claims))
        for volume in try await volumes(network: record.uid) {
            // One that an old pod still uses goes with the next apply.
            if let claim = volume.labels?[Labels.claim], !claims.contains(claim) { try? await remove(volume) }
            // of an apply that was interrupted right after it had written the next
            if let older = StackRecord(labels: volume.labels, uid: nil), older.generation < next.generation { try await remove(volume) }
        }
    }

    /// Removes pods and their own volumes.
    func remove(pods: [PodSummary], uid: String, grace: Int? = nil) async throws {
        guard !pods.isEmpty else { return }
        await keeper.release(pods: pods.map(\.id))
        try await withThrowingDiscardingTaskGroup { group in
            for pod in pods {
                group.addTask {
                    // first, because with the pod goes its id, and by that the name
                    try await removeHalfMade("\(pod.id.prefix(12))-infra")
                    var query = [("force", "true")]
                    if let grace { query.append(("timeout", "\(grace)")) }
                    do { try await client.send(.delete, "/pods/\(pod.id)", query, timeout: .seconds(660)) } catch let error as PodmanError
                        where error.isNotFound
                    {}
                }
            }
        }
        let names = Set(pods.map(\.name))
        for volume in try await volumes(network: uid) where names.contains(volume.labels?[Labels.ofPod] ?? "") { try await remove(volume) }
    }
}

extension PodmanWorkload {
    var wanted: WantedWorkload { WantedWorkload(kind: kind, name: name, pods: pods.map(\.name)) }
}

extension PodmanPod {
    var claims: [String] { volumes.compactMap { if case .claim(let claim) = $0.source { claim } else { nil } } }
}

extension PodmanVolume {
    /// What is put into it before the first container starts; nil for nothing.
    var content: Tar? {
        var tar = Tar()
        switch source {
        case .claim, .empty(true, _): return nil
        case .empty(false, _): tar.addRoot(mode: 0o777)  // as on a cluster: whoever the containers run as
        case .files(let files):
            tar.addRoot(mode: 0o755)
            for file in files { tar.add(file) }
        }
        return tar
    }
}
