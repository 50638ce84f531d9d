public import Foundation
public import StagingModel

/// A real bare repository with pull-request refs, made by `git`.
public struct GitRepository: Sendable {
    public let directory: URL

    /// Makes an empty one.
    public init(at directory: URL) async throws {
        self.directory = directory
        try await Self.git(["init", "--quiet", "--bare", "--initial-branch=main", directory.path], in: nil)
    }

    /// Commits `files` as the whole tree, with the present commit of `ref` as its parent, and moves `ref` there.
    @discardableResult
    public func commit(_ files: [String: String], to ref: String, message: String = "A change") async throws -> CommitID {
        let index = directory.appending(path: "index-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: index) }
        for (path, text) in files {
            let source = directory.appending(path: "blob-\(UUID().uuidString)")
            try Data(text.utf8).write(to: source)
            defer { try? FileManager.default.removeItem(at: source) }
            let blob = try await git(["hash-object", "-w", source.path])
            try await git(["update-index", "--add", "--cacheinfo", "100644,\(blob),\(path)"], environment: ["GIT_INDEX_FILE": index])
        }
        let tree = try await git(["write-tree"], environment: ["GIT_INDEX_FILE": index])
        let parent = try? await git(["rev-parse", "--verify", "--quiet", ref])
        let commit = try await git(["commit-tree", tree, "-m", message] + (parent.map { ["-p", $0] } ?? []))
        try await git(["update-ref", ref, commit])
        guard let id = CommitID(commit) else { throw ChildProcess.Failure("git made no commit: \(commit)") }
        return id
    }

    @discardableResult
    public func git(_ arguments: [String], environment: [String: String] = [:]) async throws -> String {
        try await Self.git(arguments, in: directory, environment: environment)
    }

    @discardableResult
    private static func git(_ arguments: [String], in directory: URL?, environment: [String: String] = [:]) async throws -> String {
        let identity = [
            "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "GIT_AUTHOR_NAME": "Test",
            "GIT_AUTHOR_EMAIL": "test@example.com",
            "GIT_COMMITTER_NAME": "Test", "GIT_COMMITTER_EMAIL": "test@example.com",
            // a test may have given it to another user
            "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
        ]
        let result = try await ChildProcess.run(
            URL(filePath: "/usr/bin/git"), arguments, environment: identity.merging(environment) { _, new in new }, directory: directory)
        return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
