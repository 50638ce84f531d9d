import Foundation
import StagingModel

/// The output of each stack's last build, in two files of bounded size: the older lines, and those that are being written.
///
/// One build of a stack writes at a time; readers may come at any moment.
struct BuildLog: Sendable {
    /// Bytes after which a file is put aside, and the one that was aside before is gone.
    static let fileSize = 2 << 20

    let folder: URL

    private func file(_ stack: StackName) -> URL { folder.appending(path: "\(stack).log") }
    private func older(_ stack: StackName) -> URL { folder.appending(path: "\(stack).log.1") }

    /// Forgets the build before.
    func begin(_ stack: StackName) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        forget(stack)
        try Data().write(to: file(stack))
    }

    func append(_ lines: [String], of stack: StackName, at now: Date) throws {
        guard !lines.isEmpty else { return }
        let handle = try FileHandle(forWritingTo: file(stack))
        defer { try? handle.close() }
        let size = try handle.seekToEnd()
        let stamp = now.rfc3339
        try handle.write(contentsOf: Data(lines.map { "\(stamp) \($0)\n" }.joined().utf8))
        guard size > Self.fileSize else { return }
        try? FileManager.default.removeItem(at: older(stack))
        try FileManager.default.moveItem(at: file(stack), to: older(stack))
        try Data().write(to: file(stack))
    }

    /// The last lines, oldest first.
    func tail(_ stack: StackName, count: Int) -> [LogLine] {
        var lines = Self.lines(of: file(stack))
        if lines.count < count { lines = Self.lines(of: older(stack)) + lines }
        return lines.suffix(count).compactMap { line in
            guard let space = line.firstIndex(of: " ") else { return nil }
            return LogLine(
                pod: "build", container: "build", time: String(line[..<space]), text: String(line[line.index(after: space)...]))
        }
    }

    func forget(_ stack: StackName) {
        for file in [file(stack), older(stack)] { try? FileManager.default.removeItem(at: file) }
    }

    func forget(allBut kept: Set<StackName>) {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let stacks = Set(files.compactMap { StackName(String($0.prefix { $0 != "." })) })
        for stack in stacks.subtracting(kept) { forget(stack) }
    }

    private static func lines(of file: URL) -> [Substring] {
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
        return text.split(separator: "\n")
    }
}
