import Foundation
import Logging
import Orchestration
import StagingModel
import Testing

@testable import GitRefs

/// A mirror stays about as large as what its refs reach.
@Suite struct GrowthTests {
    let upstream: Upstream
    let state: TemporaryFolder
    let refs: GitRefs
    let shop: RepositorySettings
    var folder: MirrorFolder { MirrorFolder(url: state.url.appending(path: "git/shop.git", directoryHint: .isDirectory)) }

    init() throws {
        upstream = try Upstream()
        state = try TemporaryFolder()
        refs = GitRefs(state)
        shop = settings(upstream.path)
    }

    @Test func manyFetchesLeaveFewPacks() async throws {
        var commits: [CommitID] = []
        for number in 1...40 {
            commits.append(try upstream.commit(["a.txt": .file("\(number)")], after: commits.last))
            _ = try await refs.fetch("refs/pull/7/head", of: shop)
        }
        #expect(folder.packCount <= 16)
        #expect(try await refs.file("a.txt", at: commits[0], of: shop, limit: 9) == Array("1".utf8))
        #expect(try await refs.contains(commits[0], in: commits[39], of: shop))
    }

    @Test func whatNoRecentRefReachesGoes() async throws {
        let noise = { [UInt8]((0..<200_000).map { _ in .random(in: 0...255) }) }
        try upstream.commit(["a": .bytes(noise())], to: "refs/pull/1/head")
        _ = try await refs.fetch("refs/pull/1/head", of: shop)
        folder.touch(.ref(try RefName("refs/pull/1/head")), at: Date(timeIntervalSinceNow: -15 * 86_400))
        var replaced: [CommitID] = []
        for _ in 1...17 {
            replaced.append(try upstream.commit(["a": .bytes(noise())]))
            _ = try await refs.fetch("refs/pull/7/head", of: shop)
        }
        let before = folder.size
        #expect(before > 3_000_000)
        // The slack is for large repositories; here it would never be used up.
        try await MirrorWork(
            folder: folder, limits: GitLimits(), path: "/usr/bin:/bin", slack: 0, mostPacks: 1, logger: Logger(label: "test")
        ).keepSmall(now: Date())
        #expect(folder.size < 250_000)
        #expect(folder.cleanSize == folder.size)
        #expect(try git("-C", folder.path, "for-each-ref", "--format=%(objectname)") == replaced[16].description)
        #expect(try await refs.file("a", at: replaced[16], of: shop, limit: 1 << 20)?.count == 200_000)
        // What has gone comes back when it is read, as long as the server has it.
        try upstream.commit(["b": .file("x")], to: "refs/heads/keep", after: replaced[3])
        #expect(try await refs.file("a", at: replaced[3], of: shop, limit: 1 << 20)?.count == 200_000)
    }

    @Test func readersGoOnWhilePacksAreMerged() async throws {
        let first = try upstream.commit(["a.txt": .file("1")])
        _ = try await refs.fetch("refs/pull/7/head", of: shop)
        let work = MirrorWork(
            folder: folder, limits: GitLimits(), path: "/usr/bin:/bin", slack: 0, mostPacks: 1, logger: Logger(label: "test"))
        try await withThrowingTaskGroup { group in
            group.addTask {
                var last = first
                for number in 2...8 {
                    last = try upstream.commit(["a.txt": .file("\(number)")], after: last)
                    _ = try await refs.fetch("refs/pull/7/head", of: shop)
                    try await work.keepSmall(now: Date())
                }
            }
            for _ in 1...3 {
                group.addTask {
                    for _ in 1...100 {
                        let content = try await refs.file("a.txt", at: first, of: shop, limit: 9)
                        #expect(content == Array("1".utf8))
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
