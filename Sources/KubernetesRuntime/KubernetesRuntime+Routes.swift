import KubernetesClient
public import StagingModel

extension KubernetesRuntime {
    /// The rules of the stack's Ingress objects, each with the cluster address of its Service.
    public func routes(of stack: StackName) async throws -> [StackRoute] {
        let namespace = namespaceName(of: stack)
        return try await translatingErrors(about: "Ingresses of Namespace/\(namespace)") {
            let ingresses = try await client.discovery.resource(apiVersion: "networking.k8s.io/v1", kind: "Ingress")
            let selector = Selector(labels: "\(StackMetadata.stack)=\(stack)")
            async let services = client.list(ResourcePath(.services, namespace: namespace), selector: selector, as: Service.self)
            let rules = try await client.list(ResourcePath(ingresses, namespace: namespace), selector: selector, as: Ingress.self)
            return StackRoute.routes(of: rules.items, to: try await services.items)
        }
    }
}

extension StackRoute {
    /// Pure. A rule whose Service is missing, or has no address of its own (`clusterIP: None`), leads nowhere.
    static func routes(of ingresses: [Ingress], to services: [Service]) -> [StackRoute] {
        ingresses.sorted { $0.metadata.name < $1.metadata.name }.flatMap { $0.spec?.rules ?? [] }.flatMap { rule -> [StackRoute] in
            guard let host = rule.host else { return [] }
            return (rule.http?.paths ?? []).map { path in
                let service = services.first { $0.metadata.name == path.backend.service?.name }
                let port = service?.spec?.ports?.first { $0.isMeant(by: path.backend.service?.port) }
                let addresses = [service?.spec?.clusterIP ?? ""].filter { !$0.isEmpty && $0 != "None" }
                return StackRoute(
                    host: host.lowercased(), path: path.path ?? "/", isExact: path.pathType == "Exact",
                    transport: port?.transport ?? .http,
                    upstreams: port.map { port in addresses.map { $0.contains(":") ? "[\($0)]:\(port.port)" : "\($0):\(port.port)" } } ?? []
                )
            }
        }
    }
}

/// What the runtime wants to see of an Ingress (networking.k8s.io/v1).
struct Ingress: Decodable, Sendable {
    struct Spec: Decodable { var rules: [Rule]? }
    struct Rule: Decodable {
        var host: String?
        var http: Paths?
    }
    struct Paths: Decodable { var paths: [Path]? }
    struct Path: Decodable {
        var path: String?
        var pathType: String?
        var backend: Backend
    }
    struct Backend: Decodable { var service: ServiceReference? }
    struct ServiceReference: Decodable {
        var name: String
        var port: PortReference?
    }
    struct PortReference: Decodable {
        var name: String?
        var number: Int?
    }

    var metadata: ObjectMetadata
    var spec: Spec?
}

/// What the runtime wants to see of a Service.
struct Service: Decodable, Sendable {
    struct Spec: Decodable {
        var clusterIP: String?
        var ports: [Port]?
    }
    struct Port: Decodable {
        var name: String?
        var port: Int
        var appProtocol: String?

        func isMeant(by reference: Ingress.PortReference?) -> Bool {
            if let name = reference?.name { return self.name == name }
            return port == reference?.number
        }

        /// KEP-3726's name for HTTP/2 without TLS.
        var transport: StackRoute.Transport { appProtocol == "kubernetes.io/h2c" ? .h2c : .http }
    }

    var metadata: ObjectMetadata
    var spec: Spec?
}
