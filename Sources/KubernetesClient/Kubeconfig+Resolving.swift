import Foundation

extension Kubeconfig {
    /// The cluster and the user of a context (the current one when nil), with their files read. Relative paths are relative to `folder`,
    /// which is the kubeconfig's own.
    ///
    /// A user that can't be authenticated is an error and never an anonymous request.
    ///
    /// - Throws: ``KubernetesError/configuration(_:)``.
    public func configuration(context name: String? = nil, relativeTo folder: String) throws(KubernetesError) -> ClusterConfiguration {
        guard let name = name ?? currentContext, !name.isEmpty else {
            throw .configuration("the kubeconfig has no current-context; name one of: \(contexts.keys.sorted().joined(separator: ", "))")
        }
        guard let context = contexts[name] else {
            throw .configuration("the kubeconfig has no context \"\(name)\"; it has: \(contexts.keys.sorted().joined(separator: ", "))")
        }
        guard let cluster = clusters[context.cluster ?? ""] else {
            throw .configuration("context \"\(name)\": the kubeconfig has no cluster \"\(context.cluster ?? "")\"")
        }
        guard let server = cluster.server else { throw .configuration("cluster \"\(context.cluster ?? "")\" has no server") }
        if let proxy = cluster.proxyURL, !proxy.isEmpty {
            throw .configuration("cluster \"\(context.cluster ?? "")\" uses proxy-url, which is not supported; use a direct address")
        }
        let trustRoots = try Self.bytes(
            data: cluster.certificateAuthorityData, path: cluster.certificateAuthority, folder: folder, key: "certificate-authority")
        var configuration = try ClusterConfiguration(
            server: server, tlsServerName: cluster.tlsServerName, trustRoots: trustRoots,
            skipsTLSVerification: cluster.insecureSkipTLSVerify ?? false, namespace: context.namespace ?? "default")
        try authenticate(&configuration, as: context.user ?? "", folder: folder)
        return configuration
    }

    /// A context without a user is for servers that authenticate by other means, such as `kubectl proxy`.
    private func authenticate(_ configuration: inout ClusterConfiguration, as name: String, folder: String) throws(KubernetesError) {
        guard !name.isEmpty else { return }
        guard let user = users[name] else { throw .configuration("the kubeconfig has no user \"\(name)\"") }
        guard user.unsupported.isEmpty else {
            throw .configuration(
                "user \"\(name)\" uses \(user.unsupported.joined(separator: ", ")), which is not supported; "
                    + "use a token, a tokenFile or a client certificate"
            )
        }
        let chain = try Self.bytes(
            data: user.clientCertificateData, path: user.clientCertificate, folder: folder, key: "client-certificate")
        let key = try Self.bytes(data: user.clientKeyData, path: user.clientKey, folder: folder, key: "client-key")
        switch (chain, key) {
        case (let chain?, let key?): configuration.clientCertificate = .init(chain: chain, key: key)
        case (nil, nil): break
        case (_?, nil): throw .configuration("user \"\(name)\" has a client-certificate without a client-key")
        case (nil, _?): throw .configuration("user \"\(name)\" has a client-key without a client-certificate")
        }
        if let token = user.token {
            configuration.token = .fixed(token)
        } else if let file = user.tokenFile {
            configuration.token = .file(Self.absolute(file, folder: folder))
        }
        if configuration.token == nil, configuration.clientCertificate == nil {
            throw .configuration("user \"\(name)\" has no credentials; use a token, a tokenFile or a client certificate")
        }
    }

    /// Inline base64, which wins, or the content of a file.
    private static func bytes(data: String?, path: String?, folder: String, key: String) throws(KubernetesError) -> [UInt8]? {
        if let data, !data.isEmpty {
            guard let decoded = Data(base64Encoded: data, options: .ignoreUnknownCharacters), !decoded.isEmpty else {
                throw .configuration("\(key)-data is not base64")
            }
            return [UInt8](decoded)
        }
        guard let path, !path.isEmpty else { return nil }
        return try contents(ofFile: absolute(path, folder: folder), limit: 4 << 20)
    }

    private static func absolute(_ path: String, folder: String) -> String { path.hasPrefix("/") ? path : "\(folder)/\(path)" }
}
