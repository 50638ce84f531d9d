import Foundation
import Orchestration
import StagingModel
import Testing

@testable import GitRefs

@Suite struct CommitTreeTests {
    let upstream: Upstream
    let refs: GitRefs
    let shop: RepositorySettings

    init() throws {
        upstream = try Upstream()
        refs = GitRefs(upstream.folder)
        shop = settings(upstream.path)
    }

    @Test func readsNestedAndBinaryFiles() async throws {
        let binary: [UInt8] = [0, 255, 0, 10, 13, 200]
        let commit = try await fetched(["a/b/c.bin": .bytes(binary), "a/empty": .file("")])
        #expect(try await refs.file("a/b/c.bin", at: commit, of: shop, limit: 6) == binary)
        #expect(try await refs.file("a/empty", at: commit, of: shop, limit: 0) == [])
    }

    @Test(arguments: ["b", "a/b", "a/x/y", "a/x", "A/f", "a/f/g"]) func anAbsentFileIsNil(path: String) async throws {
        let commit = try await fetched(["a/f": .file("x")])
        #expect(try await refs.file(path, at: commit, of: shop, limit: 9) == nil)
    }

    @Test func aFileMayBeAsLargeAsTheLimit() async throws {
        let commit = try await fetched(["f": .file("12345")])
        #expect(try await refs.file("f", at: commit, of: shop, limit: 5)?.count == 5)
        await #expect(throws: refusal("f at \(commit.short) is larger than 4 bytes; make it smaller")) {
            try await refs.file("f", at: commit, of: shop, limit: 4)
        }
    }

    @Test(arguments: [
        "", "/", "/etc/passwd", "../x", "a/../b", "a/./b", "a//b", "a/", ".", "..", "a\0b", String(repeating: "a", count: 1025),
    ])
    func refusesPathsThatLeaveTheRepository(path: String) async throws {
        let commit = try await fetched(["a/f": .file("x")])
        let error = try await #require(throws: StepError.self) { try await refs.file(path, at: commit, of: shop, limit: 9) }
        #expect(error.message.contains("is not valid; name it from the root of the repository, without . and .."))
        #expect(!error.isRetryable)
    }

    @Test(arguments: [
        ("link", "link", "symbolic link", "regular file"), ("folder/module", "folder/module", "submodule", "regular file"),
        ("folder", "folder", "folder", "regular file"), ("up/f", "up", "symbolic link", "folder"),
        ("folder/module/f", "folder/module", "submodule", "folder"),
    ]) func refusesWhatIsNoRegularFile(path: String, culprit: String, kind: String, wanted: String) async throws {
        let commit = try await fetched(["link": .link("/etc/passwd"), "up": .link(".."), "folder/module": .submodule])
        await #expect(throws: refusal("\(culprit) at \(commit.short) is a \(kind); commit a \(wanted) in its place")) {
            try await refs.file(path, at: commit, of: shop, limit: 99)
        }
    }

    @Test(arguments: ["deploy", "deploy/"]) func readsAFolder(path: String) async throws {
        let commit = try await fetched([
            "deploy/a.yaml": .file("1"), "deploy/x/y/b.yaml": .bytes([0, 255]), "other": .file("no"), "deploy2/c": .file("no"),
        ])
        let files = try await refs.files(below: path, at: commit, of: shop, count: 2, bytes: 3)
        #expect(files == ["deploy/a.yaml": Array("1".utf8), "deploy/x/y/b.yaml": [0, 255]])
    }

    @Test func anAbsentFolderIsNilAndAnEmptyOneEmpty() async throws {
        let commit = try upstream.commitTree(["040000 tree EMPTY\tempty"])
        _ = try await refs.fetch("refs/pull/7/head", of: shop)
        #expect(try await refs.files(below: "absent", at: commit, of: shop, count: 9, bytes: 9) == nil)
        #expect(try await refs.files(below: "empty", at: commit, of: shop, count: 0, bytes: 0) == [:])
    }

    @Test func limitsNumberAndSize() async throws {
        let commit = try await fetched(["d/a": .file("12"), "d/b/c": .file("34")])
        await #expect(throws: refusal("d at \(commit.short) holds more than 1 files; use fewer")) {
            try await refs.files(below: "d", at: commit, of: shop, count: 1, bytes: 99)
        }
        await #expect(throws: refusal("d at \(commit.short) holds more than 3 bytes; make its files smaller")) {
            try await refs.files(below: "d", at: commit, of: shop, count: 9, bytes: 3)
        }
    }

    @Test func limitsDepth() async throws {
        let levels = { (count: Int) in "d/" + String(repeating: "x/", count: count - 1) + "f" }
        let fine = try await fetched([levels(32): .file("x")])
        #expect(try await refs.files(below: "d", at: fine, of: shop, count: 9, bytes: 9)?.count == 1)
        let deep = try await fetched([levels(33): .file("x")])
        await #expect(throws: refusal("d at \(deep.short) has more than 32 levels; use fewer")) {
            try await refs.files(below: "d", at: deep, of: shop, count: 9, bytes: 9)
        }
    }

    /// 20 objects that describe a million folders.
    @Test func limitsFoldersThatRepeat() async throws {
        var tree = try git("-C", upstream.path, "mktree")
        for _ in 1...20 {
            tree = try git("-C", upstream.path, "mktree", input: .init("040000 tree \(tree)\ta\n040000 tree \(tree)\tb\n".utf8))
        }
        let commit = try upstream.commitTree(["040000 tree \(tree)\td"])
        _ = try await refs.fetch("refs/pull/7/head", of: shop)
        await #expect(throws: refusal("d at \(commit.short) has more than 10000 folders; use fewer")) {
            try await refs.files(below: "d", at: commit, of: shop, count: 9, bytes: 9)
        }
    }

    @Test(arguments: [("d/x/link", "symbolic link"), ("d/x/module", "submodule")])
    func namesALinkOrSubmoduleInAFolder(path: String, kind: String) async throws {
        let commit = try await fetched(["d/f": .file("x"), path: kind == "submodule" ? .submodule : .link("f")])
        await #expect(throws: refusal("\(path) at \(commit.short) is a \(kind); commit a regular file in its place")) {
            try await refs.files(below: "d", at: commit, of: shop, count: 9, bytes: 9)
        }
    }

    @Test(arguments: [("d", "symbolic link"), ("e", "regular file"), ("m", "submodule")])
    func refusesWhatIsNoFolder(path: String, kind: String) async throws {
        let commit = try await fetched(["d": .link("e"), "e": .file("x"), "m": .submodule])
        await #expect(throws: refusal("\(path) at \(commit.short) is a \(kind); commit a folder in its place")) {
            try await refs.files(below: path, at: commit, of: shop, count: 9, bytes: 9)
        }
    }

    @Test(arguments: [
        "100644 blob BLOB\t..", "100644 blob BLOB\t.", "100644 blob BLOB\t\"\\377\\376\"", "100644 blob BLOB\t.git",
        "040000 tree EMPTY\t.GIT",
        "100644 blob BLOB\t\"a\\nb\"", "100644 blob BLOB\t\"a\\033[31m\"",
    ])
    func refusesNamesThatAreNotPlain(line: String) async throws {
        let commit = try folder([line])
        _ = try await refs.fetch("refs/pull/7/head", of: shop)
        await #expect(throws: refusal("d at \(commit.short) holds a name that is not valid UTF-8, not plain or too long; rename it")) {
            try await refs.files(below: "d", at: commit, of: shop, count: 9, bytes: 99)
        }
    }

    @Test(arguments: [
        ["100644 blob BLOB\t\"e\\314\\201\"", "100644 blob BLOB\t\"\\303\\251\""], ["100644 blob BLOB\tA", "100644 blob BLOB\ta"],
        ["040000 tree EMPTY\tX", "100644 blob BLOB\tx"],
    ]) func refusesTwoNamesThatReadTheSame(lines: [String]) async throws {
        let commit = try folder(lines)
        _ = try await refs.fetch("refs/pull/7/head", of: shop)
        let error = try await #require(throws: StepError.self) {
            try await refs.files(below: "d", at: commit, of: shop, count: 9, bytes: 99)
        }
        #expect(error.message.hasSuffix("exists twice, or differs from another name only by case; rename one"))
    }

    @Test func aCommitThatTheMirrorLacksHasToBeFetched() async throws {
        let known = try await fetched(["a": .file("x")])
        let unknown = try #require(CommitID(String(repeating: "a", count: 40)))
        let error = try await #require(throws: StepError.self) { try await refs.file("a", at: unknown, of: shop, limit: 9) }
        #expect(error.message == "the commit \(unknown) is not in \(upstream.path) any more; push again, or create the stack again")
        #expect(!error.isRetryable)
        #expect(try await !refs.contains(unknown, in: known, of: shop))
        #expect(try await !refs.contains(known, in: unknown, of: shop))
        #expect(try await refs.contains(known, in: known, of: shop))
    }

    @Test func readingBringsACommitThatTheMirrorLacks() async throws {
        let commit = try upstream.commit(["a": .file("x")])
        #expect(try await refs.file("a", at: commit, of: shop, limit: 9) == Array("x".utf8))
        #expect(try await refs.contains(commit, in: commit, of: shop))
    }

    @Test func aTreeIsNoCommit() async throws {
        let commit = try await fetched(["a": .file("x")])
        let tree = try #require(CommitID(git("-C", upstream.path, "rev-parse", "\(commit)^{tree}")))
        #expect(try await !refs.contains(tree, in: commit, of: shop))
        await #expect(throws: StepError.self) { try await refs.file("a", at: tree, of: shop, limit: 9) }
    }

    @Test func namesAPointerToGitLFS() async throws {
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:\(String(repeating: "a", count: 64))\nsize 9\n"
        let commit = try await fetched(["d/f": .file(pointer)])
        let lfs = refusal("d/f at \(commit.short) is a pointer to Git LFS, which is not read; commit the file itself")
        await #expect(throws: lfs) { try await refs.file("d/f", at: commit, of: shop, limit: 999) }
        await #expect(throws: lfs) { try await refs.files(below: "d", at: commit, of: shop, count: 9, bytes: 999) }
    }

    /// 64 MiB that would inflate from a few kilobytes.
    @Test func aHugeFileIsNotLoaded() async throws {
        let commit = try await fetched(["d/f": .bytes([UInt8](repeating: 0, count: 64 << 20))])
        await #expect(throws: refusal("d/f at \(commit.short) is larger than 1024 bytes; make it smaller")) {
            try await refs.file("d/f", at: commit, of: shop, limit: 1024)
        }
    }

    @Test func aFolderOfAMillionNamesIsRefused() async throws {
        let blob = try git("-C", upstream.path, "hash-object", "-w", "--stdin", input: .init("x".utf8))
        let lines = (1_000_000..<2_000_000).map { "100644 blob \(blob)\tf\($0)\n" }.joined()
        let tree = try git("-C", upstream.path, "mktree", input: .init(lines.utf8))
        let commit = try upstream.commitTree(["040000 tree \(tree)\td"])
        _ = try await refs.fetch("refs/pull/7/head", of: shop)
        await #expect(throws: refusal("a folder at \(commit.short) has too many entries; split it")) {
            try await refs.files(below: "d", at: commit, of: shop, count: 9, bytes: 99)
        }
    }

    @Test func refusesSHA256() async throws {
        let commit = try await fetched(["a": .file("x")])
        let long = try #require(CommitID(commit.description + String(repeating: "0", count: 24)))
        let error = try await #require(throws: StepError.self) { try await refs.file("a", at: long, of: shop, limit: 9) }
        #expect(error.message.contains("SHA-256"))
        #expect(!error.isRetryable)
    }

    @Test func exportsAFolderAsTarReadsIt() async throws {
        let long = String(repeating: "n", count: 150)
        let commit = try await fetched([
            "app/Containerfile": .file("FROM x\n"), "app/run.sh": .bytes([1, 2, 3]), "app/d/\(long)": .file("long"),
            "app/d/link": .link("../../../etc/passwd"), "app/module": .submodule, "other": .file("no"),
        ])
        let archive = upstream.folder.url.appending(path: "context.tar").path
        let unpacked = upstream.folder.url.appending(path: "context")
        try FileManager.default.createDirectory(at: unpacked, withIntermediateDirectories: true)
        try await refs.export("app", at: commit, of: shop, to: archive, limits: BuildContextLimits())
        _ = try run(["tar", "-xf", archive, "-C", unpacked.path], input: Data())
        let listed = try #require(FileManager.default.enumerator(atPath: unpacked.path)).compactMap { $0 as? String }.sorted()
        #expect(listed == ["Containerfile", "d", "d/link", "d/\(long)", "module", "run.sh"])
        #expect(try Data(contentsOf: unpacked.appending(path: "run.sh")) == Data([1, 2, 3]))
        #expect(FileManager.default.isExecutableFile(atPath: unpacked.appending(path: "run.sh").path))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: unpacked.appending(path: "d/link").path) == "../../../etc/passwd")
        // the same content gives the same bytes in another commit, so that layers are found again
        let next = try await fetched([
            "app/Containerfile": .file("FROM x\n"), "app/run.sh": .bytes([1, 2, 3]), "app/d/\(long)": .file("long"),
            "app/d/link": .link("../../../etc/passwd"), "app/module": .submodule, "other": .file("changed"),
        ])
        let again = archive + "2"
        try await refs.export("app/", at: next, of: shop, to: again, limits: BuildContextLimits())
        #expect(next != commit && FileManager.default.contentsEqual(atPath: archive, andPath: again))
    }

    @Test func refusesToExportTooMuchAndWhatIsNotThere() async throws {
        let commit = try await fetched(["app/a": .file("12345"), "app/b": .file("1"), "link": .link("app")])
        let file = upstream.folder.url.appending(path: "context.tar").path
        func problem(_ folder: String, entries: Int = 9, bytes: Int = 99) async throws -> String {
            let limits = BuildContextLimits(entries: entries, bytes: bytes)
            let error = try await #require(throws: StepError.self) {
                try await refs.export(folder, at: commit, of: shop, to: file, limits: limits)
            }
            #expect(!error.isRetryable)
            return error.message
        }
        #expect(try await problem("nothing").contains("does not exist at"))
        #expect(try await problem("link").contains("is a symbolic link"))
        #expect(try await problem("../app").contains("is not valid"))
        #expect(try await problem("app", entries: 1).contains("holds more than 1 files"))
        #expect(try await problem("app", bytes: 5).contains("holds more than 0 MiB"))
    }

    private func fetched(_ files: [String: Upstream.Entry]) async throws -> CommitID {
        try upstream.commit(files)
        return try await refs.fetch("refs/pull/7/head", of: shop)
    }

    /// A commit with these entries in the folder `d`.
    private func folder(_ lines: [String]) throws -> CommitID {
        let inner = try upstream.commitTree(lines, to: "refs/heads/inner")
        let tree = try git("-C", upstream.path, "rev-parse", "\(inner)^{tree}")
        return try upstream.commitTree(["040000 tree \(tree)\td"])
    }

    private func refusal(_ message: String) -> StepError { StepError(message, isRetryable: false) }
}
