import Foundation
import Glibc

/// The folder `state`, made where it is missing, and held by this process alone: two that work on the same stacks would undo each
/// other. The kernel gives the lock back however the process ends.
struct StateDirectory {
    private let descriptor: Int32

    /// Throws ``ConfigurationError`` when it can't be made, or another process holds it.
    init(_ directory: URL) throws {
        do {
            try FileManager.default.createDirectory(
                at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw ConfigurationError("can't make the folder \(directory.path): \(error); check `state` and the rights")
        }
        let path = directory.appending(path: "lock").path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw ConfigurationError("can't open \(path): \(String(cString: strerror(errno))); check `state` and the rights")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw ConfigurationError("another `slingshot serve` uses \(directory.path); stop it, or name another `state`")
        }
    }

    func unlock() { close(descriptor) }
}
