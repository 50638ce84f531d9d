import Foundation
import StagingModel

/// Which system calls containers may make: podman's own profile without those that make namespaces and mounts.
///
/// podman allows these so that podman can run in a container. In a user namespace of its own a process has all privileges over what it makes
/// there, which opens much of the kernel to it: packet filters, odd network devices, file systems. On a cluster the standard profile refuses
/// them too.
enum SeccompProfile {
    private static let withheld: Set = [
        "unshare", "setns", "mount", "umount", "umount2", "pivot_root", "fsopen", "fsconfig", "fsmount", "fspick", "move_mount",
        "open_tree",
        "mount_setattr", "keyctl", "add_key", "request_key",
    ]
    /// All flags of clone(2) that begin with CLONE_NEW.
    private static let namespaceFlags: Int64 = 0x7E02_0000

    /// - Parameter podmans: the text of podman's profile, in the format of `containers/common`.
    /// - Returns: nil when it can't be read as one.
    static func own(from podmans: Data) -> JSONValue? {
        guard var profile = try? JSONDecoder().decode(JSONValue.self, from: podmans), let rules = profile["syscalls"]?.array else {
            return nil
        }
        var own = rules.compactMap { rule -> JSONValue? in
            guard rule["action"] == "SCMP_ACT_ALLOW", rule["includes"]?["caps"] == nil else { return rule }
            var rule = rule
            let names = (rule["names"]?.array ?? []).filter { name in
                // glibc falls back to clone where clone3, whose flags can't be looked into, is not there
                name.string.map { !withheld.contains($0) && $0 != "clone" && $0 != "clone3" } ?? false
            }
            rule["names"] = .array(names)
            return names.isEmpty ? nil : rule
        }
        own.append([
            "names": ["clone"], "action": "SCMP_ACT_ALLOW",
            "args": [["index": 0, "value": .integer(namespaceFlags), "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"]],
            "excludes": ["arches": ["s390", "s390x"]],
        ])
        // there the flags are the second argument
        own.append([
            "names": ["clone"], "action": "SCMP_ACT_ALLOW",
            "args": [["index": 1, "value": .integer(namespaceFlags), "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"]],
            "includes": ["arches": ["s390", "s390x"]],
        ])
        own.append([
            "names": .array(withheld.sorted().map { .string($0) }), "action": "SCMP_ACT_ERRNO", "errnoRet": .integer(Int64(EPERM)),
            "excludes": ["caps": ["CAP_SYS_ADMIN"]],
        ])
        profile["syscalls"] = .array(own)
        return profile
    }

    /// Writes the profile into a folder, and returns its path; nil where podman has none to begin with.
    static func write(into folder: URL, from podmans: String) throws -> String? {
        guard let text = FileManager.default.contents(atPath: podmans), let profile = own(from: text) else { return nil }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let file = folder.appending(path: "seccomp.json")
        try Data(profile.canonicalBytes).write(to: file, options: .atomic)
        return file.path
    }
}
