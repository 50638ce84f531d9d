import Foundation
import Logging
import Orchestration
import StagingModel
import Testing

@testable import GitRefs

@Suite struct FetchTests {
    let upstream: Upstream
    let state: TemporaryFolder
    let refs: GitRefs

    init() throws {
        upstream = try Upstream()
        state = try TemporaryFolder()
        refs = GitRefs(state)
    }

    @Test(arguments: ["", "file://"]) func fetchesAPullRequest(scheme: String) async throws {
        let commit = try upstream.commit(["a.txt": .file("one")])
        let shop = settings(scheme + upstream.path)
        #expect(try await refs.fetch("refs/pull/7/head", of: shop) == commit)
        #expect(try await refs.file("a.txt", at: commit, of: shop, limit: 3) == Array("one".utf8))
    }

    /// For `doctor`: nothing is transferred, and an empty repository is one too.
    @Test func aServerIsReachedWithoutFetching() async throws {
        let shop = settings(upstream.path)
        try await refs.reach(shop)
        let commit = try upstream.commit(["a.txt": .file("one")])
        try await refs.reach(shop)
        #expect(try !FileManager.default.subpathsOfDirectory(atPath: state.path).contains { $0.contains(commit.description.dropFirst(2)) })
        let gone = await #expect(throws: StepError.self) { try await refs.reach(settings(upstream.path + "-gone")) }
        #expect(gone?.message.contains("fetching HEAD from") == true)
    }

    @Test func fetchesABranchByItsFullName() async throws {
        let commit = try upstream.commit(["a.txt": .file("one")], to: "refs/heads/feature/x")
        #expect(try await refs.fetch("refs/heads/feature/x", of: settings(upstream.path)) == commit)
    }

    @Test func followsPushes() async throws {
        let shop = settings(upstream.path)
        let first = try upstream.commit(["a.txt": .file("one")])
        _ = try await refs.fetch("refs/pull/7/head", of: shop)
        let second = try upstream.commit(["a.txt": .file("two")], after: first)
        #expect(try await refs.fetch("refs/pull/7/head", of: shop) == second)
        #expect(try await refs.file("a.txt", at: second, of: shop, limit: 9) == Array("two".utf8))
        #expect(try await refs.contains(first, in: second, of: shop))
        #expect(try await !refs.contains(second, in: first, of: shop))
    }

    @Test func followsAForcePushToUnrelatedHistory() async throws {
        let shop = settings(upstream.path)
        let first = try upstream.commit(["a.txt": .file("one")])
        _ = try await refs.fetch("refs/pull/7/head", of: shop)
        let second = try upstream.commit(["b.txt": .file("two")])
        #expect(try await refs.fetch("refs/pull/7/head", of: shop) == second)
        #expect(try await !refs.contains(first, in: second, of: shop))
    }

    @Test func fetchingAgainWithoutAPushTransfersNothing() async throws {
        let shop = settings(upstream.path)
        let commit = try upstream.commit(["a.txt": .file("one")])
        _ = try await refs.fetch("refs/pull/7/head", of: shop)
        let before = try packs()
        #expect(try await refs.fetch("refs/pull/7/head", of: shop) == commit)
        #expect(try packs() == before)
    }

    @Test func peelsAnAnnotatedTag() async throws {
        let commit = try upstream.commit(["a.txt": .file("one")])
        try git("-C", upstream.path, "tag", "-a", "-m", "v1", "v1", commit.description)
        #expect(try await refs.fetch("refs/tags/v1", of: settings(upstream.path)) == commit)
    }

