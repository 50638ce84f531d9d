import Foundation
import Logging
import StagingModel

/// Removes what builds leave when they end, or are ended: working containers, the pod and its network, the runtime's notes, temporary files.
struct WorkshopSweep: Sendable {
    let client: PodmanClient
    let prefix: String
    let logger: Logger

    /// All of one build, by its namespace. Throws ``PodmanError`` when podman would not let go of something.
    func remove(_ namespace: String, folder: URL) async throws {
        try await removeContainers { $0 == BuildLabels.mark(namespace) }
        try await removeNetworks(BuildLabels.build(namespace, prefix: prefix))
        await removeFolder(folder)
    }

    /// All of every build but those that are under way: what a crash left. `isAlive` is asked of what was found, so a build that begins
    /// meanwhile loses nothing.
    func removeAll(below folder: URL, except isAlive: @Sendable (_ namespace: String) -> Bool) async throws {
        try await removeContainers { mark in
            guard let namespace = BuildLabels.namespace(ofMark: mark), namespace.hasPrefix(prefix) else { return false }
            return StackName(String(namespace.dropFirst(prefix.count))) != nil && !isAlive(namespace)
        }
        let own = [StackMetadata.managedBy: StackMetadata.manager, BuildLabels.prefix: prefix]
        let networks: [Network] = try await client.list("/networks/json", labels: own)
        let pods: [PodSummary] = try await client.list("/pods/json", labels: own)
        for namespace in Set((networks.map(\.labels) + pods.map(\.labels)).compactMap { $0?[BuildLabels.build] }) where !isAlive(namespace)
        {
            try await removeNetworks(BuildLabels.build(namespace, prefix: prefix))
        }
        for found in (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: [.isDirectoryKey])) ?? [] {
            let isFolder = (try? found.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false
            if isFolder, !isAlive(found.lastPathComponent) { await removeFolder(found) }
        }
    }

    private func removeNetworks(_ labels: [String: String]) async throws {
        let pods: [PodSummary] = try await client.list("/pods/json", labels: labels)
        for pod in pods { try await delete("/pods/\(pod.id)") }
        let networks: [Network] = try await client.list("/networks/json", labels: labels)
        for network in networks { try await delete("/networks/\(network.id)") }
    }

    /// buildah's working containers, which podman lists as "external", and which carry no labels: what they are told of a build is in a file of
    /// the storage's.
    private func removeContainers(where isOurs: (String) -> Bool) async throws {
        struct Container: Decodable {
            var id: String
            private enum CodingKeys: String, CodingKey { case id = "Id" }
        }
        struct Info: Decodable {
            struct Store: Decodable {
                var graphDriverName: String
                var graphRoot: String
            }
            var store: Store
        }
        struct State: Decodable {
            struct Options: Decodable {
                var hosts: [String]?
                private enum CodingKeys: String, CodingKey { case hosts = "AddHost" }
            }
            var options: Options?
            private enum CodingKeys: String, CodingKey { case options = "CommonBuildOpts" }
        }
        let all: [Container] = try await client.all("/containers/json", [("all", "true"), ("external", "true")])
        guard !all.isEmpty else { return }
        let info: Info = try await client.get("/info")
        let folder = URL(filePath: info.store.graphRoot).appending(path: "\(info.store.graphDriverName)-containers")
        for container in all {
            let file = folder.appending(path: container.id).appending(path: "userdata/buildah.json")
            guard let data = try? Data(contentsOf: file), let state = try? JSONDecoder().decode(State.self, from: data) else { continue }
            let hosts = (state.options?.hosts ?? []).compactMap { $0.split(separator: ":").first.map(String.init) }
            if hosts.contains(where: isOurs) { try await delete("/containers/\(container.id)") }
        }
    }

    /// Also what the runtime has noted of steps that were killed: their names are those of buildah's folders.
    private func removeFolder(_ folder: URL) async {
        let temporary = folder.appending(path: "tmp").path
        for name in (try? FileManager.default.contentsOfDirectory(atPath: temporary)) ?? [] where name.hasPrefix("buildah") {
            for runtime in ["crun", "runc"] { _ = try? await Tool.run([runtime, "delete", "--force", "buildah-\(name)"]) }
        }
        try? FileManager.default.removeItem(at: folder)
    }

    private func delete(_ path: String) async throws {
        do { try await client.send(.delete, path, [("force", "true")]) } catch let error as PodmanError where error.isNotFound {}
    }
}
