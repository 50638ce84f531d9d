import KubernetesClient
public import StagingModel

extension KubernetesRuntime {
    /// The rules of the stack's Ingress objects, each with the cluster address of its Service.
    public func routes(of stack: StackName) async throws -> [StackRoute] {
        let namespace = namespaceName(of: stack)
        return try await translatingErrors(about: "Ingresses of Namespace/\(namespace)") {
            let ingresses = try await client.discovery.resource(apiVersion: "networking.k8s.io/v1", kind: "Ingress")
            let selector = Selector(labels: "\(StackMetadata.stack)=\(stack)")
            async let services = client.list(ResourcePath(.services, namespace: namespace), selector: selector, as: JSONValue.self)
            let rules = try await client.list(ResourcePath(ingresses, namespace: namespace), selector: selector, as: JSONValue.self)
            return StackRoute.routes(of: rules.items, to: try await services.items)
        }
    }
}

extension StackRoute {
    /// Pure. A rule whose Service is missing, or has no address of its own (`clusterIP: None`), leads nowhere.
    static func routes(of ingresses: [JSONValue], to services: [JSONValue]) -> [StackRoute] {
        RouteRule.rules(of: ingresses, services: services).map { rule in
            let service = services.first { $0["metadata"]?["name"]?.string == rule.service }
            let address = service?["spec"]?["clusterIP"]?.string ?? ""
            return rule.route(to: address.isEmpty || address == "None" ? [] : [address])
        }
    }
}
