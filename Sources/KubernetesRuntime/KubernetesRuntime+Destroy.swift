import KubernetesClient
import Logging
import Orchestration
public import StagingModel

extension KubernetesRuntime {
    /// What a receipt counts, where the cluster has it.
    private static let counted = [
        ("v1", "Pod"), ("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("apps/v1", "DaemonSet"), ("batch/v1", "Job"),
        ("v1", "Service"),
        ("networking.k8s.io/v1", "Ingress"), ("v1", "PersistentVolumeClaim"), ("v1", "ConfigMap"), ("v1", "Secret"),
    ]
    /// Seconds that pods get. The namespace controller first looks at the content 5 s after the delete (`namespaceDeletionGracePeriod`);
    /// when pods are left then, it comes back only after their whole grace, 30 s by default.
    static let podGrace = 2

    public func destroy(_ stack: StackName, uid: String) async throws -> [String: Int] {
        let name = namespaceName(of: stack)
        guard let existing = try await namespace(name), existing.metadata.uid == uid else { return [:] }
        guard existing.belongs(to: stack) else { throw StepError(Namespace.foreignText(name, stack), isRetryable: false) }
        let counts = await count(in: name)
        let isStillOurs = try await delete(name, uid: uid)
        // After the delete and never before: nothing can be made in a terminating namespace, so a pod that goes now stays gone, and none
        // of another namespace of that name can be meant.
        if isStillOurs { try await shortenGrace(in: name) }
        return counts
    }

    /// Starts the deletion. False when the namespace was gone already.
    private func delete(_ name: String, uid: String) async throws -> Bool {
        do { try await client.delete(ResourcePath(.namespaces, name: name), options: DeleteOptions(uid: uid)) } catch let error
            as KubernetesError
        {
            guard error.code == 404 || error.code == 409 else { throw StepError(error, about: "Namespace/\(name)") }
            // 409 is the answer when another namespace has the name, and also when this one is terminating
            guard let now = try await namespace(name), now.metadata.uid == uid else { return false }
            guard now.metadata.isTerminating else { throw StepError(error, about: "Namespace/\(name)") }
        }
        return true
    }

    /// Deletes the pods of a terminating namespace with a short grace. Without it the namespace goes too, only later.
    private func shortenGrace(in name: String) async throws {
        do {
            try await client.deleteCollection(
                ResourcePath(.pods, namespace: name), options: DeleteOptions(gracePeriodSeconds: Self.podGrace))
        } catch let error as KubernetesError {
            logger.warning("pods keep their own grace", metadata: ["namespace": "\(name)", "error": "\(error)"])
        }
    }

    /// How many objects of each kind there are; of those kinds that the cluster has and lets us list. Counting is for the receipt: what
    /// can't be counted must not hold the deletion up.
    private func count(in name: String) async -> [String: Int] {
        await withTaskGroup(of: (String, Int).self) { group in
            for (apiVersion, kind) in Self.counted {
                group.addTask {
                    do {
                        let resource = try await client.discovery.resource(apiVersion: apiVersion, kind: kind)
                        let path = try ResourcePath(resource, namespace: name)
                        return (kind, try await client.list(path, metadataOnly: true, as: PartialObject.self).items.count)
                    } catch {
                        logger.debug("not counted", metadata: ["namespace": "\(name)", "kind": "\(kind)", "error": "\(error)"])
                        return (kind, 0)
                    }
                }
            }
            return await group.reduce(into: [:]) { counts, entry in if entry.1 > 0 { counts[entry.0] = entry.1 } }
        }
    }

    public func awaitGone(_ stack: StackName, uid: String, onHolding: @Sendable (String) async throws -> Void) async throws {
        let name = namespaceName(of: stack)
        let pods = EndedPods(client: client, namespace: name, grace: Double(Self.podGrace), clock: clock, logger: logger)
        try await translatingErrors(about: "Namespace/\(name)") {
            try await withThrowingDiscardingTaskGroup { group in
                defer { group.cancelAll() }
                var told: String?
                var isRemovingPods = false
                let changes = client.follow(
                    try ResourcePath(.namespaces), selector: Selector(fields: "metadata.name=\(name)"), as: Namespace.self)
                for try await change in changes {
                    guard let now = change.current, now.metadata.uid == uid else {
                        // a list that lacks it may be anybody's; gone is what the server says of that very namespace
                        if try await namespace(name)?.metadata.uid != uid { return }
                        continue
                    }
                    if now.metadata.isTerminating, !isRemovingPods {
                        isRemovingPods = true
                        group.addTask { await pods.remove() }
                    }
                    guard let holding = now.holding, holding != told else { continue }
                    told = holding
                    try await onHolding(holding)
                }
            }
        }
    }
}

extension CollectionChange {
    /// The object, of a collection that is selected to hold one at most; nil when it is gone.
    var current: Object? {
        switch self {
        case .listed(let objects): objects.first
        case .updated(let object): object
        case .removed: nil
        }
    }
}
