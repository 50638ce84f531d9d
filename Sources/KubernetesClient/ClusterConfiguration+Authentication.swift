extension ClusterConfiguration {
    /// How each request says who it is from.
    public enum Authentication: Hashable, Sendable {
        /// A bearer token that never changes.
        case token(String)
        /// The path of a file with a bearer token; it is read again every 60 s.
        case tokenFile(String)
        /// RFC 7617.
        case basic(username: String, password: String)
        /// A program that makes tokens or client certificates.
        case plugin(CredentialPlugin)
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
}

/// Without the secret, for logs.
extension ClusterConfiguration.Authentication: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String {
        switch self {
        case .token: "a token"
        case .tokenFile(let path): "the token file \(path)"
        case .basic(let username, _): "user name \"\(username)\" with a password"
        case .plugin(let plugin): plugin.description
        }
    }
    public var debugDescription: String { description }
}

/// Without the key, for logs.
extension ClusterConfiguration.ClientCertificate: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String { "a client certificate" }
    public var debugDescription: String { description }
}
