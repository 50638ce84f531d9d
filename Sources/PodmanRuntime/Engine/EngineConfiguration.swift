import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What decides whether podman, started here, needs settings that are not its own.
struct MachineFacts: Hashable, Sendable {
    var isRoot: Bool
    /// CAP_SYS_RESOURCE: without it a process can't raise its hard limits, not even root's.
    var mayRaiseLimits: Bool
    /// The hard limits of open files and of processes.
    var openFiles: UInt64
    var processes: UInt64

    /// Of this process and machine.
    static func here() -> MachineFacts {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let limits = (try? String(contentsOfFile: "/proc/self/limits", encoding: .utf8)) ?? ""
        return MachineFacts(isRoot: geteuid() == 0, status: status, limits: limits)
    }

    /// - Parameters:
    ///   - status: of `/proc/self/status`.
    ///   - limits: of `/proc/self/limits`.
    init(isRoot: Bool, status: String, limits: String) {
        let capabilities = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }?.split(separator: "\t").last
        let mask = capabilities.flatMap { UInt64($0.trimmingCharacters(in: .whitespaces), radix: 16) } ?? .max
        func hard(_ name: String) -> UInt64 {
            let line = limits.split(separator: "\n").first { $0.hasPrefix(name) }
            return line?.dropFirst(name.count).split(separator: " ").dropFirst().first.flatMap { UInt64($0) } ?? .max
        }
        self.isRoot = isRoot
        mayRaiseLimits = mask & (1 << 24) != 0  // CAP_SYS_RESOURCE is 24 in linux/capability.h
        openFiles = hard("Max open files")
        processes = hard("Max processes")
    }

    /// The `containers.conf` that makes podman work here; nil where its own does.
    ///
    /// podman as root gives every container limits of 1048576 open files and 4194304 processes, unless it is told others. Where it may not
    /// raise its own limits that far, as in an outer container or sandbox, no container starts.
    var containersConfiguration: String? {
        guard isRoot, !mayRaiseLimits, openFiles < 1_048_576 || processes < 4_194_304 else { return nil }
        // Well under the hard limit of processes, because the one that counts is that of podman's children, which may be lower; a
        // container's processes are limited by its control group first.
        let (files, tasks) = (min(openFiles, 1_048_576), min(processes, 16_384))
        return """
            # Made by Slingshot, because this machine does not let podman raise its limits. It is for Slingshot's own podman service.
            [containers]
            default_ulimits = ["nofile=\(files):\(files)", "nproc=\(tasks):\(tasks)"]

            """
    }
}
