import Foundation

/// Where a cluster is, how to trust it, and how to be known to it: everything resolved, nothing left to look up but a token file.
public struct ClusterConfiguration: Hashable, Sendable {
    /// The bearer token of each request.
    public enum Token: Hashable, Sendable {
        case fixed(String)
        /// A file that is read again every 60 s.
        case file(String)
    }

    /// A client certificate for TLS, in PEM.
    public struct ClientCertificate: Hashable, Sendable {
        public var chain: [UInt8]
        public var key: [UInt8]

        public init(chain: [UInt8], key: [UInt8]) {
            self.chain = chain
            self.key = key
        }
    }

    /// `https://host:port` with an optional path, without a slash at its end.
    public var server: String
    /// The name to expect in the server's certificate instead of the host's.
    public var tlsServerName: String?
    /// Certificates in PEM; nil for the system's.
    public var trustRoots: [UInt8]?
    /// `insecure-skip-tls-verify`: anybody in between can read and change everything.
    public var skipsTLSVerification: Bool
    public var clientCertificate: ClientCertificate?
    public var token: Token?
    /// The namespace to use where none is named.
    public var namespace: String

    /// - Throws: ``KubernetesError/configuration(_:)`` when `server` is no base URL.
    public init(
        server: String, tlsServerName: String? = nil, trustRoots: [UInt8]? = nil, skipsTLSVerification: Bool = false,
        clientCertificate: ClientCertificate? = nil, token: Token? = nil, namespace: String = "default"
    ) throws(KubernetesError) {
        guard let parts = URLComponents(string: server), ["http", "https"].contains(parts.scheme), parts.host?.isEmpty == false,
            parts.query == nil, parts.fragment == nil, parts.user == nil
        else { throw .configuration("\"\(server)\" is not the address of an API server; write https://HOST:PORT") }
        var base = server
        while base.hasSuffix("/") { base.removeLast() }
        self.server = base
        self.tlsServerName = tlsServerName
        self.trustRoots = trustRoots
        self.skipsTLSVerification = skipsTLSVerification
        self.clientCertificate = clientCertificate
        self.token = token
        self.namespace = namespace
    }
}

/// Without its secrets, for logs.
extension ClusterConfiguration: CustomStringConvertible {
    public var description: String { "\(server), namespace \(namespace)" }
}
