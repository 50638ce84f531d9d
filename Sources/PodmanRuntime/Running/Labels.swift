import Foundation
import StagingModel

/// The labels that Slingshot puts on podman's objects, besides those of `StackMetadata`. Only what is selected by them is ever removed.
enum Labels {
    /// The stack's namespace: two Slingshots with different prefixes may have stacks of one name on one machine.
    static let namespace = "slingshot.dev/namespace"
    /// The id of the stack's network, which is the stack's identity.
    static let network = "slingshot.dev/network"
    /// On pods and their containers: `Deployment/web`.
    static let workload = "slingshot.dev/workload"
    /// On pods (and so on their infra container): ``PodLabel``.
    static let pod = "slingshot.dev/pod"
    /// On containers: ``ContainerLabel``.
    static let container = "slingshot.dev/container"
    /// On volumes of one pod: its name.
    static let ofPod = "slingshot.dev/of-pod"
    /// On volumes of claims: the claim.
    static let claim = "slingshot.dev/claim"
    /// On volumes that are records, and on the network: which came later.
    static let generation = "slingshot.dev/generation"
    /// On records: what the stack should consist of, `[WantedWorkload]`.
    static let wanted = "slingshot.dev/wanted"
    /// On records: what leads visitors to it, `[RouteRule]`.
    static let rules = "slingshot.dev/rules"

    /// Selects everything of a stack.
    static func selector(_ stack: StackName, namespace: String) -> [String: String] {
        [StackMetadata.managedBy: StackMetadata.manager, StackMetadata.stack: stack.description, Self.namespace: namespace]
    }

    /// On everything that belongs to a stack.
    static func labels(of stack: StackName, namespace: String, network: String?) -> [String: String] {
        var labels = StackMetadata.labels(of: stack)
        labels[Self.namespace] = namespace
        labels[Self.network] = network
        return labels
    }

    static func encoded(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    static func decoded<Value: Decodable>(_ type: Value.Type, _ text: String?) -> Value? {
        text.flatMap { try? JSONDecoder().decode(type, from: Data($0.utf8)) }
    }
}

/// What the keeper has to know of a pod.
struct PodLabel: Codable, Hashable, Sendable {
    /// The Services that send requests to it.
    var services: [String]
    var redirects: [PortRedirect]
}

/// What the keeper has to know of a container.
struct ContainerLabel: Codable, Hashable, Sendable {
    var name: String
    var initial: Int?
    var grace: Int
    var rules: ContainerRules
}

/// One workload of a stack, as the record says that it should be.
struct WantedWorkload: Codable, Hashable, Sendable {
    var kind: String
    var name: String
    /// The pods, by their names, which end in a digest of what they are.
    var pods: [String]

    /// As kubectl names it: `Deployment/web`.
    var subject: String { "\(kind)/\(name)" }
}
