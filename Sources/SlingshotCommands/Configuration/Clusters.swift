import Foundation
import KubernetesClient
import KubernetesRuntime
import Logging
import Orchestration

/// The connections to the configured clusters.
struct Clusters: Sendable {
    let runtimes: [String: any StackRuntime]
    private let clients: [KubernetesClient]

    /// Reads credentials; connects to nothing yet.
    init(_ configured: [String: ServerConfiguration.Runtime], namespacePrefix: String, logger: Logger) throws {
        var runtimes: [String: any StackRuntime] = [:]
        var clients: [KubernetesClient] = []
        for (name, runtime) in configured {
            do {
                let cluster = try ClusterConfiguration.load(kubeconfig: runtime.kubeconfig, context: runtime.context)
                let client = try KubernetesClient(cluster, logger: logger)
                clients.append(client)
                runtimes[name] = KubernetesRuntime(client: client, namespacePrefix: namespacePrefix, logger: logger)
            } catch {
                throw ConfigurationError("runtime \"\(name)\": \(error)")
            }
        }
        self.runtimes = runtimes
        self.clients = clients
    }

    func shutdown() async {
        for client in clients { await client.shutdown() }
    }
}
