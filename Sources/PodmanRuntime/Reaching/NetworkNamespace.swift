import Foundation

/// The network namespace in which a user's podman has the bridges of its networks. podman makes it with the first container that runs, and
/// drops it after the last.
struct NetworkNamespace: Equatable, Sendable {
    /// The kernel's name for it, such as `net:[4026532319]`; no other has it as long as a process is in it.
    var identity: String
    /// A process in it, by which it can be entered; there may be others.
    var member: Int

    static func == (one: NetworkNamespace, other: NetworkNamespace) -> Bool { one.identity == other.identity }

    /// The namespace as it is now; nil while nothing runs.
    ///
    /// It is found by podman's name server, which runs in it. Netavark writes the number of that process below podman's `runRoot`, whatever
    /// the version; where podman keeps the namespace's own file differs from version to version.
    static func current(runRoot: String) -> NetworkNamespace? {
        let files = FileManager.default
        guard let text = try? String(contentsOfFile: "\(runRoot)/networks/aardvark-dns/aardvark.pid", encoding: .utf8),
            let process = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)), process > 1,
            // the number may be another process's by now
            let name = try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8), name == "aardvark-dns\n",
            let identity = try? files.destinationOfSymbolicLink(atPath: "/proc/\(process)/ns/net")
        else { return nil }
        return NetworkNamespace(identity: identity, member: process)
    }

    /// What is put before a program and its arguments to run it in the network namespace of a process of the user's podman, with the rights
    /// that root has in there. The user who owns podman's user namespace may do that, and nobody else but root.
    static func entering(_ process: Int) -> [String] {
        ["nsenter", "--preserve-credentials", "--user", "--net", "--target", "\(process)"]
    }

    /// A name for a folder: the number in the identity.
    var number: String { identity.filter(\.isNumber) }
}
