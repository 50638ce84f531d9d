import Foundation
import Glibc
import Orchestration
import StagingModel

/// What Slingshot needs of the machine that it runs on: its state's folder, and a name for its stacks.
struct MachineCheckup: Sendable {
    let configuration: ServerConfiguration

    private let area = "machine"

    func findings() async -> [Finding] {
        async let name = name()
        return [state(), await name]
    }

    private func state() -> Finding {
        let folder = configuration.state
        // What `serve` makes at its start is made where its parent is.
        var place = folder
        while !FileManager.default.fileExists(atPath: place.path), place.pathComponents.count > 1 { place.deleteLastPathComponent() }
        guard access(place.path, W_OK | X_OK) == 0 else {
            return .failed(
                area, "state", "\(folder.path) can't be written",
                fix: "give the account that runs `serve` that folder, or name another `state`")
        }
        var disk = statvfs()
        guard statvfs(place.path, &disk) == 0 else { return .ok(area, "state", folder.path) }
        let free = (UInt64(disk.f_bavail) * UInt64(disk.f_frsize)) >> 20
        guard free >= 1_024 else {
            return .warning(
                area, "state", "\(folder.path) has \(free) MiB left", fix: "free some space: the database and git's mirrors are there")
        }
        return .ok(area, "state", "\(folder.path) can be written; \(free >> 10) GiB are free")
    }

    private func name() async -> Finding {
        let addressing = configuration.policy.addressing
        let host = "doctor.\(addressing.domain)"
        if addressing.isLocal { return .ok(area, "DNS", "browsers take *.\(addressing.domain) for this machine; nobody else can look") }
        let addresses = await Self.addresses(of: host)
        guard !addresses.isEmpty else {
            return .failed(
                area, "DNS", "\(host) has no address: stacks can't be reached by their names",
                fix:
                    "add the record *.\(addressing.domain) with the address of the \(configuration.gateway == nil ? "ingress controller" : "gateway")"
            )
        }
        return .ok(area, "DNS", "*.\(addressing.domain) is \(addresses.joined(separator: ", "))")
    }

    /// By the machine's own resolver; none when there is no such name.
    static func addresses(of host: String) async -> [String] {
        await withCheckedContinuation { continuation in
            // getaddrinfo(3) blocks as long as it likes.
            Thread.detachNewThread {
                var hints = addrinfo()
                hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
                var list: UnsafeMutablePointer<addrinfo>?
                defer { freeaddrinfo(list) }
                guard getaddrinfo(host, nil, &hints, &list) == 0 else { return continuation.resume(returning: []) }
                var found: [String] = []
                var next = list
                while let entry = next?.pointee {
                    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
                    if getnameinfo(entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 {
                        found.append(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
                    }
                    next = entry.ai_next
                }
                continuation.resume(returning: found)
            }
        }
    }
}
