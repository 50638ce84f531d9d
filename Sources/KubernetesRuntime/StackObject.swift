import KubernetesClient
import StagingModel

/// An object of any kind as pruning sees it.
struct StackObject: Decodable, Sendable {
    /// Who set some of its fields (`meta/v1` `ManagedFieldsEntry`).
    struct ManagedFields: Decodable {
        var manager: String?
        /// `Apply` or `Update`.
        var operation: String?
    }

    private struct Managed: Decodable {
        var managedFields: [ManagedFields]?
    }

    private enum CodingKeys: CodingKey { case metadata }

    var metadata: ObjectMetadata
    var managedFields: [ManagedFields]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        metadata = try container.decode(ObjectMetadata.self, forKey: .metadata)
        managedFields = try container.decode(Managed.self, forKey: .metadata).managedFields ?? []
    }

    /// Whether an earlier plan brought it, and `names` (those of its kind in the current plan) doesn't. Labels alone don't say so:
    /// controllers copy a template's onto what they make, and people may copy them too.
    func isLeftover(of stack: StackName, keeping names: Set<String>) -> Bool {
        !names.contains(metadata.name) && metadata.belongs(to: stack) && !metadata.isTerminating
            && (metadata.ownerReferences ?? []).isEmpty
            && managedFields.contains { $0.manager == KubernetesRuntime.fieldManager && $0.operation == "Apply" }
    }
}
