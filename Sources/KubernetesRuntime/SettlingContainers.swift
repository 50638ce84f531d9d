import Foundation
import KubernetesClient

/// The pods that may not be what their workload's status says yet, for two reasons. A container without a readiness probe is ready for
/// Kubernetes as soon as it runs, also the one that ends a moment later and then crashes again and again; it counts when it has run for a
/// while. And the watches of pods and of workloads are two streams, of which either can be behind the other.
struct SettlingContainers: Sendable {
    private struct Run: Hashable {
        var pod: String
        var container: String
        var restarts: Int
    }

    /// Seconds that a container without a probe has to run. Kubelet looks at its containers every second, and may tell a little later.
    static let patience = 5.0

    /// When each container was first seen to run.
    private var runs: [Run: Date] = [:]

    /// The workloads that have such pods, with the instant at which the last will have settled; that is `distantFuture` while a
    /// container is not ready. A Job's pods are left out: its result is what counts.
    mutating func update(_ pods: some Collection<Pod>, at now: Date) -> [String: Date] {
        var current: [Run: Date] = [:]
        var settling: [String: Date] = [:]
        func hold(_ pod: Pod, until instant: Date) { settling[pod.owner] = max(settling[pod.owner] ?? instant, instant) }

        for pod in pods where pod.isLive {
            let containers = pod.status?.containerStatuses ?? []
            if containers.isEmpty { hold(pod, until: .distantFuture) }
            for container in containers {
                guard container.ready, container.state?.running != nil else {
                    hold(pod, until: .distantFuture)
                    continue
                }
                let hasProbe = pod.spec?.containers?.contains { $0.name == container.name && $0.readinessProbe != nil } ?? false
                guard !hasProbe else { continue }
                let run = Run(pod: pod.metadata.uid, container: container.name, restarts: container.restartCount)
                let since = runs[run] ?? now
                current[run] = since
                let due = since.addingTimeInterval(Self.patience)
                if due > now { hold(pod, until: due) }
            }
        }
        runs = current
        return settling
    }
}

extension Pod {
    /// Whether it runs or is about to, to go on running.
    fileprivate var isLive: Bool {
        !metadata.isTerminating && status?.phase != "Succeeded" && status?.phase != "Failed" && metadata.controller?.kind != "Job"
    }
}
