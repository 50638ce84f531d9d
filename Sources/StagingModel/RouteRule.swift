/// One path of an Ingress: requests for a host, below a path, are for a port of a Service. By which addresses that is reached, an engine says.
public struct RouteRule: Codable, Hashable, Sendable {
    /// In lower case.
    public var host: String
    /// Begins with `/`.
    public var path: String
    public var isExact: Bool
    public var transport: StackRoute.Transport
    public var service: String
    /// The Service's own, not that of its pods; nil when there is no such Service or port, so that the rule leads nowhere.
    public var port: Int?

    public init(
        host: String, path: String = "/", isExact: Bool = false, transport: StackRoute.Transport = .http, service: String, port: Int?
    ) {
        self.host = host
        self.path = path
        self.isExact = isExact
        self.transport = transport
        self.service = service
        self.port = port
    }

    /// The rules of Ingress objects (networking.k8s.io/v1), in the order of the objects' names. A rule for every host is left out: the
    /// hosts of others are not the stack's to serve.
    public static func rules(of ingresses: [JSONValue], services: [JSONValue]) -> [RouteRule] {
        func name(_ object: JSONValue) -> String { object["metadata"]?["name"]?.string ?? "" }
        let services = Dictionary(services.map { (name($0), $0) }) { first, _ in first }
        return ingresses.sorted { name($0) < name($1) }.flatMap { $0["spec"]?["rules"]?.array ?? [] }.flatMap { rule -> [RouteRule] in
            guard let host = rule["host"]?.string else { return [] }
            return (rule["http"]?["paths"]?.array ?? []).map { path in
                let backend = path["backend"]?["service"]
                let service = backend?["name"]?.string ?? ""
                let port = services[service]?["spec"]?["ports"]?.array?.first { $0.isMeant(by: backend?["port"]) }
                return RouteRule(
                    host: host.lowercased(), path: path["path"]?.string ?? "/", isExact: path["pathType"] == "Exact",
                    // KEP-3726's name for HTTP/2 without TLS.
                    transport: port?["appProtocol"] == "kubernetes.io/h2c" ? .h2c : .http, service: service,
                    port: port?["port"]?.integer.flatMap { Int(exactly: $0) })
            }
        }
    }

    /// - Parameter addresses: at which the Service's port is reached; IPv6 without brackets.
    public func route(to addresses: [String]) -> StackRoute {
        StackRoute(
            host: host, path: path, isExact: isExact, transport: transport,
            upstreams: port.map { port in addresses.map { $0.contains(":") ? "[\($0)]:\(port)" : "\($0):\(port)" } } ?? [])
    }
}

extension JSONValue {
    /// Whether a Service's port is the one that an Ingress names, by its name or its number.
    fileprivate func isMeant(by reference: JSONValue?) -> Bool {
        if let name = reference?["name"]?.string { return self["name"]?.string == name }
        return reference?["number"] != nil && self["port"] == reference?["number"]
    }
}
