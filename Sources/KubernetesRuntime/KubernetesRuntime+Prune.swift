import KubernetesClient
import Logging
import Orchestration
import StagingModel

extension KubernetesRuntime {
    /// Every kind of Kubernetes' own that a plan can have inside its namespace, in the versions in which a cluster may serve it: the first
    /// that it does is looked at, because all versions show the same objects.
    ///
    /// Claims are data, and go too: a stack is ephemeral, and so is what its commits leave behind. Those that a StatefulSet makes are its
    /// own, and stay until the stack goes.
    static let prunable: [(kind: String, apiVersions: [String])] = [
        ("ConfigMap", ["v1"]), ("Secret", ["v1"]), ("Service", ["v1"]), ("ServiceAccount", ["v1"]), ("PersistentVolumeClaim", ["v1"]),
        ("Pod", ["v1"]), ("ResourceQuota", ["v1"]), ("LimitRange", ["v1"]),
        ("Deployment", ["apps/v1"]), ("StatefulSet", ["apps/v1"]), ("DaemonSet", ["apps/v1"]),
        ("Job", ["batch/v1"]), ("CronJob", ["batch/v1", "batch/v1beta1"]),
        ("Ingress", ["networking.k8s.io/v1"]), ("NetworkPolicy", ["networking.k8s.io/v1"]),
        ("HorizontalPodAutoscaler", ["autoscaling/v1", "autoscaling/v2"]), ("PodDisruptionBudget", ["policy/v1", "policy/v1beta1"]),
    ]

    /// What of one kind is not in the plan.
    private enum Leftovers {
        case objects([ObjectMetadata], APIResource)
        /// Not ours to list.
        case unlisted(String)
    }

    /// What earlier plans brought into the stack's namespace and this one doesn't.
    ///
    /// - Parameter recorded: the kinds that they had (``StagingModel/StackMetadata/kinds``); nil when that was not written down.
    func leftovers(of plan: Plan, recorded: String?) async throws -> [(ObjectMetadata, APIResource)] {
        let had = recorded.map { Set($0.split(separator: ",").map { CustomKind.key(of: String($0)) }) }
        let own = Self.prunable.filter { kind, apiVersions in had?.contains(CustomKind.key(of: "\(apiVersions[0])/\(kind)")) ?? true }
        let custom = CustomKind.all(recorded: recorded).map { (kind: $0.kind, apiVersions: [$0.apiVersion]) }
        let found = try await concurrently(own + custom) { kind, apiVersions in
            try await translatingErrors(about: "the \(kind) objects of \(plan.namespace)") {
                try await leftovers(of: plan, kind: kind, apiVersions: apiVersions)
            }
        }
        var unlisted: [String] = []
        var doomed: [(ObjectMetadata, APIResource)] = []
        for leftovers in found {
            switch leftovers {
            case .objects(let objects, let resource): doomed += objects.map { ($0, resource) }
            case .unlisted(let kind): unlisted.append(kind)
            case nil: break
            }
        }
        if !unlisted.isEmpty {
            logger.info(
                "kinds that can't be listed are not pruned",
                metadata: ["namespace": "\(plan.namespace)", "kinds": "\(unlisted.joined(separator: ", "))"])
        }
        return doomed
    }

    /// Deletes them.
    func prune(_ leftovers: [(ObjectMetadata, APIResource)]) async throws {
        _ = try await concurrently(leftovers) { object, resource in
            try await translatingErrors(about: "\(resource.kind)/\(object.name)") { try await delete(object, resource) }
            logger.info("pruned", metadata: ["namespace": "\(object.namespace ?? "")", "object": "\(resource.kind)/\(object.name)"])
        }
    }

    /// Nil when the cluster doesn't have the kind.
    private func leftovers(of plan: Plan, kind: String, apiVersions: [String]) async throws -> Leftovers? {
        guard let resource = try await served(kind, in: apiVersions) else { return nil }
        let path = try ResourcePath(resource, namespace: plan.namespace)
        let group = CustomKind.group(of: resource.groupVersion.description)
        let names = Set(plan.objects.lazy.filter { $0.kind == kind && CustomKind.group(of: $0.apiVersion) == group }.map(\.name))
        do {
            let list = try await client.list(
                path, selector: Selector(labels: StackMetadata.selector(of: plan.stack)), metadataOnly: true, as: StackObject.self)
            return .objects(list.items.filter { $0.isLeftover(of: plan.stack, keeping: names) }.map(\.metadata), resource)
        } catch let error as KubernetesError where error.code == 403 || error.code == 404 { return .unlisted(kind) }
    }

    private func served(_ kind: String, in apiVersions: [String]) async throws -> APIResource? {
        for apiVersion in apiVersions {
            do { return try await client.discovery.resource(apiVersion: apiVersion, kind: kind) } catch KubernetesError.unknownKind {}
        }
        return nil
    }
}
