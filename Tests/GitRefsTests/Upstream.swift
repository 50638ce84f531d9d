import Foundation
import Glibc
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
    let (source, target) = (folder.url.appending(path: "input"), folder.url.appending(path: "output"))
    try input.write(to: source)
    try Data().write(to: target)
    let (reading, writing) = (open(source.path, O_RDONLY | O_CLOEXEC), open(target.path, O_WRONLY | O_CLOEXEC))
    defer {
        close(reading)
        close(writing)
    }
    let process = try spawn(command, environment: isolated.merging(environment) { $1 }, input: reading, output: writing)
    let status = wait(for: process)
    guard status == 0 else { throw CommandFailed(command: command, status: status) }
    return try Data(contentsOf: target)
}

/// Starts a program with these as its standard input and output. Foundation's `Process` has crashed when many threads used it at once, and
/// its children inherit a mask that blocks SIGTERM.
func spawn(_ command: [String], environment: [String: String] = [:], input: Int32, output: Int32) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, input, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
    var arguments = command.map { strdup($0) } + [nil]
    var values = variables.map { strdup($0) } + [nil]
    defer {
        posix_spawn_file_actions_destroy(&actions)
        posix_spawnattr_destroy(&attributes)
        (arguments + values).forEach { free($0) }
    }
    var process: pid_t = 0
    let code = posix_spawnp(&process, command[0], &actions, &attributes, &arguments, &values)
    guard code == 0 else { throw CommandFailed(command: command, status: code) }
    return process
}

/// The exit status of a child, or -1 when a signal ended it.
@discardableResult
func wait(for process: pid_t) -> Int32 {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 { guard errno == EINTR else { return -1 } }
    return status & 0x7F == 0 ? (status >> 8) & 0xFF : -1
}
