import Foundation
import KubernetesClient
import KubernetesRuntime
import Logging
import Orchestration
import PodmanRuntime

/// The connections to the configured engines: clusters, and podman on this machine.
enum Clusters {
    /// Runs `body` with a runtime for each configured engine, by name, and closes their connections after. Reads credentials before; throws
    /// ``ConfigurationError`` when they can't be used.
    ///
    /// - Parameters:
    ///   - state: the folder of the server's state, where podman's own service may write.
    ///   - keeps: whether containers on podman are kept running meanwhile.
    static func with<T: Sendable>(
        _ configured: [String: ServerConfiguration.Runtime], namespacePrefix: String, state: URL, keeps: Bool, logger: Logger,
        _ body: ([String: any StackRuntime]) async throws -> T
    ) async throws -> T {
        var clients: [KubernetesClient] = []
        do {
            var runtimes: [String: any StackRuntime] = [:]
            var podmans: [(name: String, settings: PodmanRuntime.Settings)] = []
            for (name, runtime) in configured.sorted(by: { $0.key < $1.key }) {
                switch runtime {
                case .kubernetes(let kubeconfig, let context):
                    do {
                        let cluster = try ClusterConfiguration.load(kubeconfig: kubeconfig, context: context)
                        let client = try KubernetesClient(cluster, logger: logger)
                        clients.append(client)
                        runtimes[name] = KubernetesRuntime(client: client, namespacePrefix: namespacePrefix, logger: logger)
                    } catch {
                        throw ConfigurationError("runtime \"\(name)\": \(error)")
                    }
                case .podman(let socket):
                    let folder = state.appending(path: "podman", directoryHint: .isDirectory)
                    podmans.append(
                        (
                            name,
                            .init(
                                socket: socket, folder: folder, namespacePrefix: namespacePrefix, keeps: keeps,
                                forwarder: ForwardCommand.program)
                        ))
                }
            }
            let result = try await with(podmans[...], runtimes, logger: logger, body)
            for client in clients { await client.shutdown() }
            return result
        } catch {
            for client in clients { await client.shutdown() }
            throw error
        }
    }

    private static func with<T: Sendable>(
        _ podmans: ArraySlice<(name: String, settings: PodmanRuntime.Settings)>, _ runtimes: [String: any StackRuntime], logger: Logger,
        _ body: ([String: any StackRuntime]) async throws -> T
    ) async throws -> T {
        guard let first = podmans.first else { return try await body(runtimes) }
        return try await PodmanRuntime.with(first.settings, logger: logger) { runtime in
            var runtimes = runtimes
            runtimes[first.name] = runtime
            return try await with(podmans.dropFirst(), runtimes, logger: logger, body)
        }
    }
}
