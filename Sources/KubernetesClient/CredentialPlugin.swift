import Foundation

/// A program that makes credentials, by the protocol of kubernetes.io, "client-go credential plugins".
public struct CredentialPlugin: Hashable, Sendable {
    /// Of `client.authentication.k8s.io`.
    public enum Version: String, Hashable, Sendable {
        case v1 = "client.authentication.k8s.io/v1"
        case v1beta1 = "client.authentication.k8s.io/v1beta1"
    }

    public var version: Version
    /// A path, or a name to look for in `PATH`.
    public var command: String
    public var arguments: [String]
    /// Added to the environment of this process, or put in its place; with `KUBERNETES_EXEC_INFO`.
    public var environment: [String: String]
    /// What to tell the user when the command is missing.
    public var installHint: String?

    public init(
        version: Version, command: String, arguments: [String] = [], environment: [String: String] = [:], installHint: String? = nil
    ) {
        self.version = version
        self.command = command
        self.arguments = arguments
        self.environment = environment
        self.installHint = installHint
    }

    /// The plugin of a kubeconfig, with what it is told of `cluster`.
    ///
    /// - Throws: ``KubernetesError/configuration(_:)``.
    init(_ exec: Kubeconfig.Exec, for cluster: ClusterConfiguration, proxyURL: String?) throws(KubernetesError) {
        guard let command = exec.command, !command.isEmpty else { throw .configuration("the exec plugin has no command") }
        guard let version = exec.apiVersion.flatMap(Version.init) else {
            throw .configuration(
                "the exec plugin \"\(command)\" has apiVersion \"\(exec.apiVersion ?? "")\"; "
                    + "supported are \(Version.v1.rawValue) and \(Version.v1beta1.rawValue)")
        }
        guard exec.interactiveMode != "Always" else {
            throw .configuration(
                "the exec plugin \"\(command)\" wants to ask questions (interactiveMode: Always); nobody is there to answer")
        }
        var variables = Dictionary((exec.env ?? []).map { ($0.name, $0.value) }) { _, last in last }
        let texts = [command] + (exec.args ?? []) + variables.flatMap { [$0.key, $0.value] }
        guard !texts.contains(where: { $0.utf8.contains(0) }), !variables.keys.contains(where: { $0.isEmpty || $0.contains("=") }) else {
            throw .configuration("the exec plugin \"\(command)\" has args or env that no program can be given")
        }
        let told = ExecInfo(apiVersion: version.rawValue, cluster: exec.provideClusterInfo == true ? .init(cluster, proxyURL) : nil)
        variables["KUBERNETES_EXEC_INFO"] = try told.json()
        self.init(
            version: version, command: command, arguments: exec.args ?? [], environment: variables, installHint: exec.installHint)
    }
}

/// Without its arguments and its environment, which may hold secrets.
extension CredentialPlugin: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String { "the credential plugin \"\(command)\"" }
    public var debugDescription: String { description }
}

/// What a plugin is told: an `ExecCredential` with a `spec`.
private struct ExecInfo: Encodable {
    struct Spec: Encodable {
        var cluster: Cluster?
        var interactive = false
    }

    struct Cluster: Encodable {
        var server: String
        var tlsServerName: String?
        var insecureSkipTLSVerify: Bool?
        var certificateAuthorityData: Data?
        var proxyURL: String?

        enum CodingKeys: String, CodingKey {
            case server
            case tlsServerName = "tls-server-name"
            case insecureSkipTLSVerify = "insecure-skip-tls-verify"
            case certificateAuthorityData = "certificate-authority-data"
            case proxyURL = "proxy-url"
        }

        init(_ cluster: ClusterConfiguration, _ proxyURL: String?) {
            server = cluster.server
            tlsServerName = cluster.tlsServerName
            insecureSkipTLSVerify = cluster.skipsTLSVerification ? true : nil
            certificateAuthorityData = cluster.trustRoots.map { Data($0) }
            self.proxyURL = proxyURL
        }
    }

    var apiVersion: String
    var kind = "ExecCredential"
    var spec: Spec

    init(apiVersion: String, cluster: Cluster?) {
        self.apiVersion = apiVersion
        spec = Spec(cluster: cluster)
    }

    func json() throws(KubernetesError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return String(decoding: try encoder.encode(self), as: UTF8.self) } catch {
            throw .configuration("the cluster can't be described to an exec plugin")
        }
    }
}
