/// Where requests for one host of a stack, below one path, go.
public struct StackRoute: Codable, Hashable, Sendable {
    /// How the upstream is spoken to.
    public enum Transport: String, Codable, Sendable {
        case http
        /// HTTP/2 without TLS, as gRPC servers want it.
        case h2c
    }

    /// In lower case, without a port.
    public var host: String
    /// Begins with `/`.
    public var path: String
    /// Whether only this very path is meant, and not what is below it.
    public var isExact: Bool
    public var transport: Transport
    /// `IP:PORT` or `unix/PATH` each, reachable from this machine, any as good as the other. Empty when nothing serves the route.
    public var upstreams: [String]

    public init(host: String, path: String = "/", isExact: Bool = false, transport: Transport = .http, upstreams: [String]) {
        self.host = host
        self.path = path
        self.isExact = isExact
        self.transport = transport
        self.upstreams = upstreams
    }
}

extension [StackRoute] {
    /// The route for a request: exact before prefix, and the longest prefix first. Prefixes end at a `/`, as in Ingress objects
    /// (https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types).
    public func route(host: String, path: String) -> StackRoute? {
        filter { $0.host == host && $0.matches(path) }.max {
            ($0.isExact ? 1 : 0, $0.path.utf8.count) < ($1.isExact ? 1 : 0, $1.path.utf8.count)
        }
    }
}

extension StackRoute {
    fileprivate func matches(_ requested: String) -> Bool {
        if isExact { return requested == path }
        let prefix = path.hasSuffix("/") ? String(path.dropLast()) : path
        return requested == prefix || requested.hasPrefix(prefix + "/")
    }
}
