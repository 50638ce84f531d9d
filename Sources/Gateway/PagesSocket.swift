import Foundation
import Glibc

extension GatewaySettings {
    /// Makes the folder of ``socket`` where there is none. Throws ``GatewayError``.
    public func preparePagesSocket() throws {
        guard let socket else { return }
        let folder = URL(filePath: socket).deletingLastPathComponent().path
        guard !FileManager.default.fileExists(atPath: folder) else { return }
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: group == nil ? 0o700 : 0o710])
        } catch {
            throw GatewayError.refused("can't make the folder \(folder): \(error); make it, or correct `routing.caddy.socket`")
        }
        try giveToGroup(folder)
    }

    /// Once it is there: who may ask. Whoever may open it learns which stacks there are, and where they listen; so nobody else may.
    func openPagesSocket() throws {
        try openToGroup(pagesSocket, mode: 0o660)
    }

    /// Gives what was made for one user to ``group`` too, where there is one. Throws ``GatewayError``.
    func openToGroup(_ path: String, mode: mode_t) throws {
        guard group != nil else { return }
        try giveToGroup(path)
        guard chmod(path, mode) == 0 else { throw Self.failure("open \(path) to its group") }
    }

    private func giveToGroup(_ path: String) throws {
        guard let group else { return }
        guard let entry = getgrnam(group) else { throw GatewayError.refused("there is no group \(group); correct `routing.caddy.group`") }
        guard chown(path, uid_t.max, entry.pointee.gr_gid) == 0 else { throw Self.failure("give \(path) to the group \(group)") }
    }

    private static func failure(_ what: String) -> GatewayError {
        .refused("can't \(what): \(String(cString: strerror(errno))); run serve as a member of `routing.caddy.group`")
    }
}
