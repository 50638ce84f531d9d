import KubernetesClient
import StagingModel

/// When a workload is ready: the rules of kstatus (sigs.k8s.io/cli-utils, `pkg/kstatus/status`), with one difference: a Job is ready when
/// it is complete, because a migration or a seed that only started is not enough.
extension WorkloadView {
    var workload: Workload {
        let readiness = generic ?? readiness
        let whole = readiness == .ready ? 1 : 0
        return Workload(
            kind: kind, name: metadata.name, uid: metadata.uid, readiness: readiness,
            ready: count.map { $0.ready ?? 0 } ?? whole, desired: count.map { $0.desired ?? 0 } ?? 1,
            replicaFailure: condition("ReplicaFailure", is: "True")?.message)
    }

    /// The rules for every kind; nil when the kind's own decides.
    private var generic: Readiness? {
        if metadata.isTerminating { return .progressing("\(subject) is being deleted") }
        if let observedGeneration, let generation = metadata.generation, generation != observedGeneration {
            return .progressing("\(subject): the cluster has not taken up the change yet")
        }
        if let stalled = condition("Stalled", is: "True") { return .failing("\(subject): \(text(of: stalled))") }
        if let reconciling = condition("Reconciling", is: "True") { return .progressing("\(subject): \(text(of: reconciling))") }
        return nil
    }

    var subject: String { "\(kind)/\(metadata.name)" }

    func condition(_ type: String, is status: String) -> Condition? { conditions?.first { $0.type == type && $0.status == status } }

    func text(of condition: Condition) -> String {
        [condition.reason, condition.message].compactMap(\.self).joined(separator: ": ").oneLine(limit: 300)
    }
}

extension Deployment {
    var readiness: Readiness {
        let wanted = spec.replicas ?? 1
        if let progressing = conditions?.first(where: { $0.type == "Progressing" }), progressing.reason == "ProgressDeadlineExceeded" {
            return .failing("\(subject): \(text(of: progressing))")
        }
        let (all, updated) = (status?.replicas ?? 0, status?.updatedReplicas ?? 0)
        let (ready, available) = (status?.readyReplicas ?? 0, status?.availableReplicas ?? 0)
        if updated < wanted { return .progressing("\(subject): \(updated) of \(wanted) updated") }
        if all > updated { return .progressing("\(subject): \(all - updated) old to go") }
        if ready < wanted { return .progressing("\(subject): \(ready) of \(wanted) ready") }
        if available < wanted { return .progressing("\(subject): \(available) of \(wanted) available") }
        if condition("Available", is: "True") == nil { return .progressing("\(subject): not available yet") }
        return .ready
    }
}

extension StatefulSet {
    var readiness: Readiness {
        let wanted = spec.replicas ?? 1
        let (all, ready, updated) = (status?.replicas ?? 0, status?.readyReplicas ?? 0, status?.updatedReplicas ?? 0)
        if all < wanted { return .progressing("\(subject): \(all) of \(wanted) made") }
        if ready < wanted { return .progressing("\(subject): \(ready) of \(wanted) ready") }
        if all > wanted { return .progressing("\(subject): \(all - wanted) too many") }
        // with OnDelete the old pods stay until somebody deletes them
        if spec.updateStrategy?.type == "OnDelete" { return .ready }
        if let partition = spec.updateStrategy?.rollingUpdate?.partition, partition > 0 {
            let due = max(0, wanted - partition)
            return updated >= due ? .ready : .progressing("\(subject): \(updated) of \(due) updated")
        }
        if status?.currentRevision != status?.updateRevision { return .progressing("\(subject): \(updated) of \(wanted) updated") }
        return .ready
    }
}

extension DaemonSet {
    var readiness: Readiness {
        guard let status, let wanted = status.desiredNumberScheduled else { return .progressing("\(subject): not scheduled yet") }
        let stages = [
            ("scheduled", status.currentNumberScheduled), ("updated", status.updatedNumberScheduled), ("available", status.numberAvailable),
            ("ready", status.numberReady),
        ]
        for (stage, number) in stages where number ?? 0 < wanted { return .progressing("\(subject): \(number ?? 0) of \(wanted) \(stage)") }
        return .ready
    }
}

extension Job {
    var readiness: Readiness {
        if let failed = condition("Failed", is: "True") { return .failing("\(subject) failed: \(text(of: failed))") }
        return condition("Complete", is: "True") == nil ? .progressing("\(subject): not complete yet") : .ready
    }
}

extension PersistentVolumeClaim {
    var readiness: Readiness {
        switch status?.phase {
        case "Bound": .ready
        case "Lost": .failing("\(subject) has lost its volume")
        default: .progressing("\(subject): not bound yet")
        }
    }
}

extension CustomResource {
    var readiness: Readiness {
        guard let ready = conditions?.first(where: { $0.type == "Ready" }) else { return .ready }
        return ready.status == "True" ? .ready : .progressing("\(subject): \(text(of: ready))")
    }
}
