import Dispatch
import Foundation
import Glibc
import Synchronization

/// OpenSSH's server on 127.0.0.1, one process a connection, with keys of its own, for the account that runs the tests.
final class SSHServer: Sendable {
    let folder: TemporaryFolder
    let port: UInt16
    private let listener: Int32

    var user: String { String(cString: getpwuid(geteuid()).pointee.pw_name) }
    var clientKey: String { folder.path + "/client" }
    var knownHosts: String { folder.path + "/known hosts" }

    init() throws {
        folder = try TemporaryFolder()
        for key in ["host", "client", "stranger", "other-host"] {
            _ = try run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder.path + "/" + key], input: Data())
        }
        (listener, port) = try listeningSocket()
        // As root, sshd wants a folder to lock itself up in; Debian's service makes it.
        if geteuid() == 0 { try FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true) }
        let configuration = """
            HostKey \(folder.path)/host
            AuthorizedKeysFile \(folder.path)/client.pub
            StrictModes no
            UsePAM no
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            PermitRootLogin prohibit-password
            PidFile none
            """
        try configuration.write(toFile: folder.path + "/sshd_config", atomically: true, encoding: .utf8)
        try trust("host")
        DispatchQueue(label: "sshd").async { [listener, file = folder.path + "/sshd_config"] in
            while case let connection = accept(listener, nil, nil), connection >= 0 {
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)  // no program that another test starts may keep it open
                let process = try? spawn(["/usr/sbin/sshd", "-i", "-f", file], input: connection, output: connection)
                close(connection)
                if let process { DispatchQueue.global().async { wait(for: process) } }
            }
            close(listener)
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// Makes a key the one that the known hosts have for this server.
    func trust(_ key: String) throws {
        let text = try String(contentsOfFile: folder.path + "/\(key).pub", encoding: .utf8)
        try "[127.0.0.1]:\(port) \(text)".write(toFile: knownHosts, atomically: true, encoding: .utf8)
    }

    func url(of path: String) -> String { "ssh://\(user)@127.0.0.1:\(port)\(path)" }
}

/// A socket that listens on a free port of 127.0.0.1.
func listeningSocket() throws -> (socket: Int32, port: UInt16) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            bind(listener, address, length) + listen(listener, 16) + getsockname(listener, address, &length)
        }
    }
    guard code == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
    return (listener, UInt16(bigEndian: address.sin_port))
}
