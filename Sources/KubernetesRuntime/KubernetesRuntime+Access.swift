import Foundation
import KubernetesClient
public import StagingModel

/// What the account may do on the cluster, by asking the cluster itself (SelfSubjectAccessReview), right by right.
extension KubernetesRuntime {
    /// What has to be allowed for one resource, over all namespaces.
    struct Need: Hashable, Sendable {
        var group: String
        var resource: String
        var subresource: String?
        var verbs: [String]
        var purpose: String

        init(_ group: String, _ resource: String, _ verbs: String, subresource: String? = nil, _ purpose: String) {
            self.group = group
            self.resource = resource
            self.subresource = subresource
            self.verbs = verbs.split(separator: " ").map { String($0) }
            self.purpose = purpose
        }

        /// As `kubectl auth can-i` takes it: `deployments.apps`, `pods/log`.
        var name: String { resource + (group.isEmpty ? "" : ".\(group)") + (subresource.map { "/\($0)" } ?? "") }
    }

    /// The rules of `deploy/kubernetes/rbac.yaml`, a resource each.
    static let needs: [Need] = {
        let all = "list watch create patch delete"
        let unwatched = "list create patch delete"
        return [
            Need("", "namespaces", "get \(all)", "make stacks and remove them"),
            Need("", "pods", "get \(all) deletecollection", "follow stacks until they are ready, and end them"),
            Need("", "pods", "get", subresource: "log", "show what containers write"),
            Need("", "events", "list", "say why something is not ready"),
            Need("apps", "deployments", all, "deploy"), Need("apps", "statefulsets", all, "deploy"),
            Need("apps", "daemonsets", all, "deploy"),
            Need("batch", "jobs", all, "deploy"), Need("", "persistentvolumeclaims", all, "deploy"),
            Need("", "services", unwatched, "deploy"), Need("", "configmaps", unwatched, "deploy"),
            Need("networking.k8s.io", "ingresses", unwatched, "give stacks their address"),
            Need("", "secrets", "create patch", "deploy"), Need("", "serviceaccounts", unwatched, "deploy"),
            Need("", "resourcequotas", unwatched, "limit stacks"), Need("", "limitranges", unwatched, "limit stacks"),
            Need("networking.k8s.io", "networkpolicies", unwatched, "keep stacks apart"),
            Need("batch", "cronjobs", unwatched, "deploy"), Need("autoscaling", "horizontalpodautoscalers", unwatched, "deploy"),
            Need("policy", "poddisruptionbudgets", unwatched, "deploy"),
        ]
    }()

    /// The verbs that lack are named. Nothing is created: a review is an answer.
    public func access() async throws -> [AccessFinding] {
        try await withThrowingTaskGroup(of: (Int, AccessFinding).self) { group in
            for (index, need) in Self.needs.enumerated() { group.addTask { (index, try await finding(need)) } }
            var found: [(Int, AccessFinding)] = []
            for try await finding in group { found.append(finding) }
            return found.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func finding(_ need: Need) async throws -> AccessFinding {
        var missing: [String] = []
        for verb in need.verbs where try await !isAllowed(verb, need) { missing.append(verb) }
        return AccessFinding(
            right: "\((missing.isEmpty ? need.verbs : missing).joined(separator: ", ")) \(need.name)",
            verdict: missing.isEmpty ? .granted : .missing, purpose: need.purpose)
    }

    private func isAllowed(_ verb: String, _ need: Need) async throws -> Bool {
        struct Review: Decodable {
            struct Status: Decodable { var allowed: Bool }
            var status: Status
        }
        var attributes: JSONValue = ["verb": .string(verb), "group": .string(need.group), "resource": .string(need.resource)]
        if let subresource = need.subresource { attributes["subresource"] = .string(subresource) }
        let review: JSONValue = [
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": ["resourceAttributes": attributes],
        ]
        return try await translatingErrors(about: "the rights of this account") {
            try await client.post(try ResourcePath(.accessReviews), body: review.canonicalBytes, as: Review.self).status.allowed
        }
    }
}
