import Foundation
import Yams

/// A kubeconfig file: clusters, users, and contexts that join one of each (kubernetes.io, "Organizing Cluster Access Using kubeconfig
/// Files"). Only what is written in it; ``configuration(context:relativeTo:)`` makes something usable of it.
public struct Kubeconfig: Decodable, Sendable {
    public struct Cluster: Decodable, Sendable {
        public var server: String?
        public var certificateAuthority: String?
        public var certificateAuthorityData: String?
        public var tlsServerName: String?
        public var insecureSkipTLSVerify: Bool?
        public var proxyURL: String?

        private enum CodingKeys: String, CodingKey {
            case server
            case certificateAuthority = "certificate-authority"
            case certificateAuthorityData = "certificate-authority-data"
            case tlsServerName = "tls-server-name"
            case insecureSkipTLSVerify = "insecure-skip-tls-verify"
            case proxyURL = "proxy-url"
        }
    }

    public struct Context: Decodable, Sendable {
        public var cluster: String?
        public var user: String?
        public var namespace: String?
    }

    public struct User: Decodable, Sendable {
        public var token: String?
        public var tokenFile: String?
        public var clientCertificate: String?
        public var clientCertificateData: String?
        public var clientKey: String?
        public var clientKeyData: String?
        /// The keys that are none of the above, such as `exec` and `auth-provider`: ways to be known that can't be used here.
        public var unsupported: [String]

        private enum CodingKeys: String, CodingKey {
            case token, tokenFile
            case clientCertificate = "client-certificate"
            case clientCertificateData = "client-certificate-data"
            case clientKey = "client-key"
            case clientKeyData = "client-key-data"
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
            let keys = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
            unsupported = keys.filter { CodingKeys(rawValue: $0) == nil && $0 != "extensions" }.sorted()
        }
    }

    public var currentContext: String?
    public var clusters: [String: Cluster]
    public var contexts: [String: Context]
    public var users: [String: User]

    /// - Throws: ``KubernetesError/configuration(_:)``.
    public init(yaml: String) throws(KubernetesError) {
        do { self = try YAMLDecoder().decode(Kubeconfig.self, from: yaml) } catch {
            throw .configuration("not a kubeconfig: \(Self.reason(error))")
        }
    }

    init(contentsOf path: String) throws(KubernetesError) {
        let text = String(decoding: try contents(ofFile: path, limit: 4 << 20), as: UTF8.self)
        do { try self.init(yaml: text) } catch { throw .configuration("\(path): \(error)") }
    }

    private enum CodingKeys: String, CodingKey {
        case clusters, contexts, users
        case currentContext = "current-context"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        /// Entries of one name: the first counts.
        func named<Value>(_ entries: [Entry<Value>]?) -> [String: Value] {
            Dictionary((entries ?? []).map { ($0.name, $0.value) }) { first, _ in first }
        }
        currentContext = try container.decodeIfPresent(String.self, forKey: .currentContext)
        clusters = named(try container.decodeIfPresent([Entry<Cluster>].self, forKey: .clusters))
        contexts = named(try container.decodeIfPresent([Entry<Context>].self, forKey: .contexts))
        users = named(try container.decodeIfPresent([Entry<User>].self, forKey: .users))
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        switch error {
        case .dataCorrupted(let context), .keyNotFound(_, let context), .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "\(context.codingPath.map(\.stringValue).joined(separator: ".")): \(context.debugDescription)"
        @unknown default: return "\(error)"
        }
    }
}

/// `{name: …, cluster: {…}}`: the value is under the one key that is not the name.
private struct Entry<Value: Decodable>: Decodable {
    var name: String
    var value: Value

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        name = try container.decode(String.self, forKey: AnyKey("name"))
        guard let key = container.allKeys.first(where: { ["cluster", "context", "user"].contains($0.stringValue) }) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "\"\(name)\" has no value"))
        }
        value = try container.decode(Value.self, forKey: key)
    }
}

private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(_ text: String) { stringValue = text }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
