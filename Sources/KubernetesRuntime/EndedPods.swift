import Foundation
import KubernetesClient
import Logging
import Orchestration

/// Removes the pods of a terminating namespace once their containers have ended.
///
/// Kubelet removes a pod itself, but only at its next full sync, up to 10 s after the last container ended, and the namespace
/// controller, which has looked in vain by then, comes back after as long as the pods' whole grace. A removal without grace is safe
/// here, because it comes after the end and not instead of it: the pod's grace has passed, and in kubelet's own report no container
/// runs. The pods of a node that does not answer are left, and hold the namespace up, as they should.
struct EndedPods {
    let client: KubernetesClient
    let namespace: String
    /// Seconds that kubelet is given from when a pod is seen to be terminating.
    let grace: Double
    let clock: any WallClock
    let logger: Logger

    /// Works until it is cancelled. A failure is logged and ends it: the namespace goes without it too, only later.
    func remove() async {
        do {
            try await withThrowingDiscardingTaskGroup { group in
                var due: [String: Date] = [:]
                for try await change in client.follow(try ResourcePath(.pods, namespace: namespace), as: Pod.self) {
                    let pods: [Pod]
                    switch change {
                    case .listed(let all): pods = all
                    case .updated(let pod): pods = [pod]
                    case .removed(let pod):
                        due[pod.metadata.uid] = nil
                        pods = []
                    }
                    for pod in pods where pod.metadata.isTerminating {
                        guard let at = due[pod.metadata.uid] else {
                            let at = clock.now.addingTimeInterval(grace)
                            due[pod.metadata.uid] = at
                            // a pod whose containers don't run has no more to report, so it is looked at again
                            group.addTask { try await look(at: pod, when: at) }
                            continue
                        }
                        if at <= clock.now, pod.hasEnded { try await remove(pod) }
                    }
                }
            }
        } catch is CancellationError {} catch {
            logger.warning("pods are left to kubelet", metadata: ["namespace": "\(namespace)", "error": "\(error)"])
        }
    }

    private func look(at pod: Pod, when instant: Date) async throws {
        try await clock.sleep(until: instant)
        do {
            let now = try await client.get(ResourcePath(.pods, namespace: namespace, name: pod.metadata.name), as: Pod.self)
            if now.metadata.uid == pod.metadata.uid, now.hasEnded { try await remove(now) }
        } catch let error as KubernetesError where error.code == 404 {}
    }

    private func remove(_ pod: Pod) async throws {
        let path = try ResourcePath(.pods, namespace: namespace, name: pod.metadata.name)
        do { try await client.delete(path, options: DeleteOptions(uid: pod.metadata.uid, gracePeriodSeconds: 0)) } catch let error
            as KubernetesError
            where error.code == 404 || error.code == 409
        {}
    }
}
