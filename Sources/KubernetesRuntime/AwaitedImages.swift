import Foundation
import KubernetesClient

/// The workloads that wait for an image which is not in its registry yet. What is told of them stays the same from one try to the next, until
/// all containers of a pod have got beyond their images. No I/O, no clock.
struct AwaitedImages: Sendable {
    /// Seconds of a pod's life after which it is replaced, so that its image is asked for anew. Kubelet's own tries are up to 5 min apart. A pod
    /// of which anything has run is left to those: what runs may be at work, and what ran may have done what is not to be done twice.
    static let patience = 30.0

    private static let replaced: Set = ["ReplicaSet", "StatefulSet", "DaemonSet"]

    /// What is told, by workload.
    private(set) var texts: [String: String] = [:]
    /// The pods to replace: others come by themselves.
    private(set) var stale: [ObjectMetadata] = []
    /// When the next one will be.
    private(set) var changesAt: Date?

    /// - Parameters:
    ///   - problems: those that have lasted, and those that kubelet has yet to explain.
    ///   - pods: the newest of each workload.
    ///   - unready: the workloads that are not ready.
    mutating func update(_ problems: [PodProblem], pods: [Pod], unready: Set<String>, at now: Date) {
        let awaiting = problems.filter(\.awaitsImage)
        let arrived = Set(pods.filter(\.hasItsImages).map(\.owner))
        texts = texts.filter { unready.contains($0.key) && !arrived.contains($0.key) }
        texts.merge(awaiting.map { ($0.subject, $0.text) }) { min($0, $1) }

        let uids = Set(problems.filter { $0.awaitsImage || $0.isUnexplained }.map(\.key.uid))
        stale = []
        changesAt = nil
        for pod in pods where uids.contains(pod.metadata.uid) && !pod.hasRun {
            guard Self.replaced.contains(pod.metadata.controller?.kind ?? "") else { continue }
            guard let made = pod.metadata.creationTimestamp.flatMap({ try? Date($0, strategy: .iso8601) }) else { continue }
            let due = made.addingTimeInterval(Self.patience)
            if due <= now { stale.append(pod.metadata) } else { changesAt = min(changesAt ?? due, due) }
        }
    }
}

extension Pod {
    /// Whether each of its containers runs or ran.
    fileprivate var hasItsImages: Bool {
        let containers = status?.containerStatuses ?? []
        return !metadata.isTerminating && !containers.isEmpty
            && containers.allSatisfy { $0.state?.running != nil || $0.state?.terminated != nil }
    }

    /// Whether any of its containers runs or ran.
    fileprivate var hasRun: Bool {
        containers.contains { $0.restartCount > 0 || $0.state?.running != nil || $0.state?.terminated != nil }
    }
}
