extension Kubeconfig {
    /// The ways in which a user is known; an empty text is the same as none.
    public struct User: Decodable, Sendable {
        public var token: String?
        public var tokenFile: String?
        public var clientCertificate: String?
        public var clientCertificateData: String?
        public var clientKey: String?
        public var clientKeyData: String?
        public var username: String?
        public var password: String?
        public var exec: Exec?
        public var impersonate: String?
        public var impersonateGroups: [String]
        public var impersonateUID: String?
        public var impersonateExtra: [String: [String]]
        /// The keys that are none of the above, such as `auth-provider`: ways to be known that can't be used here.
        public var unsupported: [String]

        private enum CodingKeys: String, CodingKey {
            case token, tokenFile, username, password, exec
            case clientCertificate = "client-certificate"
            case clientCertificateData = "client-certificate-data"
            case clientKey = "client-key"
            case clientKeyData = "client-key-data"
            case impersonate = "as"
            case impersonateGroups = "as-groups"
            case impersonateUID = "as-uid"
            case impersonateExtra = "as-user-extra"
        }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            func text(_ key: CodingKeys) throws -> String? {
                let value = try container.decodeIfPresent(String.self, forKey: key)
                return value?.isEmpty == true ? nil : value
            }
            token = try text(.token)
            tokenFile = try text(.tokenFile)
            clientCertificate = try text(.clientCertificate)
            clientCertificateData = try text(.clientCertificateData)
            clientKey = try text(.clientKey)
            clientKeyData = try text(.clientKeyData)
            username = try text(.username)
            password = try text(.password)
            exec = try container.decodeIfPresent(Exec.self, forKey: .exec)
            impersonate = try text(.impersonate)
            impersonateGroups = try container.decodeIfPresent([String].self, forKey: .impersonateGroups) ?? []
            impersonateUID = try text(.impersonateUID)
            impersonateExtra = try container.decodeIfPresent([String: [String]].self, forKey: .impersonateExtra) ?? [:]
            let keys = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
            unsupported = keys.filter { CodingKeys(rawValue: $0) == nil && $0 != "extensions" }.sorted()
        }
    }

    /// A credential plugin as it is written (kubernetes.io, "client-go credential plugins").
    public struct Exec: Decodable, Sendable {
        public struct Variable: Decodable, Sendable {
            public var name: String
            public var value: String
        }

        public var apiVersion: String?
        public var command: String?
        public var args: [String]?
        public var env: [Variable]?
        public var installHint: String?
        public var provideClusterInfo: Bool?
        public var interactiveMode: String?
    }
}

/// Without what is secret in it, for logs: a plugin's arguments and variables may be, too.
extension Kubeconfig.User: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String { "a user of a kubeconfig" }
    public var debugDescription: String { description }
}

extension Kubeconfig.Exec: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String { "the credential plugin \"\(command ?? "")\"" }
    public var debugDescription: String { description }
}

/// A cluster's proxy-url may hold a password.
extension Kubeconfig.Cluster: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String { "a cluster of a kubeconfig" }
    public var debugDescription: String { description }
}
