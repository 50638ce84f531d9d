import Foundation

extension Kubeconfig {
    /// The files that `KUBECONFIG` lists as one. For a name, and for the current context, the first file that has it counts. Files that
    /// do not exist are left out.
    ///
    /// - Throws: ``KubernetesError/configuration(_:)``, when none exists or one can't be read.
    init(merging paths: [String]) throws(KubernetesError) {
        let present = paths.filter { FileManager.default.fileExists(atPath: $0) }
        guard let first = present.first else {
            throw .configuration("KUBECONFIG lists no file that exists: \(paths.joined(separator: ", "))")
        }
        self = try Kubeconfig(contentsOf: first)
        for path in present.dropFirst() { merge(try Kubeconfig(contentsOf: path)) }
    }

    /// - Throws: ``KubernetesError/configuration(_:)``.
    init(contentsOf path: String) throws(KubernetesError) {
        let text = String(decoding: try contents(ofFile: path, limit: 4 << 20), as: UTF8.self)
        do { try self.init(yaml: text) } catch { throw .configuration("\(path): \(error)") }
        self = resolvingPaths(relativeTo: path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ".")
    }

    /// Adds what `other` has and this has not. Whole entries: two of one name are never mixed.
    public mutating func merge(_ other: Kubeconfig) {
        if currentContext?.isEmpty != false { currentContext = other.currentContext }
        clusters.merge(other.clusters) { first, _ in first }
        contexts.merge(other.contexts) { first, _ in first }
        users.merge(other.users) { first, _ in first }
    }

    /// With relative paths made relative to `folder`, where the file lies. A plugin's command is one when it contains a slash; without,
    /// it is looked for in `PATH`.
    public func resolvingPaths(relativeTo folder: String) -> Kubeconfig {
        func resolved(_ path: String?) -> String? {
            guard let path, !path.isEmpty, !path.hasPrefix("/") else { return path }
            return "\(folder)/\(path)"
        }
        var copy = self
        copy.clusters = clusters.mapValues { cluster in
            var cluster = cluster
            cluster.certificateAuthority = resolved(cluster.certificateAuthority)
            return cluster
        }
        copy.users = users.mapValues { user in
            var user = user
            user.tokenFile = resolved(user.tokenFile)
            user.clientCertificate = resolved(user.clientCertificate)
            user.clientKey = resolved(user.clientKey)
            if let command = user.exec?.command, command.contains("/") { user.exec?.command = resolved(command) }
            return user
        }
        return copy
    }
}
