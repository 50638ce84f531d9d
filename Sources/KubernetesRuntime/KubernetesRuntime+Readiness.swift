import Foundation
import KubernetesClient
import Orchestration
public import StagingModel

extension KubernetesRuntime {
    /// Seconds that the objects of one wave get to be ready before the next one is applied.
    private static let settlingLimit = 600.0

    public func awaitReady(_ stack: StackName, onChange: @Sendable (Readiness) async throws -> Void) async throws {
        let name = namespaceName(of: stack)
        try await translatingErrors(about: "Namespace/\(name)") { try await follow(stack, subjects: nil, report: onChange) }
    }

    /// Returns once these objects are ready.
    func settle(
        _ objects: [PlannedObject], order: Int, of stack: StackName, _ onWaiting: @Sendable (String) async throws -> Void
    ) async throws {
        let last = LastText()
        try await withoutActuallyEscaping(onWaiting) { onWaiting in
            try await withThrowingTaskGroup(of: Void.self) { group in
                defer { group.cancelAll() }
                group.addTask {
                    try await follow(stack, subjects: Set(objects.map(\.description))) { readiness in
                        guard let text = readiness.text else { return }
                        switch readiness {
                        case .ready, .progressing: break
                        case .waitingForImage:
                            throw StepError(
                                "wave \(order): \(text); later waves are not applied before", isRetryable: true, awaitsImage: true)
                        case .failing:
                            throw StepError("wave \(order): \(text); later waves are not applied before that is mended", isRetryable: true)
                        }
                        await last.set(text)
                        try await onWaiting("wave \(order): \(text)")
                    }
                }
                group.addTask {
                    try await clock.sleep(until: clock.now.addingTimeInterval(Self.settlingLimit))
                    let why = await last.text
                    throw StepError("wave \(order) is not ready after \(Int(Self.settlingLimit / 60)) min: \(why)", isRetryable: true)
                }
                try await group.next()
            }
        }
    }

    public func workloads(of stack: StackName) async throws -> [WorkloadStatus] {
        let name = namespaceName(of: stack)
        return try await translatingErrors(about: "Namespace/\(name)") {
            guard let namespace = try await namespace(name), namespace.belongs(to: stack) else { return [] }
            let kinds = try await followed(in: namespace)
            let board = Board(StackState(kinds: []))
            let lists = Lists(client: client, namespace: name, selector: .all(of: stack))
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask { await board.merge(.listed(try await lists.list(.pods, as: Pod.self))) }
                for kind in kinds { group.addTask { try await kind.list(lists) { await board.merge($0) } } }
            }
            return await board.statuses
        }
    }

    /// Watches, and reports each new verdict until it is that the stack is ready.
    ///
    /// - Parameter subjects: the workloads that count; nil for all.
    private func follow(
        _ stack: StackName, subjects: Set<String>?, report: @Sendable (Readiness) async throws -> Void
    ) async throws {
        let namespace = try await requireAlive(stack)
        let kinds = try await followed(in: namespace)
        let board = Board(StackState(kinds: Set(kinds.map(\.key)), subjects: subjects))
        // holds one wake-up at most: a look at the state sees all changes since the last
        let (looks, wake) = AsyncThrowingStream<Void, any Error>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let watcher = Watcher(client: client, namespace: namespace.metadata.name, selector: .all(of: stack), wake: wake)
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { await watcher.watch(.pods, as: Pod.self) { await board.merge($0) } }
            for kind in kinds { group.addTask { await kind.watch(watcher) { await board.merge($0) } } }
            defer { group.cancelAll() }

            var words = LastWords(client: client, namespace: namespace.metadata.name)
            var reported: Readiness?
            var nextLook: Date?
            for try await _ in looks {
                let now = clock.now
                guard let verdict = await board.verdict(at: now) else { continue }
                // a namespace that goes loses its workloads, which looks like a stack that waits for nothing
                if verdict.readiness == .ready { try await requireAlive(stack) }
                for pod in verdict.stale { try await pullAgain(pod, in: namespace.metadata.name) }
                if !verdict.isOpen {
                    let readiness = try await words.added(to: verdict, at: now)
                    if readiness != reported { try await report(readiness) }
                    reported = readiness
                    if readiness == .ready { return }
                }
                if let at = [verdict.changesAt, words.nextLook].compactMap(\.self).min(), at != nextLook {
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

    /// Replaces a pod that waits for an image. Kubelet tries again ever more seldom, up to 5 min apart; for a new pod it begins anew.
    private func pullAgain(_ pod: ObjectMetadata, in namespace: String) async throws {
        do {
            try await client.delete(
                ResourcePath(.pods, namespace: namespace, name: pod.name), options: DeleteOptions(uid: pod.uid, gracePeriodSeconds: 0))
        } catch let error as KubernetesError where [404, 409].contains(error.code) {}
    }

    /// The kinds that decide whether a stack is ready, besides pods: Kubernetes' own, and those that its plans had and the cluster has.
    private func followed(in namespace: Namespace) async throws -> [FollowedKind] {
        var kinds = FollowedKind.usual
        for custom in CustomKind.all(recorded: namespace.metadata.annotations?[StackMetadata.kinds]) {
            do {
                let resource = try await client.discovery.resource(apiVersion: custom.apiVersion, kind: custom.kind)
                kinds.append(FollowedKind(resource, as: CustomResource.self, key: custom.description))
            } catch KubernetesError.unknownKind {}
        }
        return kinds
    }

    @discardableResult func requireAlive(_ stack: StackName) async throws -> Namespace {
        let name = namespaceName(of: stack)
        guard let namespace = try await namespace(name) else { throw StepError("Namespace/\(name) is gone", isRetryable: true) }
        guard namespace.belongs(to: stack) else { throw StepError(Namespace.foreignText(name, stack), isRetryable: false) }
        guard !namespace.metadata.isTerminating else { throw StepError("Namespace/\(name) is being deleted", isRetryable: true) }
        return namespace
    }
}

/// The state that all watches of one stack write to.
private actor Board {
    private var state: StackState

    init(_ state: StackState) { self.state = state }

    var statuses: [WorkloadStatus] { state.statuses }

    func merge(_ change: CollectionChange<Pod>) { state.merge(change) }
    func merge(_ change: FollowedKind.Change) { change.merge(&state) }
    func verdict(at now: Date) -> StackState.Verdict? { state.verdict(at: now) }
}

/// What was said last.
private actor LastText {
    private(set) var text = "the cluster told nothing of it"

    func set(_ new: String) { text = new }
}
