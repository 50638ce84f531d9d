import KubernetesClient
import Orchestration
public import StagingModel

extension KubernetesRuntime {
    /// Objects, or kinds, that are worked on at the same time.
    private static let concurrency = 8

    public func apply(
        _ plan: Plan, lease: Lease, onNamespace: @Sendable (_ uid: String) async throws -> Void,
        onWaiting: @Sendable (String) async throws -> Void
    ) async throws {
        let name = namespaceName(of: plan.stack)
        guard plan.namespace == name, let first = plan.objects.first, first.wave == .namespace, first.name == name else {
            throw StepError("the plan has to begin with Namespace/\(name)", isRetryable: false)
        }
        let existing = try await namespace(name)
        let recorded = existing?.metadata.annotations?[StackMetadata.kinds]
        try await onNamespace(
            try await applyNamespace(
                first, over: existing, plan: plan, lease: lease, kinds: Self.kinds(of: plan, recorded: existing == nil ? "" : recorded)))
        // looked for meanwhile; a namespace that was just made has none
        async let leftovers = existing == nil ? [] : leftovers(of: plan, recorded: recorded)
        func apply(_ objects: [PlannedObject]) async throws {
            _ = try await concurrently(objects) { try await self.apply($0, of: plan.stack, in: name) }
        }
        try await apply(plan.objects.filter { $0.wave == .isolation })
        let own = Dictionary(grouping: plan.objects.filter { $0.wave > .isolation }, by: \.order).sorted { $0.key < $1.key }
        for (order, objects) in own {
            for wave in [PlannedObject.Wave.configuration, .workload] { try await apply(objects.filter { $0.wave == wave }) }
            if order != own.last?.key { try await settle(objects, order: order, of: plan.stack, onWaiting) }
        }
        // last, so that nothing goes before what takes its place is there
        try await prune(leftovers)
    }

    /// The kinds that any of the stack's plans had, in a stable order, as they are written on its namespace. Without a record of earlier
    /// plans, every kind stays looked for.
    static func kinds(of plan: Plan, recorded: String?) -> String {
        let now = plan.objects.filter { $0.wave != .namespace }.map { "\($0.apiVersion)/\($0.kind)" }
        let earlier = recorded.map { $0.split(separator: ",").map(String.init) } ?? prunable.map { "\($0.apiVersions[0])/\($0.kind)" }
        return Set(now + earlier).sorted().joined(separator: ",")
    }

    /// Makes the namespace with its labels, its lease and the plan's digest in one request, and returns its UID.
    private func applyNamespace(
        _ object: PlannedObject, over existing: Namespace?, plan: Plan, lease: Lease, kinds: String
    ) async throws -> String {
        if let existing {
            guard existing.belongs(to: plan.stack) else {
                throw StepError(Namespace.foreignText(object.name, plan.stack), isRetryable: false)
            }
            guard !existing.metadata.isTerminating else {
                throw StepError("\(object) is still being deleted, and is made again when it is gone", isRetryable: true)
            }
        }
        let annotations = StackMetadata.annotations(of: lease)
        var all = annotations
        // before any of them is there, so that no crash leaves one that nobody finds again
        all[StackMetadata.kinds] = kinds
        let manifest = Self.manifest(object.manifest, with: all, planDigest: plan.digest, uid: existing?.metadata.uid)
        return try await translatingErrors(about: object.description) {
            let applied: Namespace = try await client.apply(
                ResourcePath(.namespaces, name: object.name), manifest: manifest.canonicalBytes, fieldManager: Self.fieldManager)
            // an annotation that a renewal wrote is the renewal's, so leaving it out does not remove it
            if annotations.contains(where: { $0.value == nil && applied.metadata.annotations?[$0.key] != nil }) {
                _ = try await write(lease, on: object.name, uid: applied.metadata.uid)
            }
            return applied.metadata.uid
        }
    }

    /// - Parameter uid: of the namespace that was seen; the server answers 409 when it is another by now.
    static func manifest(_ manifest: JSONValue, with annotations: [String: String?], planDigest: String, uid: String?) -> JSONValue {
        var manifest = manifest
        var metadata = manifest["metadata"] ?? [:]
        var all = metadata["annotations"] ?? [:]
        for (key, value) in annotations { all[key] = value.map(JSONValue.string) }
        all[StackMetadata.planDigest] = .string(planDigest)
        metadata["annotations"] = all
        metadata["uid"] = uid.map(JSONValue.string)
        manifest["metadata"] = metadata
        return manifest
    }

    /// Does `body` for elements that don't depend on each other, some at the same time. The first failure cancels the rest.
    func concurrently<Element: Sendable, Result: Sendable>(
        _ elements: [Element], _ body: @escaping @Sendable (Element) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: Result.self) { group in
            var results: [Result] = []
            for (index, element) in elements.enumerated() {
                try Task.checkCancellation()
                if index >= Self.concurrency, let result = try await group.next() { results.append(result) }
                group.addTask { try await body(element) }
            }
            for try await result in group { results.append(result) }
            return results
        }
    }

    private func apply(_ object: PlannedObject, of stack: StackName, in namespace: String) async throws {
        try Task.checkCancellation()
        try await translatingErrors(about: object.description) {
            let resource = try await client.discovery.resource(apiVersion: object.apiVersion, kind: object.kind)
            guard resource.isNamespaced, object.namespace == namespace else {
                throw StepError("\(object): only objects inside Namespace/\(namespace) are applied", isRetryable: false)
            }
            let path = try ResourcePath(resource, namespace: namespace, name: object.name)
            do { try await apply(object, at: path) } catch let error as KubernetesError {
                guard case .status(let status) = error, let fields = status.immutableFields else { throw error }
                try await removeUnchangeable(object, resource, of: stack, fields: fields)
                try await apply(object, at: path)
            }
        }
    }

    private func apply(_ object: PlannedObject, at path: ResourcePath) async throws {
        let applied: PartialObject = try await client.apply(
            path, manifest: object.manifest.canonicalBytes, fieldManager: Self.fieldManager)
        // one that an earlier deploy pruned or replaced takes the change, and goes with it
        guard !applied.metadata.isTerminating else {
            throw StepError("\(object) is still being deleted, and is made again when it is gone", isRetryable: true)
        }
    }
}
