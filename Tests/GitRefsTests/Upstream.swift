import Foundation
import StagingModel
import Testing

/// A folder that lives as long as its owner.
final class TemporaryFolder: Sendable {
    let url = FileManager.default.temporaryDirectory.appending(path: "git-refs-\(UUID().uuidString)")
    var path: String { url.path }

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: url) }
}

/// A real bare repository, made by the `git` command, to fetch from.
final class Upstream: Sendable {
    enum Entry {
        case file(String)
        case bytes([UInt8])
        case link(String)
        case submodule
    }

    let folder: TemporaryFolder
    var path: String { folder.url.appending(path: "shop.git").path }

    init() throws {
        folder = try TemporaryFolder()
        try git("init", "--quiet", "--bare", path)
    }

    /// Points `ref` at a new commit with exactly these files, whatever it was before.
    @discardableResult
    func commit(_ files: [String: Entry], to ref: String = "refs/pull/7/head", after parent: CommitID? = nil) throws -> CommitID {
        var stream = Data()
        func line(_ text: String) { stream.append(Data((text + "\n").utf8)) }
        func content(_ bytes: [UInt8]) {
            line("data \(bytes.count)")
            stream.append(Data(bytes))
            line("")
        }
        line("commit \(ref)")
        line("committer Ada <ada@example.com> 1700000000 +0000")
        content(Array("change".utf8))
        if let parent { line("from \(parent)\ndeleteall") }
        for (path, entry) in files {
            switch entry {
            case .file(let text):
                line("M 100644 inline \(path)")
                content(Array(text.utf8))
            case .bytes(let bytes):
                line("M 100755 inline \(path)")
                content(bytes)
            case .link(let target):
                line("M 120000 inline \(path)")
                content(Array(target.utf8))
            case .submodule:
                line("M 160000 \(String(repeating: "1", count: 40)) \(path)")
            }
        }
        try git("-C", path, "fast-import", "--quiet", "--force", input: stream)
        return try resolve(ref)
    }

    /// Points `ref` at a commit of a tree that git's own commands would not make. Each line is as `git mktree` reads it, with `BLOB`
    /// and `EMPTY` for a one-line file and the empty tree.
    func commitTree(_ lines: [String], to ref: String = "refs/pull/7/head") throws -> CommitID {
        let blob = try git("-C", path, "hash-object", "-w", "--stdin", input: Data("x\n".utf8))
        let empty = try git("-C", path, "mktree")
        let text = lines.joined(separator: "\n").replacing("BLOB", with: blob).replacing("EMPTY", with: empty)
        let tree = try git("-C", path, "mktree", "--missing", input: Data((text + "\n").utf8))
        let commit = try git("-C", path, "commit-tree", tree, "-m", "odd")
        try git("-C", path, "update-ref", ref, commit)
        return try resolve(ref)
    }

    func resolve(_ ref: String) throws -> CommitID { try #require(CommitID(git("-C", path, "rev-parse", ref + "^{commit}"))) }
}

struct CommandFailed: Error {
    var command: [String]
    var status: Int32
}

/// Runs git without the machine's configuration, and returns what it printed, trimmed.
@discardableResult
func git(_ arguments: String..., input: Data = Data()) throws -> String {
    let output = try run(["git"] + arguments, input: input)
    return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
}

func run(_ command: [String], environment: [String: String] = [:], input: Data) throws -> Data {
    let isolated = [
        "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com",
        "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com",
    ]
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: "input")
    try input.write(to: file)
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    process.environment = ProcessInfo.processInfo.environment.merging(isolated) { $1 }.merging(environment) { $1 }
    process.standardInput = try FileHandle(forReadingFrom: file)
    process.standardOutput = output
    try process.run()
    let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CommandFailed(command: command, status: process.terminationStatus) }
    return bytes
}