    @Test func refusesARefThatNamesNoCommit() async throws {
        _ = try upstream.commit(["a.txt": .file("one")])
        try git("-C", upstream.path, "update-ref", "refs/odd/tree", git("-C", upstream.path, "rev-parse", "refs/pull/7/head^{tree}"))
        await #expect(
            throws: StepError(
                "refs/odd/tree in \(upstream.path) does not name a commit; name a branch, a pull request or a tag", isRetryable: false)
        ) {
            try await refs.fetch("refs/odd/tree", of: settings(upstream.path))
        }
    }

    @Test func saysThatARefDoesNotExist() async throws {
        _ = try upstream.commit(["a.txt": .file("one")], to: "refs/pull/77/head")
        await #expect(throws: StepError("refs/pull/7/head does not exist in \(upstream.path)", isRetryable: false)) {
            try await refs.fetch("refs/pull/7/head", of: settings(upstream.path))
        }
    }

    @Test(arguments: ["", "file://"]) func saysThatARepositoryDoesNotExist(scheme: String) async throws {
        let url = scheme + state.path + "/nothing:here.git"
        let error = try await #require(throws: StepError.self) { try await refs.fetch("refs/pull/7/head", of: settings(url)) }
        #expect(error.message.hasPrefix("there is no readable git repository at \(url); correct the repository's url"))
        #expect(!error.isRetryable)
    }

    @Test(arguments: [
        "", "main", "heads/main", "refs/", "refs/heads/*", "refs/heads/../../x", "refs/heads/a:refs/heads/b", "+refs/heads/a",
        "refs/heads/a b",
        "refs/heads/a\0b", "refs/heads/a.lock", "refs/heads/a\n", "-refs/heads/a", "refs//heads", "refs/heads/@{1}",
    ]) func refusesHostileRefNames(name: String) async throws {
        let error = try await #require(throws: StepError.self) { try await refs.fetch(name, of: settings(upstream.path)) }
        #expect(error.message.hasSuffix("is not a full ref name; use one such as refs/pull/7/head"))
        #expect(!error.isRetryable)
        #expect(!FileManager.default.fileExists(atPath: state.path + "/git"))
    }

    @Test func doesNotFetchTagsAlong() async throws {
        let commit = try upstream.commit(["a.txt": .file("one")])
        try git("-C", upstream.path, "tag", "v1", commit.description)
        _ = try await refs.fetch("refs/pull/7/head", of: settings(upstream.path))
        #expect(try git("-C", mirror, "for-each-ref", "--format=%(objectname)") == commit.description)
    }

    @Test func ignoresAnAddressInTheMirrorsOwnConfiguration() async throws {
        let shop = settings(upstream.path)
        let other = try Upstream()
        try other.commit(["evil.txt": .file("evil")])
        let first = try upstream.commit(["a.txt": .file("one")])
        _ = try await refs.fetch("refs/pull/7/head", of: shop)
        try git("-C", mirror, "remote", "add", "origin", other.path)
        try git("-C", mirror, "config", "url.\(other.path).insteadOf", "file://\(upstream.path)")
        let second = try upstream.commit(["a.txt": .file("two")], after: first)
        #expect(try await refs.fetch("refs/pull/7/head", of: shop) == second)
    }

    @Test func ignoresTheUsersGitConfiguration() async throws {
        let other = try Upstream()
        try other.commit(["evil.txt": .file("evil")])
        let commit = try upstream.commit(["a.txt": .file("one")])
        let configuration = "[url \"file://\(other.path)\"]\n  insteadOf = file://\(upstream.path)\n"
        try configuration.write(toFile: state.path + "/.gitconfig", atomically: true, encoding: .utf8)
        // HOME counts for the whole process, and libgit2 reads it when it starts.
        await #expect(processExitsWith: .success) {
            [home = state.path as String, url = upstream.path as String, expected = commit.description as String] in
            setenv("HOME", home, 1)
            let refs = GitRefs(directory: URL(filePath: home).appending(path: "git"), logger: Logger(label: "test")) { _ in nil }
            let commit = try await refs.fetch("refs/pull/7/head", of: settings("file://" + url))
            #expect(commit.description == expected)
        }
    }

    /// The check of a ref's name was once the first call into libgit2, before it was started, and crashed.
    @Test func theFirstCallOfAProcessMayBeAHostileName() async {
        await #expect(processExitsWith: .success) {
            let refs = GitRefs(directory: URL(filePath: "/nowhere"), logger: Logger(label: "test")) { _ in nil }
            await #expect(throws: StepError.self) { try await refs.fetch("refs/heads/*", of: settings("/nowhere")) }
        }
    }

    @Test func takesUpTheMirrorsOfAnEarlierProcess() async throws {
        let shop = settings(upstream.path)
        let first = try upstream.commit(["a.txt": .file("one")])
        _ = try await refs.fetch("refs/pull/7/head", of: shop)
        let later = GitRefs(state)
        #expect(try await later.file("a.txt", at: first, of: shop, limit: 9) == Array("one".utf8))
        let second = try upstream.commit(["a.txt": .file("two")], after: first)
        #expect(try await later.fetch("refs/pull/7/head", of: shop) == second)
    }

    @Test func readsASourceOfAnotherUser() async throws {
        let commit = try upstream.commit(["a.txt": .file("one")])
        // Only root can give a folder away; for others the source stays their own, which has to work just as well.
        if geteuid() == 0 { try FileManager.default.setAttributes([.ownerAccountID: 65_534], ofItemAtPath: upstream.path) }
        #expect(try await refs.fetch("refs/pull/7/head", of: settings(upstream.path)) == commit)
    }

    @Test func manyFetchesOfOneMirrorAtOnce() async throws {
        let shop = settings(upstream.path)
        let commits = try (1...8).map { try upstream.commit(["a.txt": .file("\($0)")], to: "refs/pull/\($0)/head") }
        let fetched = try await withThrowingTaskGroup { group in
            for number in 1...8 { group.addTask { (number, try await refs.fetch("refs/pull/\(number)/head", of: shop)) } }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect((1...8).map { fetched[$0] } == commits)
    }

    @Test func fetchesOfManyMirrorsAtOnce() async throws {
        let commit = try upstream.commit(["a.txt": .file("one")])
        let names = ["red", "green", "blue", "grey"]
        let fetched = try await withThrowingTaskGroup { group in
            for name in names { group.addTask { try await refs.fetch("refs/pull/7/head", of: settings(upstream.path, name: name)) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(fetched == Array(repeating: commit, count: 4))
        #expect(try Set(FileManager.default.contentsOfDirectory(atPath: state.path + "/git")) == Set(names.map { $0 + ".git" }))
    }

    @Test func aTaskThatIsCancelledAlreadyDoesNothing() async throws {
        try upstream.commit(["a.txt": .file("one")])
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await refs.fetch("refs/pull/7/head", of: settings(upstream.path))
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(!FileManager.default.fileExists(atPath: state.path + "/git"))
    }

    /// A file system has one name for a file and a folder, and some have one for both cases.
    @Test func refsThatComeAndGoDoNotCollide() async throws {
        let shop = settings(upstream.path)
        let first = try upstream.commit(["a.txt": .file("one")], to: "refs/heads/a")
        #expect(try await refs.fetch("refs/heads/a", of: shop) == first)
        try git("-C", upstream.path, "update-ref", "-d", "refs/heads/a")
        let second = try upstream.commit(["a.txt": .file("two")], to: "refs/heads/a/b")
        #expect(try await refs.fetch("refs/heads/a/b", of: shop) == second)
        await #expect(throws: StepError("refs/heads/a does not exist in \(upstream.path)", isRetryable: false)) {
            try await refs.fetch("refs/heads/a", of: shop)
        }
    }

    @Test func runsNoHooks() async throws {
        let shop = settings(upstream.path)
        try upstream.commit(["a.txt": .file("one")])
        _ = try await refs.fetch("refs/pull/7/head", of: shop)
        let second = try upstream.commit(["a.txt": .file("two")])
        for folder in [mirror, upstream.path] {
            try FileManager.default.createDirectory(atPath: folder + "/hooks", withIntermediateDirectories: true)
            for hook in ["reference-transaction", "post-checkout", "pre-receive"] {
                try "#!/bin/sh\ntouch '\(state.path)/ran'\n".write(toFile: folder + "/hooks/\(hook)", atomically: true, encoding: .utf8)
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder + "/hooks/\(hook)")
            }
        }
        try git("-C", mirror, "config", "core.hooksPath", mirror + "/hooks")
        #expect(try await refs.fetch("refs/pull/7/head", of: shop) == second)
        #expect(!FileManager.default.fileExists(atPath: state.path + "/ran"))
    }

    @Test func sayThatGitIsMissing() async throws {
        let shop = settings(upstream.path)
        await #expect(throws: StepError("the program git is not installed; install it", isRetryable: true)) {
            try await GitRefs(state, machine: ["PATH": state.path + "/nothing"]).fetch("refs/pull/7/head", of: shop)
        }
    }

    private var mirror: String { state.path + "/git/shop.git" }

    private func packs() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: mirror + "/objects/pack").sorted()
    }
}
