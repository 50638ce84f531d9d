import Foundation
import KubernetesClient
import StagingModel

/// What the runtime wants to see of a namespace.
struct Namespace: Decodable, Sendable {
    struct Status: Decodable {
        var conditions: [Condition]?
    }

    var metadata: ObjectMetadata
    var status: Status?

    func belongs(to stack: StackName) -> Bool { metadata.belongs(to: stack) }

    func observed(as stack: StackName) -> ObservedStack {
        let annotations = metadata.annotations ?? [:]
        return ObservedStack(
            name: stack, namespace: metadata.name, uid: metadata.uid, isTerminating: metadata.isTerminating,
            lease: StackMetadata.lease(in: annotations), annotations: annotations)
    }

    /// What holds its deletion up, in the words of the namespace controller; nil when nothing is known to.
    var holding: String? {
        let types = [
            "NamespaceDeletionDiscoveryFailure", "NamespaceDeletionGroupVersionParsingFailure", "NamespaceDeletionContentFailure",
            "NamespaceContentRemaining", "NamespaceFinalizersRemaining",
        ]
        let texts = types.compactMap { type in
            status?.conditions?.first { $0.type == type && $0.status == "True" }.map {
                "\(type): \(($0.message ?? "").oneLine(limit: 300))"
            }
        }
        return texts.isEmpty ? nil : texts.joined(separator: "; ")
    }

    static func foreignText(_ name: String, _ stack: StackName) -> String {
        let labels = "\(StackMetadata.managedBy)=\(StackMetadata.manager) and \(StackMetadata.stack)=\(stack)"
        return "Namespace/\(name) exists without the labels \(labels); it is left alone"
    }
}

/// A condition in the status of any kind.
struct Condition: Decodable, Hashable, Sendable {
    var type: String
    /// `True`, `False` or `Unknown`.
    var status: String
    var reason: String?
    var message: String?
}
