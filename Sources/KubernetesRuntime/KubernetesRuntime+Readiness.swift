import Foundation
import KubernetesClient
import Orchestration
public import StagingModel

extension KubernetesRuntime {
    public func awaitReady(_ stack: StackName, onChange: @Sendable (Readiness) async throws -> Void) async throws {
        let name = namespaceName(of: stack)
        try await translatingErrors(about: "Namespace/\(name)") { try await follow(stack, namespace: name, report: onChange) }
    }

    /// Watches, and reports each new verdict until it is that the stack is ready.
    private func follow(_ stack: StackName, namespace: String, report: @Sendable (Readiness) async throws -> Void) async throws {
        try await requireAlive(stack)
        let board = Board(StackState(kinds: [Deployment.kind, StatefulSet.kind, DaemonSet.kind, Job.kind, PersistentVolumeClaim.kind]))
        // holds one wake-up at most: a look at the state sees all changes since the last
        let (looks, wake) = AsyncThrowingStream<Void, any Error>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let watcher = Watcher(
            client: client, namespace: namespace, selector: Selector(labels: "\(StackMetadata.stack)=\(stack)"), wake: wake)
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { await watcher.watch("v1", "pods", as: Pod.self) { await board.merge($0) } }
            group.addTask { await watcher.watch("apps/v1", "deployments", as: Deployment.self) { await board.merge($0) } }
            group.addTask { await watcher.watch("apps/v1", "statefulsets", as: StatefulSet.self) { await board.merge($0) } }
            group.addTask { await watcher.watch("apps/v1", "daemonsets", as: DaemonSet.self) { await board.merge($0) } }
            group.addTask { await watcher.watch("batch/v1", "jobs", as: Job.self) { await board.merge($0) } }
            group.addTask { await watcher.watch("v1", "persistentvolumeclaims", as: PersistentVolumeClaim.self) { await board.merge($0) } }
            defer { group.cancelAll() }

            var tails = LogTails(client: client, namespace: namespace)
            var reported: Readiness?
            var nextLook: Date?
            for try await _ in looks {
                guard let verdict = await board.verdict(at: clock.now) else { continue }
                // a namespace that goes loses its workloads, which looks like a stack that waits for nothing
                if verdict.readiness == .ready { try await requireAlive(stack) }
                let readiness = try await tails.added(to: verdict)
                if readiness != reported { try await report(readiness) }
                reported = readiness
                if readiness == .ready { return }
                if let at = verdict.changesAt, at != nextLook {
                    nextLook = at
                    group.addTask {
                        try? await clock.sleep(until: at)
                        wake.yield()
                    }
                }
            }
            throw CancellationError()
        }
    }

    private func requireAlive(_ stack: StackName) async throws {
        switch try await observe(stack) {
        case .absent: throw StepError("Namespace/\(namespaceName(of: stack)) is gone", isRetryable: true)
        case .foreign(let text): throw StepError(text, isRetryable: false)
        case .present(let observed):
            if observed.isTerminating { throw StepError("Namespace/\(observed.namespace) is being deleted", isRetryable: true) }
        }
    }
}

/// The state that all watches of one stack write to.
private actor Board {
    private var state: StackState

    init(_ state: StackState) { self.state = state }

    func merge(_ change: CollectionChange<Pod>) { state.merge(change) }
    func merge<View: WorkloadView>(_ change: CollectionChange<View>) { state.merge(change) }
    func verdict(at now: Date) -> StackState.Verdict? { state.verdict(at: now) }
}

/// Follows the collections of one stack, and wakes who looks at them.
private struct Watcher {
    let client: KubernetesClient
    let namespace: String
    let selector: Selector
    let wake: AsyncThrowingStream<Void, any Error>.Continuation

    /// A kind of which there is nothing, once a plan is applied, gets no watch; pods always do.
    func watch<View: WorkloadView>(
        _ apiVersion: String, _ resource: String, as view: View.Type, merge: (CollectionChange<View>) async -> Void
    ) async {
        do {
            guard let group = GroupVersion(apiVersion) else { return }
            let resource = APIResource(groupVersion: group, kind: View.kind, name: resource, isNamespaced: true, verbs: ["list", "watch"])
            for try await change in client.follow(try ResourcePath(resource, namespace: namespace), selector: selector, as: view) {
                await merge(change)
                wake.yield()
                if case .listed(let list) = change, list.isEmpty, View.kind != Pod.kind { return }
            }
        } catch { wake.finish(throwing: error) }
    }
}
