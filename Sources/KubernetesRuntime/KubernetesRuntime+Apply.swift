import KubernetesClient
import Orchestration
public import StagingModel

extension KubernetesRuntime {
    /// Objects that are applied at the same time.
    private static let concurrency = 8

    public func apply(_ plan: Plan, lease: Lease, onNamespace: @Sendable (_ uid: String) async throws -> Void) async throws {
        let name = namespaceName(of: plan.stack)
        guard plan.namespace == name, let first = plan.objects.first, first.wave == .namespace, first.name == name else {
            throw StepError("the plan has to begin with Namespace/\(name)", isRetryable: false)
        }
        try await onNamespace(try await applyNamespace(first, plan: plan, lease: lease))
        for wave in PlannedObject.Wave.allCases where wave != .namespace {
            try await apply(plan.objects.filter { $0.wave == wave }, in: name)
        }
    }

    /// Makes the namespace with its labels, its lease and the plan's digest in one request, and returns its UID.
    private func applyNamespace(_ object: PlannedObject, plan: Plan, lease: Lease) async throws -> String {
        let existing = try await namespace(object.name)
        if let existing {
            guard existing.belongs(to: plan.stack) else {
                throw StepError(Namespace.foreignText(object.name, plan.stack), isRetryable: false)
            }
            guard !existing.metadata.isTerminating else {
                throw StepError("\(object) is still being deleted, and is made again when it is gone", isRetryable: true)
            }
        }
        let annotations = StackMetadata.annotations(of: lease)
        let manifest = Self.manifest(object.manifest, with: annotations, planDigest: plan.digest, uid: existing?.metadata.uid)
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

    /// Applies objects that don't depend on each other. The first failure cancels the rest.
    private func apply(_ objects: [PlannedObject], in namespace: String) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, object) in objects.enumerated() {
                try Task.checkCancellation()
                if index >= Self.concurrency { try await group.next() }
                group.addTask { try await apply(object, in: namespace) }
            }
            try await group.waitForAll()
        }
    }

    private func apply(_ object: PlannedObject, in namespace: String) async throws {
        try Task.checkCancellation()
        try await translatingErrors(about: object.description) {
            let resource = try await client.discovery.resource(apiVersion: object.apiVersion, kind: object.kind)
            guard resource.isNamespaced, object.namespace == namespace else {
                throw StepError("\(object): only objects inside Namespace/\(namespace) are applied", isRetryable: false)
            }
            let path = try ResourcePath(resource, namespace: namespace, name: object.name)
            _ = try await client.apply(
                path, manifest: object.manifest.canonicalBytes, fieldManager: Self.fieldManager, as: PartialObject.self)
        }
    }
}
