import Foundation
import Synchronization

/// A file with a bearer token, which kubelet or another program rotates.
final class TokenFile: Sendable {
    private struct Read {
        var token: String
        var at: ContinuousClock.Instant
    }

    private let path: String
    private let last = Mutex<Read?>(nil)

    init(_ path: String) { self.path = path }

    /// The token to send at `now`. The file is read again when what was read is 60 s old. While it can't be read, the last one serves on.
    func value(at now: ContinuousClock.Instant) throws(KubernetesError) -> String {
        let known = last.withLock { $0 }
        if let known, now - known.at < .seconds(60) { return known.token }
        do {
            let token = try Self.read(path)
            last.withLock { $0 = Read(token: token, at: now) }
            return token
        } catch {
            guard let known else { throw error }
            return known.token
        }
    }

    private static func read(_ path: String) throws(KubernetesError) -> String {
        let text = String(decoding: try contents(ofFile: path, limit: 64 << 10), as: UTF8.self)
        let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !token.isEmpty else { throw .configuration("the token file \(path) is empty") }
        return token
    }
}

/// Reads a file that may hold at most `limit` bytes.
func contents(ofFile path: String, limit: Int) throws(KubernetesError) -> [UInt8] {
    guard let file = FileHandle(forReadingAtPath: path) else {
        throw .configuration("\(path) can't be opened; check that it exists and may be read")
    }
    defer { try? file.close() }
    guard let data = try? file.read(upToCount: limit + 1) else { throw .configuration("\(path) can't be read, or is empty") }
    guard data.count <= limit else { throw .configuration("\(path) is larger than \(limit) bytes") }
    return [UInt8](data)
}
