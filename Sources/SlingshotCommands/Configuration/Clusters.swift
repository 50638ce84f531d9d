import Foundation
import KubernetesClient
import KubernetesRuntime
import Logging
import Orchestration

/// The connections to the configured clusters.
enum Clusters {
    /// Runs `body` with a runtime for each configured cluster, by name, and closes their connections after. Reads credentials before; throws
    /// ``ConfigurationError`` when they can't be used.
    static func with<T: Sendable>(
        _ configured: [String: ServerConfiguration.Runtime], namespacePrefix: String, logger: Logger,
        _ body: ([String: any StackRuntime]) async throws -> T
    ) async throws -> T {
        var clients: [KubernetesClient] = []
        do {
            var runtimes: [String: any StackRuntime] = [:]
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
            let result = try await body(runtimes)
            for client in clients { await client.shutdown() }
            return result
        } catch {
            for client in clients { await client.shutdown() }
            throw error
        }
    }
}
