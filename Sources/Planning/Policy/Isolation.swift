import StagingModel
import StrictYAML

/// The objects that keep a stack apart from everything else and small. The first is its namespace.
enum Isolation {
    static func objects(_ request: PlanRequest) -> [PlannedObject] {
        let namespace = request.addressing.namespace(of: request.stack)
        let labels = StackMetadata.labels(of: request.stack)
        func object(_ apiVersion: String, _ kind: String, _ name: String, _ fields: [String: JSONValue]) -> PlannedObject {
            var fields = fields
            fields["apiVersion"] = .string(apiVersion)
            fields["kind"] = .string(kind)
            fields["metadata"] = ["name": .string(name), "namespace": .string(namespace), "labels": JSONValue(labels)]
            return PlannedObject(
                apiVersion: apiVersion, kind: kind, name: name, namespace: namespace, wave: .isolation, manifest: .object(fields))
        }
        func policy(_ name: String, _ spec: JSONValue) -> PlannedObject {
            object("networking.k8s.io/v1", "NetworkPolicy", name, ["spec": spec])
        }
        let everyPod: JSONValue = [:]
        let otherNamespaces: JSONValue = [
            "namespaceSelector": [
                "matchExpressions": [
                    ["key": .string(StackMetadata.managedBy), "operator": "NotIn", "values": [.string(StackMetadata.manager)]]
                ]
            ]
        ]
        return [
            self.namespace(request, labels: labels),
            object("v1", "ServiceAccount", "default", ["automountServiceAccountToken": false]),
            object("v1", "ResourceQuota", "slingshot", ["spec": ["hard": quota(request.repository)]]),
            object("v1", "LimitRange", "slingshot", ["spec": ["limits": [defaults(request.repository.limits)]]]),
            policy("slingshot-default-deny", ["podSelector": everyPod, "policyTypes": ["Ingress", "Egress"]]),
            policy(
                "slingshot-allow-namespace",
                [
                    "podSelector": everyPod, "policyTypes": ["Ingress", "Egress"], "ingress": [["from": [["podSelector": everyPod]]]],
                    "egress": [["to": [["podSelector": everyPod]]]],
                ]),
            policy(
                "slingshot-allow-dns",
                [
                    "podSelector": everyPod, "policyTypes": ["Egress"],
                    "egress": [["ports": [["port": 53, "protocol": "UDP"], ["port": 53, "protocol": "TCP"]]]],
                ]),
            // From wherever the ingress controller runs, but not from another stack.
            policy(
                "slingshot-allow-ingress",
                ["podSelector": everyPod, "policyTypes": ["Ingress"], "ingress": [["from": [otherNamespaces]]]]),
        ]
    }

    private static func namespace(_ request: PlanRequest, labels: [String: String]) -> PlannedObject {
        let name = request.addressing.namespace(of: request.stack)
        var labels = labels
        labels["pod-security.kubernetes.io/enforce"] = request.repository.policy.enforceable.rawValue
        labels["pod-security.kubernetes.io/audit"] = "restricted"
        labels["pod-security.kubernetes.io/warn"] = "restricted"
        // Neither the lease nor the digest: they change without a deploy, or follow from the plan. The runtime adds them.
        var annotations = [
            StackMetadata.forge: request.repository.forge.rawValue, StackMetadata.repositoryFullName: request.repository.repository,
            StackMetadata.headSHA: request.commit.description,
            StackMetadata.title: Wording.printable(request.pullRequest.title, longest: 1_000),
            StackMetadata.author: Wording.printable(request.pullRequest.author, longest: 1_000),
            StackMetadata.url: request.addressing.url(of: request.stack),
        ]
        annotations[StackMetadata.baseSHA] = request.base?.description
        return PlannedObject(
            apiVersion: "v1", kind: "Namespace", name: name, namespace: nil, wave: .namespace,
            manifest: [
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": ["name": .string(name), "labels": JSONValue(labels), "annotations": JSONValue(annotations)],
            ])
    }

    private static func quota(_ repository: RepositorySettings) -> JSONValue {
        let limits = repository.limits
        let types = repository.policy.allow.serviceTypes
        // A Service of type LoadBalancer has a port on the nodes too.
        let outward = types.isEmpty ? "0" : "10"
        return [
            "limits.cpu": .string(limits.cpu), "limits.memory": .string(limits.memory),
            "limits.ephemeral-storage": .string(limits.ephemeralStorage), "pods": .string(String(limits.pods)),
            // `pods` counts those that run; finished ones and their Jobs stay until somebody removes them.
            "count/pods": .string(String(5 * limits.pods)), "count/jobs.batch": .string(String(5 * limits.pods)),
            "requests.storage": .string(limits.storage), "persistentvolumeclaims": .string(String(limits.volumeClaims)),
            "services.loadbalancers": .string(types.contains("LoadBalancer") ? "10" : "0"), "services.nodeports": .string(outward),
        ]
    }

    /// A quota on limits refuses containers without; so each gets one, an eighth or a sixteenth of the standard quota.
    private static func defaults(_ limits: StackLimits) -> JSONValue {
        [
            "type": "Container",
            "default": [
                "cpu": .string(smaller("250m", limits.cpu)), "memory": .string(smaller("256Mi", limits.memory)),
                "ephemeral-storage": .string(smaller("1Gi", limits.ephemeralStorage)),
            ],
            "defaultRequest": [
                "cpu": .string(smaller("25m", limits.cpu)), "memory": .string(smaller("64Mi", limits.memory)),
                // Else it would be as much as the limit, and a node's small disk would take few pods.
                "ephemeral-storage": "0",
            ],
        ]
    }

    private static func smaller(_ standard: String, _ limit: String) -> String {
        guard let limitAmount = quantity(limit), let amount = quantity(standard), limitAmount < amount else { return standard }
        return limit
    }
}

/// The amount that a Kubernetes quantity stands for; nil when the text is none.
/// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
public func quantity(_ text: String) -> Double? {
    let suffixes: [(String, Double)] = [
        ("Ki", 0x1p10), ("Mi", 0x1p20), ("Gi", 0x1p30), ("Ti", 0x1p40), ("Pi", 0x1p50), ("Ei", 0x1p60), ("n", 1e-9), ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("P", 1e15), ("E", 1e18), ("", 1),
    ]
    guard let first = text.first, first.isNumber || first == ".", let (suffix, factor) = suffixes.first(where: { text.hasSuffix($0.0) })
    else { return nil }
    return Double(text.dropLast(suffix.count)).map { $0 * factor }
}
