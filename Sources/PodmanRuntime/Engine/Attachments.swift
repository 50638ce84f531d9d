import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What root's podman has in the kernel and with its name server for the containers of one network.
///
/// podman takes down that a container is attached once it is. Killed in between, it never takes that away again: the bridge stays when its
/// network goes, with the old address, and so does the name server's list. The next network of the same name would get both.
struct Attachments {
    /// The bridge.
    let interface: String
    /// The network's name.
    let network: String
    /// The name server's lists, a file a network, and its process. A user's podman has them elsewhere, and in a namespace that ends with it.
    var lists = URL(filePath: "/run/containers/networks/aardvark-dns")
    var interfaces = URL(filePath: "/sys/class/net")

    /// Removes what is left of a network that is gone. Nothing but the removal of a leftover is tried, and none is worth an error.
    func remove() async throws {
        let files = FileManager.default
        let bridge = interfaces.appending(path: interface)
        if files.fileExists(atPath: bridge.path) {
            // of containers that podman does not know
            for namespace in try await namespaces() { _ = try await Tool.run(["ip", "netns", "delete", namespace]) }
            _ = try await Tool.run(["ip", "link", "delete", interface])
        }
        let list = lists.appending(path: network)
        if files.fileExists(atPath: list.path) {
            try? files.removeItem(at: list)
            let text = try? String(contentsOf: lists.appending(path: "aardvark.pid"), encoding: .utf8)
            // it reads its lists again
            if let process = text.flatMap({ Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }), process > 1 {
                kill(process, SIGHUP)
            }
        }
    }

    /// The network namespaces at the other ends of what the bridge connects.
    private func namespaces() async throws -> [String] {
        struct Port: Decodable {
            var namespace: Int?
            private enum CodingKeys: String, CodingKey { case namespace = "link_netnsid" }
        }
        struct Namespace: Decodable {
            var nsid: Int
            var name: String?
        }
        func read<Value: Decodable>(_ command: [String]) async throws -> [Value] {
            (try? JSONDecoder().decode([Value].self, from: Data(try await Tool.run(command).output.utf8))) ?? []
        }
        let ports: [Port] = try await read(["ip", "-j", "link", "show", "master", interface])
        let names: [Namespace] = try await read(["ip", "-j", "netns", "list-id"])
        let connected = Set(ports.compactMap(\.namespace))
        return names.filter { connected.contains($0.nsid) }.compactMap(\.name)
    }
}
