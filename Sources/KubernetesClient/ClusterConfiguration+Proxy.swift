import Foundation

extension ClusterConfiguration {
    /// The proxy between here and the API server: HTTP (with `CONNECT`) or SOCKS 5.
    public struct Proxy: Hashable, Sendable {
        public enum Kind: Hashable, Sendable { case http, socks5 }
        public struct Credentials: Hashable, Sendable {
            public var username: String
            public var password: String
        }

        public var kind: Kind
        public var host: String
        public var port: Int
        /// For an HTTP proxy only.
        public var credentials: Credentials?

        /// - Parameter url: `http://[USER:PASSWORD@]HOST[:PORT]` or `socks5://HOST[:PORT]`.
        /// - Throws: ``KubernetesError/configuration(_:)``, which does not repeat the URL, because that may hold a password.
        public init(url: String) throws(KubernetesError) {
            guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty, parts.query == nil, parts.fragment == nil,
                ["", "/"].contains(parts.path)
            else { throw .configuration("the proxy-url is not an address; write http://HOST:PORT or socks5://HOST:PORT") }
            switch parts.scheme {
            case "http": (kind, port) = (.http, parts.port ?? 80)
            case "socks5": (kind, port) = (.socks5, parts.port ?? 1080)
            default:
                throw .configuration(
                    "a proxy-url of \(parts.scheme ?? "no scheme") is not supported; write http://HOST:PORT or socks5://HOST:PORT")
            }
            guard (1...65_535).contains(port) else { throw .configuration("the proxy-url's port is not between 1 and 65535") }
            self.host = host.trimmingCharacters(in: ["[", "]"])
            if let username = parts.user {
                guard kind == .http else { throw .configuration("a user name in a socks5 proxy-url is not supported; use an HTTP proxy") }
                credentials = Credentials(username: username, password: parts.password ?? "")
            }
        }
    }
}

/// Without the password, for logs.
extension ClusterConfiguration.Proxy: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String { "\(kind == .http ? "http" : "socks5")://\(host):\(port)" }
    public var debugDescription: String { description }
}

extension ClusterConfiguration.Proxy.Credentials: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String { "user name \"\(username)\" with a password" }
    public var debugDescription: String { description }
}
