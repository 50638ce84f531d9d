public import Foundation

extension ClusterConfiguration {
    /// What kubectl would use: the kubeconfig at `path`, or those that `KUBECONFIG` lists, or `~/.kube/config` where it exists, or the
    /// service account of the pod that this runs in.
    ///
    /// - Throws: ``KubernetesError/configuration(_:)``.
    public static func load(
        kubeconfig path: String? = nil, context: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(KubernetesError) -> ClusterConfiguration {
        if let path { return try Kubeconfig(contentsOf: path).configuration(context: context) }
        let listed = (environment["KUBECONFIG"] ?? "").split(separator: ":").map(String.init)
        if !listed.isEmpty { return try Kubeconfig(merging: listed).configuration(context: context) }
        if let home = environment["HOME"], FileManager.default.fileExists(atPath: home + "/.kube/config") {
            return try Kubeconfig(contentsOf: home + "/.kube/config").configuration(context: context)
        }
        return try inCluster(environment: environment)
    }

    /// The service account of the pod that this runs in, as Kubernetes documents it in "Accessing the API from a Pod". The token is read
    /// again every 60 s.
    ///
    /// - Throws: ``KubernetesError/configuration(_:)``.
    public static func inCluster(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        serviceAccount: String = "/var/run/secrets/kubernetes.io/serviceaccount"
    ) throws(KubernetesError) -> ClusterConfiguration {
        guard let host = environment["KUBERNETES_SERVICE_HOST"], let port = environment["KUBERNETES_SERVICE_PORT"] else {
            throw .configuration("no cluster is configured: name a kubeconfig, set KUBECONFIG, or run inside a pod")
        }
        let namespace = try contents(ofFile: serviceAccount + "/namespace", limit: 1 << 10)
        return try ClusterConfiguration(
            server: "https://\(host.contains(":") ? "[\(host)]" : host):\(port)",
            trustRoots: contents(ofFile: serviceAccount + "/ca.crt", limit: 1 << 20),
            authentication: .tokenFile(serviceAccount + "/token"),
            namespace: String(decoding: namespace, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
