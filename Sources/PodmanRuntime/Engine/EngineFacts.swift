import Foundation
import Orchestration

/// What podman says of itself and of its machine, as far as it matters to stacks.
struct EngineFacts: Hashable, Sendable {
    var version: String
    var isRootless: Bool
    /// Who podman runs as, of the machine's users.
    var user: Int
    var networkBackend: String
    /// The version of the control groups: `v1` or `v2`.
    var controlGroups: String
    /// What a user's podman may limit.
    var controllers: Set<String>
    var storageDriver: String
    /// Where images and containers are.
    var storage: String
    /// Where podman keeps what does not outlive the machine's next start.
    var runRoot: String
    /// podman's own profile of system calls, a file of its machine; nil where it uses none.
    var seccompProfile: String?

    static let oldest = (4, 3)
    /// What the limits of containers need.
    private static let neededControllers = ["cpu", "memory", "pids"]

    /// Why stacks can't run here, with the fix; nil when they can.
    ///
    /// - Parameters:
    ///   - caller: the user of this process; root's podman is for whoever may use its socket.
    ///   - hasFolder: whether a folder is there.
    func problem(caller: Int, hasFolder: (String) -> Bool) -> String? {
        if let problem = Self.problem(version: version) { return problem }
        guard networkBackend == "netavark" else {
            return
                "podman uses the network backend \(networkBackend.oneLine(limit: 40)); install netavark and aardvark-dns, set network_backend = \"netavark\" in containers.conf, and run podman system reset once"
        }
        guard isRootless else { return nil }
        guard caller == user else {
            return "this podman is that of user \(user); run Slingshot as that user, or set `socket` to your own podman"
        }
        // podman 4 binds a folder of its own over /var/lib/cni, and without that over what is above it, and then finds nothing below /var/lib.
        if Self.numbers(version)?.first == 4, storage.hasPrefix("/var/lib/"), !hasFolder("/var/lib/cni") {
            return "podman's storage is in \(storage), which this version can't use without a folder /var/lib/cni; mkdir /var/lib/cni"
        }
        let missing = Self.neededControllers.filter { !controllers.contains($0) }
        guard controlGroups != "v2" || missing.isEmpty else {
            return
                "this podman may not limit \(missing.joined(separator: ", ")); give its unit, or user@\(user).service, Delegate=cpu memory pids, and restart it"
        }
        return nil
    }

    /// What works, but not as one may think.
    var warnings: [String] {
        var warnings: [String] = []
        if isRootless, controlGroups != "v2" {
            warnings.append(
                "limits of cpu, memory and processes have no effect: podman without root can't set them with control groups v1; boot with systemd.unified_cgroup_hierarchy=1, or use root's podman"
            )
        }
        if storageDriver == "vfs" {
            warnings.append(
                "podman copies its whole image for each container (storage driver vfs); set driver = \"overlay\" in storage.conf before the first image"
            )
        }
        return warnings
    }

    /// Why a version can't be used; nil when it can.
    static func problem(version: String) -> String? {
        guard let numbers = numbers(version) else {
            return "podman says that its version is \(version.oneLine(limit: 40)); 4.3 or newer is needed"
        }
        return (numbers[0], numbers[1]) >= oldest ? nil : "podman \(version.oneLine(limit: 40)) is too old; install 4.3 or newer"
    }

    private static func numbers(_ version: String) -> [Int]? {
        let numbers = version.split(separator: ".").prefix(2).compactMap { Int($0.prefix { $0.isNumber }) }
        return numbers.count == 2 ? numbers : nil
    }
}

extension EngineFacts {
    /// From podman's answer to `GET /info`.
    init(info: Info) {
        self.init(
            version: info.version.version, isRootless: info.host.security.rootless,
            user: info.host.mappings?.users?.first { $0.inside == 0 }?.outside ?? 0, networkBackend: info.host.networkBackend ?? "cni",
            controlGroups: info.host.cgroupVersion, controllers: Set(info.host.cgroupControllers ?? []),
            storageDriver: info.store.graphDriverName, storage: info.store.graphRoot, runRoot: info.store.runRoot,
            seccompProfile: info.host.security.seccompProfilePath.flatMap { $0.isEmpty ? nil : $0 })
    }

    /// The JSON names are podman's.
    struct Info: Decodable {
        struct Version: Decodable {
            var version: String
            private enum CodingKeys: String, CodingKey { case version = "Version" }
        }
        struct Host: Decodable {
            struct Security: Decodable {
                var rootless: Bool
                var seccompProfilePath: String?
            }
            struct Mappings: Decodable {
                struct User: Decodable {
                    var inside: Int
                    var outside: Int
                    private enum CodingKeys: String, CodingKey {
                        case inside = "container_id"
                        case outside = "host_id"
                    }
                }
                var users: [User]?
                private enum CodingKeys: String, CodingKey { case users = "uidmap" }
            }
            var networkBackend: String?
            var cgroupVersion: String
            var cgroupControllers: [String]?
            var security: Security
            var mappings: Mappings?
            private enum CodingKeys: String, CodingKey {
                case networkBackend, cgroupVersion, cgroupControllers, security
                case mappings = "idMappings"
            }
        }
        struct Store: Decodable {
            var graphDriverName: String
            var graphRoot: String
            var runRoot: String
        }

        var version: Version
        var host: Host
        var store: Store
    }
}
