import KubernetesClient

/// A kind whose objects decide whether a stack is ready, apart from the Swift type that sees them.
struct FollowedKind: Sendable {
    /// Something that happened to objects of the kind.
    struct Change: Sendable {
        let merge: @Sendable (inout StackState) -> Void
    }

    /// The key under which ``StackState`` holds the kind.
    let key: String
    let list: @Sendable (Lists, _ merge: @Sendable (Change) async -> Void) async throws -> Void
    let watch: @Sendable (Watcher, _ merge: @Sendable (Change) async -> Void) async -> Void

    init<View: WorkloadView>(_ resource: APIResource, as view: View.Type, key: String = View.kind) {
        self.key = key
        list = { lists, merge in
            let all = try await lists.list(resource, as: view)
            await merge(Change { $0.merge(CollectionChange.listed(all), as: key) })
        }
        watch = { watcher, merge in
            await watcher.watch(resource, as: view) { change in await merge(Change { $0.merge(change, as: key) }) }
        }
    }

    private init<View: WorkloadView>(_ group: String, _ name: String, as view: View.Type) {
        let groupVersion = GroupVersion(group) ?? .core
        let verbs: Set = ["list", "watch"]
        self.init(APIResource(groupVersion: groupVersion, kind: View.kind, name: name, isNamespaced: true, verbs: verbs), as: view)
    }

    /// Those that every cluster has.
    static let usual = [
        FollowedKind("apps/v1", "deployments", as: Deployment.self), FollowedKind("apps/v1", "statefulsets", as: StatefulSet.self),
        FollowedKind("apps/v1", "daemonsets", as: DaemonSet.self), FollowedKind("batch/v1", "jobs", as: Job.self),
        FollowedKind("v1", "persistentvolumeclaims", as: PersistentVolumeClaim.self),
    ]
}

/// Lists the collections of one stack.
struct Lists: Sendable {
    let client: KubernetesClient
    let namespace: String
    let selector: Selector

    func list<View: WorkloadView>(_ resource: APIResource, as view: View.Type) async throws -> [View] {
        try await client.list(try ResourcePath(resource, namespace: namespace), selector: selector, as: view).items
    }
}

/// Follows the collections of one stack, and wakes who looks at them.
struct Watcher: Sendable {
    let client: KubernetesClient
    let namespace: String
    let selector: Selector
    let wake: AsyncThrowingStream<Void, any Error>.Continuation

    /// A kind of which there is nothing, once a plan is applied, gets no watch; pods always do.
    func watch<View: WorkloadView>(
        _ resource: APIResource, as view: View.Type, merge: (CollectionChange<View>) async -> Void
    ) async {
        do {
            for try await change in client.follow(try ResourcePath(resource, namespace: namespace), selector: selector, as: view) {
                await merge(change)
                wake.yield()
                if case .listed(let list) = change, list.isEmpty, resource != .pods { return }
            }
        } catch { wake.finish(throwing: error) }
    }
}
