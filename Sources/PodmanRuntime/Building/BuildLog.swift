import Foundation
import StagingModel
import Synchronization

/// The output of each stack's last build, in two files of bounded size: the older lines, and those that are being written.
///
/// One build of a stack writes at a time; readers may come at any moment.
final class BuildLog: Sendable {
    /// Bytes after which a file is put aside, and the one that was aside before is gone.
    static let fileSize = 2 << 20

    let folder: URL
    /// Who wants the next lines of a build under way; empty for one that nobody follows.
    private let followers = Mutex<[StackName: [UUID: AsyncStream<LogLine>.Continuation]]>([:])

    init(folder: URL) { self.folder = folder }

    private func file(_ stack: StackName) -> URL { folder.appending(path: "\(stack).log") }
    private func older(_ stack: StackName) -> URL { folder.appending(path: "\(stack).log.1") }

    /// Forgets the build before.
    func begin(_ stack: StackName) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        forget(stack)
        try Data().write(to: file(stack))
        followers.withLock { $0[stack] = $0[stack] ?? [:] }
    }

    func append(_ lines: [String], of stack: StackName, at now: Date) throws {
        guard !lines.isEmpty else { return }
        let stamp = now.rfc3339
        for follower in followers.withLock({ Array(($0[stack] ?? [:]).values) }) {
            for line in lines { follower.yield(Self.line(stamp, line)) }
        }
        let handle = try FileHandle(forWritingTo: file(stack))
        defer { try? handle.close() }
        let size = try handle.seekToEnd()
        try handle.write(contentsOf: Data(lines.map { "\(stamp) \($0)\n" }.joined().utf8))
        guard size > Self.fileSize else { return }
        try? FileManager.default.removeItem(at: older(stack))
        try FileManager.default.moveItem(at: file(stack), to: older(stack))
        try Data().write(to: file(stack))
    }

    /// No more lines come.
    func end(_ stack: StackName) {
        for follower in followers.withLock({ Array(($0.removeValue(forKey: stack) ?? [:]).values) }) { follower.finish() }
    }

    /// The lines of the build that is under way, from now on; ends with it, and at once when none is. Somebody who reads slower than a build
    /// writes misses lines.
    func follow(_ stack: StackName) -> AsyncStream<LogLine> {
        let (stream, continuation) = AsyncStream.makeStream(of: LogLine.self, bufferingPolicy: .bufferingNewest(1_000))
        let id = UUID()
        let isBuilding = followers.withLock { followers in
            guard followers[stack] != nil else { return false }
            followers[stack]?[id] = continuation
            return true
        }
        if !isBuilding { continuation.finish() }
        continuation.onTermination = { [weak self] _ in self?.leave(stack, id) }
        return stream
    }

    private func leave(_ stack: StackName, _ follower: UUID) { followers.withLock { _ = $0[stack]?.removeValue(forKey: follower) } }

    /// The last lines, oldest first.
    func tail(_ stack: StackName, count: Int) -> [LogLine] {
        var lines = Self.lines(of: file(stack))
        if lines.count < count { lines = Self.lines(of: older(stack)) + lines }
        return lines.suffix(count).compactMap { line in
            guard let space = line.firstIndex(of: " ") else { return nil }
            return Self.line(String(line[..<space]), String(line[line.index(after: space)...]))
        }
    }

    func forget(_ stack: StackName) {
        for file in [file(stack), older(stack)] { try? FileManager.default.removeItem(at: file) }
    }

    func forget(allBut kept: Set<StackName>) {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let stacks = Set(files.filter { $0.contains(".log") }.compactMap { StackName(String($0.prefix { $0 != "." })) })
        for stack in stacks.subtracting(kept) { forget(stack) }
    }

    private static func line(_ time: String, _ text: String) -> LogLine {
        LogLine(pod: "build", container: "build", time: time, text: text)
    }

    private static func lines(of file: URL) -> [Substring] {
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
        return text.split(separator: "\n")
    }
}
