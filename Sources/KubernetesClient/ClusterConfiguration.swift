import Foundation

/// Where a cluster is, how to trust it, and how to be known to it: everything resolved, but what has to be
/// looked up again and again: a token file, and what a plugin makes.
public struct ClusterConfiguration: Hashable, Sendable {
    /// `https://host:port` with an optional path, without a slash at its end.
    public var server: String
    /// The name to expect in the server's certificate instead of the host's.
    public var tlsServerName: String?
    /// Certificates in PEM; nil for the system's.
    public var trustRoots: [UInt8]?
    /// `insecure-skip-tls-verify`: anybody in between can read and change everything.
    public var skipsTLSVerification: Bool
    public var clientCertificate: ClientCertificate?
    public var authentication: Authentication?
    public var impersonation: Impersonation?
    public var proxy: Proxy?
    /// The namespace to use where none is named.
    public var namespace: String

    /// - Throws: ``KubernetesError/configuration(_:)`` when `server` is no base URL.
    public init(
        server: String, tlsServerName: String? = nil, trustRoots: [UInt8]? = nil, skipsTLSVerification: Bool = false,
        clientCertificate: ClientCertificate? = nil, authentication: Authentication? = nil, impersonation: Impersonation? = nil,
        proxy: Proxy? = nil, namespace: String = "default"
    ) throws(KubernetesError) {
        // text before an @ may be a password
        let shown = server.contains("@") ? "the server" : "\"\(server)\""
        guard let parts = URLComponents(string: server), ["http", "https"].contains(parts.scheme), parts.host?.isEmpty == false,
            parts.query == nil, parts.fragment == nil, parts.user == nil
        else { throw .configuration("\(shown) is not the address of an API server; write https://HOST:PORT") }
        var base = server
        while base.hasSuffix("/") { base.removeLast() }
        self.server = base
        self.tlsServerName = tlsServerName
        self.trustRoots = trustRoots
        self.skipsTLSVerification = skipsTLSVerification
        self.clientCertificate = clientCertificate
        self.authentication = authentication
        self.impersonation = impersonation
        self.proxy = proxy
        self.namespace = namespace
    }
}

/// Without its secrets, for logs.
extension ClusterConfiguration: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String { "\(server), namespace \(namespace)" }
    public var debugDescription: String { description }
}
