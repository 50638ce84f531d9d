import Foundation
import Orchestration
import StagingModel
import Testing

@testable import GitRefs

/// What a pull request changes, in real repositories.
@Suite(.timeLimit(.minutes(2))) struct ChangesTests {
    private let upstream: Upstream
    private let folder: TemporaryFolder
    private let refs: GitRefs
    private let base: CommitID
    private let files: [String: Upstream.Entry] = [
        "README.md": .file("read"), "docs/a.md": .file("a"), "src/a.swift": .file("a"), "src/deep/er/b.swift": .file("b"),
    ]

    init() throws {
        upstream = try Upstream()
        folder = try TemporaryFolder()
        refs = GitRefs(folder)
        base = try upstream.commit(files, to: "refs/heads/main")
    }

    private func touches(_ patterns: [String], _ head: CommitID, since base: CommitID? = nil) async throws -> Bool {
        _ = try await refs.fetch("refs/pull/7/head", of: settings(upstream.path))
        let tip = try await refs.fetch("refs/heads/main", of: settings(upstream.path))
        let paths = try #require(Patterns(patterns))
        return try await refs.changes(of: head, since: base ?? tip, touch: paths, in: settings(upstream.path))
    }

    private func head(_ change: (inout [String: Upstream.Entry]) -> Void) throws -> CommitID {
        var files = files
        change(&files)
        return try upstream.commit(files, after: base)
    }

    /// A commit after the base, of a tree that git's own commands would not make.
    private func head(ofTree lines: [String]) throws -> CommitID {
        let tree = try git("-C", upstream.path, "rev-parse", "\(try upstream.commitTree(lines))^{tree}")
        return try commit(tree, after: [base])
    }

    private func commit(_ tree: String, after parents: [CommitID], to ref: String = "refs/pull/7/head") throws -> CommitID {
        let parents = parents.map { "-p\($0)" }
        let id = try #require(CommitID(try run(["git", "-C", upstream.path, "commit-tree", tree, "-mx"] + parents)))
        try git("-C", upstream.path, "update-ref", ref, id.description)
        return id
    }

    private func run(_ command: [String]) throws -> String {
        String(decoding: try GitRefsTests.run(command, input: Data()), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test(arguments: [
        (["docs/**"], true), (["src/**"], false), (["**/*.md"], true), (["*.md"], false), (["**", "!docs/**"], false),
        (["docs/b.md"], false),
    ])
    func `a changed file is looked for among the patterns`(patterns: [String], isTouched: Bool) async throws {
        #expect(try await touches(patterns, try head { $0["docs/a.md"] = .file("b") }) == isTouched)
    }

    @Test func `what is added, removed, moved, or of another kind is changed`() async throws {
        #expect(try await touches(["src/new"], try head { $0["src/new"] = .file("") }))
        #expect(try await touches(["src/deep/er/b.swift"], try head { $0["src/deep/er/b.swift"] = nil }))
        let moved = try head { $0["lib/a.swift"] = $0.removeValue(forKey: "src/a.swift") }
        #expect(try await touches(["src/a.swift"], moved))
        #expect(try await touches(["lib/**"], moved))
        #expect(try await touches(["README.md"], try head { $0["README.md"] = .link("read") }))
        #expect(try await touches(["docs/a.md"], try head { $0["docs/a.md"] = .submodule }))
        // A file in the place of a folder: both differ.
        let replaced = try head {
            $0["src/deep/er/b.swift"] = nil
            $0["src/deep"] = .file("")
        }
        #expect(try await touches(["src/deep"], replaced))
        #expect(try await touches(["src/deep/er/b.swift"], replaced))
        #expect(try await !touches(["**"], try head { _ in }))
    }

    @Test func `what came into the base since is not the pull request's`() async throws {
        let head = try head { $0["docs/a.md"] = .file("b") }
        var later = files
        later["src/a.swift"] = .file("of the base")
        let main = try upstream.commit(later, to: "refs/heads/main", after: base)
        #expect(try await !touches(["src/**"], head))
        // It takes the base in: still its own change only.
        later["docs/a.md"] = .file("b")
        let tree = try git("-C", upstream.path, "rev-parse", "\(try upstream.commit(later, to: "refs/heads/x"))^{tree}")
        let merged = try commit(tree, after: [head, main])
        #expect(try await !touches(["src/**"], merged))
        #expect(try await touches(["docs/**"], merged))
    }

    @Test func `histories that have nothing in common are no answer`() async throws {
        let head = try upstream.commit(["src/a.swift": .file("b")])
        let error = await #expect(throws: StepError.self) { try await touches(["**"], head) }
        #expect(
            error
                == StepError(
                    "\(head.short) shares no history with its base at \(base.short); rebase it onto that", isRetryable: false))
    }

    @Test func `names of any bytes are compared as they are`() async throws {
        let lines = ["100644 blob BLOB\t\"a\\nsrc\"", "100644 blob BLOB\t\"src\\377.c\"", "100644 blob BLOB\t\"..\""]
        let head = try head(ofTree: lines)
        #expect(try await touches(["a*src"], head))
        #expect(try await touches(["src*.c"], head))
        #expect(try await !touches(["src/**/*.c", "a"], head))
    }

    @Test func `folders of folders that would never end are refused`() async throws {
        var tree = try git("-C", upstream.path, "mktree")
        for _ in 0..<60 {
            tree = try git("-C", upstream.path, "mktree", input: Data("040000 tree \(tree)\ta\n040000 tree \(tree)\tb\n".utf8))
        }
        let head = try commit(tree, after: [base])
        let error = await #expect(throws: StepError.self) { try await touches(["src/never"], head) }
        #expect(error?.message == "what \(head.short) changes has more than 50000 folders, which is not compared")
        for _ in 0..<80 { tree = try git("-C", upstream.path, "mktree", input: Data("040000 tree \(tree)\ta\n".utf8)) }
        let deep = try commit(tree, after: [base])
        let levels = await #expect(throws: StepError.self) { try await touches(["src/never"], deep) }
        #expect(levels?.message == "what \(deep.short) changes has more than 128 levels, which is not compared")
    }

    @Test func `a mirror that is gone is fetched again, but for a base that the commit does not bring`() async throws {
        let head = try head { $0["src/a.swift"] = .file("b") }
        let other = try upstream.commit(files, to: "refs/heads/main", after: base)
        #expect(try await touches(["src/**"], head))
        try FileManager.default.removeItem(at: folder.url.appending(path: "git"))
        let paths = try #require(Patterns(["src/**"]))
        #expect(try await refs.changes(of: head, since: base, touch: paths, in: settings(upstream.path)))
        let error = await #expect(throws: StepError.self) {
            try await refs.changes(of: head, since: other, touch: paths, in: settings(upstream.path))
        }
        #expect(error?.isRetryable == true)
        #expect(try await touches(["src/**"], head))
    }
}
