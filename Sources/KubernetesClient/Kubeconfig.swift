import Foundation
import Yams

/// A kubeconfig file: clusters, users, and contexts that join one of each (kubernetes.io, "Organizing Cluster Access Using kubeconfig
/// Files"). Only what is written in it; ``configuration(context:)`` makes something usable of it.
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

    private enum CodingKeys: String, CodingKey {
        case clusters, contexts, users
        case currentContext = "current-context"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        /// Entries of one name: the first counts, as between files.
        func named<Value>(_ entries: [Entry<Value>]?) -> [String: Value] {
            Dictionary((entries ?? []).map { ($0.name, $0.value) }) { first, _ in first }
        }
        currentContext = try container.decodeIfPresent(String.self, forKey: .currentContext)
        clusters = named(try container.decodeIfPresent([Entry<Cluster>].self, forKey: .clusters))
        contexts = named(try container.decodeIfPresent([Entry<Context>].self, forKey: .contexts))
        users = named(try container.decodeIfPresent([Entry<User>].self, forKey: .users))
    }

    /// Where it is wrong, but never what stands there: that may be a secret.
    private static func reason(_ error: any Error) -> String {
        switch error {
        case DecodingError.dataCorrupted(let context) where context.underlyingError is YamlError:
            context.underlyingError.map(reason) ?? "not YAML"
        case DecodingError.keyNotFound(let key, let context): "\(place(context)) has no \(key.stringValue)"
        case DecodingError.dataCorrupted(let context), DecodingError.typeMismatch(_, let context),
            DecodingError.valueNotFound(_, let context):
            "\(place(context)) has no value, or not one of the kind that belongs there"
        case YamlError.scanner(_, _, let mark, _), YamlError.parser(_, _, let mark, _), YamlError.composer(_, _, let mark, _):
            "line \(mark.line) is not YAML"
        default: "not YAML"
        }
    }

    private static func place(_ context: DecodingError.Context) -> String {
        context.codingPath.isEmpty ? "the document" : context.codingPath.map(\.stringValue).joined(separator: ".")
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

struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(_ text: String) { stringValue = text }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
