import Foundation

/// What a credential plugin printed, judged.
struct ExecCredential: Hashable, Sendable {
    var token: String?
    var certificate: ClusterConfiguration.ClientCertificate?
    /// From this instant on the plugin has to be run again; nil for only after a 401.
    var expires: Date?

    /// - Throws: ``KubernetesError/configuration(_:)``, which never repeats what was printed.
    init(_ output: [UInt8], of plugin: CredentialPlugin) throws(KubernetesError) {
        guard let printed = try? JSONDecoder().decode(Printed.self, from: Data(output)) else {
            throw .configuration("\(plugin) did not print an ExecCredential in JSON")
        }
        guard printed.kind == "ExecCredential", printed.apiVersion == plugin.version.rawValue else {
            throw .configuration(
                "\(plugin) did not print an ExecCredential of apiVersion \(plugin.version.rawValue), as the kubeconfig says")
        }
        guard let status = printed.status else { throw .configuration("\(plugin) printed no status") }
        switch (status.clientCertificateData ?? "", status.clientKeyData ?? "") {
        case ("", ""): break
        case ("", _), (_, ""): throw .configuration("\(plugin) printed a client certificate or a key without the other")
        case (let chain, let key): certificate = .init(chain: Array(chain.utf8), key: Array(key.utf8))
        }
        if let token = status.token, !token.isEmpty {
            guard isHeaderValue(token) else { throw .configuration("\(plugin) printed a token with control characters") }
            self.token = token
        }
        guard token != nil || certificate != nil else { throw .configuration("\(plugin) printed neither a token nor a client certificate") }
        if let text = status.expirationTimestamp, !text.isEmpty {
            let date = [Date.ISO8601FormatStyle(), .init(includingFractionalSeconds: true)].lazy.compactMap { try? $0.parse(text) }.first
            guard let date else { throw .configuration("\(plugin) printed an expirationTimestamp that is not RFC 3339") }
            expires = date
        }
    }

    private struct Printed: Decodable {
        struct Status: Decodable {
            var token: String?
            var clientCertificateData: String?
            var clientKeyData: String?
            var expirationTimestamp: String?
        }

        var apiVersion: String
        var kind: String
        var status: Status?
    }
}
