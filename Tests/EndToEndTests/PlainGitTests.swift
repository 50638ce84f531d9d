import ControlAPI
import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

/// A bare repository without any forge: pushed branches become stacks by `webhooks/git/post-receive`, with the real program on podman.
@Suite(.serialized, .timeLimit(.minutes(10))) struct PlainGitTests {
    @Test func `a pushed branch becomes a stack, follows it, and ends with it`() async throws {
        try await PodmanServe.run { fixture async throws in
            try fixture.configure(forge: .generic)
            let remote = try await HookedRepository(fixture)
            try await fixture.serving { serving async throws in
                try await remote.tell(serving)
                let title = #"Say "hello" \ $(reboot) ${{ pr.title }} ünïcode 🧺"#
                let opened = try await remote.push(PodmanServeTests.stackFile("one"), title, to: "preview/basket")
                #expect(opened.told.contains("slingshot: preview/basket opened as pull request 1: "), "\(opened.told)")
                #expect(opened.told.contains(#""stack":"shop-1""#) && opened.told.contains("(HTTP 202)"), "\(opened.told)")
                _ = try await serving.cli(["status", "shop-1", "--wait-for", "ready", "--timeout", "2m"])
                let first = try await serving.client.stack("shop-1")
                #expect(first.commit == opened.commit.description)
                #expect(first.pullRequest.title == title)
                #expect(first.pullRequest.branch == "preview/basket")

                let pushed = try await remote.push(PodmanServeTests.stackFile("two"), "Another greeting", to: "preview/basket")
                #expect(pushed.told.contains("preview/basket pushed as pull request 1: "), "\(pushed.told)")
                _ = try await serving.cli(["status", "shop-1", "--wait-for", "ready", "--timeout", "2m"])
                #expect(try await serving.client.stack("shop-1").commit == pushed.commit.description)

                let gone = try await remote.git(["push", "origin", ":preview/basket"]).errors
                #expect(gone.contains("preview/basket closed as pull request 1: "), "\(gone)")
                _ = try await serving.cli(["status", "shop-1", "--wait-for", "destroyed", "--timeout", "2m"])
            }
        }
    }

    /// None of it becomes a stack's workload: the commits have no stack file, so that nothing is applied.
    @Test func `other branches are not told, numbers are not used twice, and a push is never held up`() async throws {
        try await PodmanServe.run { fixture async throws in
            try fixture.configure(forge: .generic)
            let remote = try await HookedRepository(fixture)
            try await fixture.serving { serving async throws in
                try await remote.tell(serving)
                #expect(try await remote.push(["a": "1"], "Nothing to see", to: "feature/x").told == "")
                #expect(try await remote.push(["a": "2"], "One", to: "preview/one").told.contains("as pull request 1: "))
                #expect(try await remote.push(["a": "3"], "Two", to: "preview/two").told.contains("as pull request 2: "))
                _ = try await remote.git(["push", "origin", ":preview/two"])
                #expect(try await remote.push(["a": "4"], "Two again", to: "preview/two").told.contains("opened as pull request 3: "))
                let direct = try await remote.git(["push", "origin", "HEAD:refs/pull/7/head"]).errors
                #expect(direct.contains("refs/pull/7/head opened as pull request 7: "), "\(direct)")
                let merged = try await remote.git(["push", "origin", "HEAD:main", ":preview/one", ":preview/two", ":refs/pull/7/head"])
                    .errors
                #expect(merged.contains("preview/two merged as pull request 3: "), "\(merged)")
                #expect(merged.contains("refs/pull/7/head merged as pull request 7: "), "\(merged)")
                let refs = try await fixture.repository.git(["for-each-ref", "--format=%(refname)", "refs/pull"])
                #expect(refs == "")

                try remote.keep(secret: "another secret")
                let refused = try await remote.push(["a": "5"], "Refused", to: "preview/three").told
                #expect(refused.contains("wrong-signature") && refused.contains("(HTTP 401)"), "\(refused)")
                try remote.keep(secret: nil)
                let unread = try await remote.push(["a": "6"], "Unread", to: "preview/three").told
                #expect(unread.contains("No such file"), "\(unread)")
                for stack in try await serving.client.stacks(includingDestroyed: true) {
                    _ = try await serving.cli(["status", stack.name.description, "--wait-for", "destroyed", "--timeout", "2m"])
                }
            }
        }
    }
}

/// A bare repository with the hook, and somebody's clone of it.
struct HookedRepository: Sendable {
    let repository: GitRepository
    private let clone: URL
    private let secretFile: URL

    init(_ fixture: PodmanServe) async throws {
        repository = fixture.repository
        clone = fixture.directory.appending(path: "clone")
        secretFile = fixture.directory.appending(path: "webhook-secret")
        try await repository.commit(["README": "The shop.\n"], to: "refs/heads/main")
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let hooks = repository.directory.appending(path: "hooks")
        try FileManager.default.createDirectory(at: hooks, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: root.appending(path: "webhooks/git/post-receive"), to: hooks.appending(path: "post-receive"))
        try await ChildProcess.run(URL(filePath: "/usr/bin/git"), ["clone", "--quiet", repository.directory.path, clone.path])
    }

    /// What docs/forges.md has an operator do.
    func tell(_ serving: Serving) async throws {
        try keep(secret: ServeFixture.secret)
        for (key, value) in [
            ("url", serving.address.appending(path: "webhooks/generic").absoluteString), ("secretFile", secretFile.path),
            ("repository", "acme/shop"), ("branches", "preview/*"),
        ] {
            try await repository.git(["config", "slingshot.\(key)", value])
        }
    }

    func keep(secret: String?) throws {
        try? FileManager.default.removeItem(at: secretFile)
        guard let secret else { return }
        let isMade = FileManager.default.createFile(
            atPath: secretFile.path, contents: Data("\(secret)\n".utf8), attributes: [.posixPermissions: 0o600])
        #expect(isMade)
    }

    /// Commits the files on top of main's tree as a new branch or on it, and pushes; returns what the hook said.
    func push(_ files: [String: String], _ title: String, to branch: String) async throws -> (commit: CommitID, told: String) {
        try await git(["checkout", "--quiet", "-B", branch])
        for (path, text) in files {
            let file = clone.appending(path: path)
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        try await git(["add", "--all"])
        try await git(["commit", "--quiet", "--message", title])
        let told = try await git(["push", "--quiet", "origin", branch]).errors
        let head = try await git(["rev-parse", "HEAD"]).output.trimmingCharacters(in: .whitespacesAndNewlines)
        return (try #require(CommitID(head)), told)
    }

    @discardableResult
    func git(_ arguments: [String]) async throws -> (output: String, errors: String) {
        let environment = [
            "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com", "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.com", "GIT_CONFIG_GLOBAL": "/dev/null", "no_proxy": "127.0.0.1",
        ]
        let result = try await ChildProcess.run(URL(filePath: "/usr/bin/git"), ["-C", clone.path] + arguments, environment: environment)
        return (result.output, result.errors)
    }
}
