import Foundation

extension Kubeconfig {
    /// The cluster and the user of a context (the current one when nil), with their files read.
    ///
    /// A user that can't be authenticated is an error and never an anonymous request. Precedence: `token`, `tokenFile`, `username` with
    /// `password`, `exec`; a client certificate goes with any of them.
    ///
    /// - Throws: ``KubernetesError/configuration(_:)``.
    public func configuration(context name: String? = nil) throws(KubernetesError) -> ClusterConfiguration {
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
        let trustRoots = try Self.bytes(
            data: cluster.certificateAuthorityData, path: cluster.certificateAuthority, key: "certificate-authority")
        var configuration = try ClusterConfiguration(
            server: server, tlsServerName: cluster.tlsServerName, trustRoots: trustRoots,
            skipsTLSVerification: cluster.insecureSkipTLSVerify ?? false, namespace: context.namespace ?? "default")
        if let proxy = cluster.proxyURL, !proxy.isEmpty { configuration.proxy = try .init(url: proxy) }
        // a context without a user is for servers that authenticate by other means, such as `kubectl proxy`
        guard let userName = context.user, !userName.isEmpty else { return configuration }
        guard let user = users[userName] else { throw .configuration("the kubeconfig has no user \"\(userName)\"") }
        do {
            configuration.clientCertificate = try user.certificate()
            configuration.authentication = try user.authentication(for: configuration, proxyURL: cluster.proxyURL)
            configuration.impersonation = try user.impersonation()
        } catch { throw .configuration("user \"\(userName)\": \(error)") }
        return configuration
    }

    /// Inline base64, which wins, or the content of a file.
    fileprivate static func bytes(data: String?, path: String?, key: String) throws(KubernetesError) -> [UInt8]? {
        if let data, !data.isEmpty {
            guard let decoded = Data(base64Encoded: data, options: .ignoreUnknownCharacters), !decoded.isEmpty else {
                throw .configuration("\(key)-data is not base64")
            }
            return [UInt8](decoded)
        }
        guard let path, !path.isEmpty else { return nil }
        return try contents(ofFile: path, limit: 4 << 20)
    }
}

extension Kubeconfig.User {
    fileprivate func certificate() throws(KubernetesError) -> ClusterConfiguration.ClientCertificate? {
        let chain = try Kubeconfig.bytes(data: clientCertificateData, path: clientCertificate, key: "client-certificate")
        let key = try Kubeconfig.bytes(data: clientKeyData, path: clientKey, key: "client-key")
        switch (chain, key) {
        case (let chain?, let key?): return .init(chain: chain, key: key)
        case (nil, nil): return nil
        case (_?, nil): throw .configuration("it has a client-certificate without a client-key")
        case (nil, _?): throw .configuration("it has a client-key without a client-certificate")
        }
    }

    fileprivate func authentication(
        for cluster: ClusterConfiguration, proxyURL: String?
    ) throws(KubernetesError) -> ClusterConfiguration.Authentication? {
        guard unsupported.isEmpty else {
            throw .configuration(
                "\(unsupported.joined(separator: ", ")) is not supported; use a token, a tokenFile, a client certificate or an exec plugin")
        }
        if username != nil, token != nil || tokenFile != nil {
            throw .configuration("it has a token and a user name; keep one of them")
        }
        if let token {
            guard isHeaderValue(token) else { throw .configuration("the token holds control characters") }
            return .token(token)
        }
        if let tokenFile { return .tokenFile(tokenFile) }
        if let username {
            // RFC 7617: the first colon ends the name
            guard !username.contains(":") else { throw .configuration("the username contains a colon") }
            return .basic(username: username, password: password ?? "")
        }
        if password != nil { throw .configuration("it has a password without a username") }
        if let exec { return .plugin(try CredentialPlugin(exec, for: cluster, proxyURL: proxyURL)) }
        guard cluster.clientCertificate != nil else {
            throw .configuration("no credentials; use a token, a tokenFile, a client certificate or an exec plugin")
        }
        return nil
    }

    fileprivate func impersonation() throws(KubernetesError) -> ClusterConfiguration.Impersonation? {
        guard let impersonate else {
            // never as more than was meant
            guard impersonateGroups.isEmpty, impersonateUID == nil, impersonateExtra.isEmpty else {
                throw .configuration("as-groups, as-uid and as-user-extra need as")
            }
            return nil
        }
        let impersonation = ClusterConfiguration.Impersonation(
            user: impersonate, groups: impersonateGroups, uid: impersonateUID, extra: impersonateExtra)
        guard impersonation.headers.allSatisfy({ isHeaderValue($0.value) }) else {
            throw .configuration("as, as-groups, as-uid or as-user-extra holds control characters")
        }
        return impersonation
    }
}

/// Whether a text can stand in a header without ending it.
func isHeaderValue(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }
