import Foundation
import KubernetesClient
import StagingModel

/// All that a stack's namespace holds, so that two outcomes can be compared.
struct StackSnapshot: Sendable {
    /// What was asked for of each `Kind/name`: its labels and all that is not metadata or status. Names of the stack are made equal.
    private(set) var objects: [String: JSONValue] = [:]
    private(set) var uids: [String: String] = [:]
    /// Of the namespace.
    private(set) var annotations: [String: String] = [:]

    private static let collections = [
        ("ConfigMap", "api/v1"), ("Secret", "api/v1"), ("Service", "api/v1"), ("ServiceAccount", "api/v1"), ("ResourceQuota", "api/v1"),
        ("LimitRange", "api/v1"), ("Deployment", "apis/apps/v1"), ("Job", "apis/batch/v1"),
        ("NetworkPolicy", "apis/networking.k8s.io/v1"), ("Ingress", "apis/networking.k8s.io/v1"),
    ]
    /// What the cluster chooses, and what differs between any two objects.
    private static let chosen: Set = [
        "slingshot.dev/configuration-digest", "clusterIP", "clusterIPs", "controller-uid", "secrets", "apiVersion", "kind", "status",
    ]

    /// Nil when there is no such namespace.
    init?(of number: Int, in fixture: ServeFixture) async throws {
        guard let namespace = try await fixture.namespaceObject(number) else { return nil }
        let name = fixture.namespace(of: number)
        uids["Namespace"] = namespace["metadata"]?["uid"]?.string
        annotations = (namespace["metadata"]?["annotations"]?.object ?? [:]).compactMapValues(\.string)
        func add(_ key: String, _ object: JSONValue) throws {
            var wanted = object
            wanted["metadata"] = object["metadata"]?["labels"].map { ["labels": $0] }
            let text = Self.stripped(wanted).canonicalText.replacing("\(number)", with: "N")
            objects[key] = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        }
        try add("Namespace", namespace)
        for (kind, api) in Self.collections {
            let plural = kind == "NetworkPolicy" ? "networkpolicies" : kind == "Ingress" ? "ingresses" : kind.lowercased() + "s"
            for item in try await fixture.object("/\(api)/namespaces/\(name)/\(plural)")["items"]?.array ?? [] {
                // what the cluster makes by itself: tokens, its root certificate
                guard item["type"]?.string != "kubernetes.io/service-account-token", let object = item["metadata"]?["name"]?.string,
                    object != "kube-root-ca.crt"
                else { continue }
                uids["\(kind)/\(object)"] = item["metadata"]?["uid"]?.string
                try add("\(kind)/\(object)", item)
            }
        }
    }

    private static func stripped(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let fields): .object(fields.filter { !chosen.contains($0.key) }.mapValues(stripped))
        case .array(let values): .array(values.map(stripped))
        default: value
        }
    }

    /// How this differs from `other`, line by line; empty when both are the same.
    func differences(from other: StackSnapshot) -> [String] {
        Set(objects.keys).union(other.objects.keys).sorted().compactMap { key in
            guard objects[key] != other.objects[key] else { return nil }
            return "\(key) is \(objects[key]?.canonicalText ?? "absent"), not \(other.objects[key]?.canonicalText ?? "absent")"
        }
    }
}
