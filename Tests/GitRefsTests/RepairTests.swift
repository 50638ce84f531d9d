import Foundation
import Logging
import Orchestration
import StagingModel
import Testing

@testable import GitRefs

/// Mirrors that a crash, a full disk or a stray hand has damaged.
@Suite struct RepairTests {
    let upstream: Upstream
    let state: TemporaryFolder
    let refs: GitRefs
    let shop: RepositorySettings
    let first: CommitID
    var mirror: String { state.path + "/git/shop.git" }

    init() async throws {
        upstream = try Upstream()
        state = try TemporaryFolder()
        refs = GitRefs(state)
        shop = settings(upstream.path)
        first = try upstream.commit(["a.txt": .file("one"), "noise": .bytes((0..<20_000).map { _ in .random(in: 0...255) })])
        _ = try await refs.fetch("refs/pull/7/head", of: shop)
    }

    enum Damage: String, CaseIterable {
        case truncatedPack, zeroedPack, zeroedMiddle, noPack, truncatedIndex, zeroedIndex, noIndex, strangeHead, noHead,
            strangeConfiguration
        case strangeFormat, zeroedRef, emptyRef, refToNothing, staleLocks, keptPack, halfMade, aFile, empty, shallow, alternates
        case strangeRef
    }

    @Test(arguments: Damage.allCases) func aFetchMendsIt(damage: Damage) async throws {
        try inflict(damage)
        let second = try upstream.commit(["a.txt": .file("two")], after: first)
        #expect(try await refs.fetch("refs/pull/7/head", of: shop) == second)
        #expect(try await refs.file("a.txt", at: second, of: shop, limit: 9) == Array("two".utf8))
        // what the damage took is back as soon as it is read
        #expect(try await refs.file("noise", at: first, of: shop, limit: 1 << 20)?.count == 20_000)
        #expect(try FileManager.default.contentsOfDirectory(atPath: state.path + "/git") == ["shop.git"])
        // and nothing damaged outlasts the next merging of packs
        let folder = MirrorFolder(url: URL(filePath: mirror, directoryHint: .isDirectory))
        try await MirrorWork(
            folder: folder, limits: GitLimits(), path: "/usr/bin:/bin", slack: 0, mostPacks: 0, logger: Logger(label: "test")
        ).keepSmall(now: Date())
        #expect(try git("-C", mirror, "fsck", "--strict") == "")
    }

    @Test(arguments: Damage.allCases) func readingMendsIt(damage: Damage) async throws {
        try inflict(damage)
        #expect(try await refs.file("a.txt", at: first, of: shop, limit: 9) == Array("one".utf8))
        #expect(try await refs.file("noise", at: first, of: shop, limit: 1 << 20)?.count == 20_000)
    }

    @Test func theRestGoesOnWhileTheServerIsAway() async throws {
        let away = settings(upstream.path + "-away")
        try inflict(.zeroedMiddle)
        await #expect(throws: StepError.self) { try await refs.file("noise", at: first, of: away, limit: 1 << 20) }
        #expect(FileManager.default.fileExists(atPath: mirror + "/HEAD"))
        #expect(try await refs.file("noise", at: first, of: shop, limit: 1 << 20)?.count == 20_000)
    }

    @Test func manyReadersOfADamagedMirror() async throws {
        try inflict(.zeroedPack)
        let contents = try await withThrowingTaskGroup { group in
            for _ in 1...8 { group.addTask { try await refs.file("a.txt", at: first, of: shop, limit: 9) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(contents == Array(repeating: Array("one".utf8), count: 8))
    }

    @Test func saysThatTheDiskIsFull() async throws {
        try upstream.commit(["noise": .bytes((0..<3_000_000).map { _ in .random(in: 0...255) })])
        let small = try TemporaryFolder()
        try asRoot("mount", "-t", "tmpfs", "-o", "size=1m,mode=0777", "tmpfs", small.path)
        defer { try? asRoot("umount", small.path) }
        let refs = GitRefs(small)
        let full = StepError(
            "fetching refs/pull/7/head from \(upstream.path) failed: the disk of the state folder is full; free some space",
            isRetryable: true)
        await #expect(throws: full) { try await refs.fetch("refs/pull/7/head", of: shop) }
        // Nothing of it stays.
        let commit = try upstream.commit(["a.txt": .file("small")])
        #expect(try await refs.fetch("refs/pull/7/head", of: shop) == commit)
    }

    private func asRoot(_ command: String...) throws { _ = try run((geteuid() == 0 ? [] : ["sudo", "-n"]) + command, input: Data()) }

    private func inflict(_ damage: Damage) throws {
        let files = FileManager.default
        let pack = try #require(files.contentsOfDirectory(atPath: mirror + "/objects/pack").first { $0.hasSuffix(".pack") }).dropLast(5)
        let base = "\(mirror)/objects/pack/\(pack)"
        let ref = mirror + "/refs/fetched/" + (try FetchTarget.ref(RefName("refs/pull/7/head"))).key
        func write(_ bytes: Data, _ path: String) throws {
            if files.fileExists(atPath: path) { try files.removeItem(atPath: path) }  // git makes its packs read-only
            try bytes.write(to: URL(filePath: path))
        }
        func read(_ path: String) throws -> Data { try Data(contentsOf: URL(filePath: path)) }
        switch damage {
        case .truncatedPack: try write(read(base + ".pack").prefix(5_000), base + ".pack")
        case .zeroedPack: try write(Data(count: read(base + ".pack").count), base + ".pack")
        case .zeroedMiddle:
            var bytes = try read(base + ".pack")
            bytes.replaceSubrange(5_000..<10_000, with: Data(count: 5_000))
            try write(bytes, base + ".pack")
        case .noPack: try files.removeItem(atPath: base + ".pack")
        case .truncatedIndex: try write(read(base + ".idx").prefix(100), base + ".idx")
        case .zeroedIndex: try write(Data(count: read(base + ".idx").count), base + ".idx")
        case .noIndex: try files.removeItem(atPath: base + ".idx")
        case .strangeHead: try write(Data("nonsense".utf8), mirror + "/HEAD")
        case .noHead: try files.removeItem(atPath: mirror + "/HEAD")
        case .strangeConfiguration: try write(Data("[core\n=".utf8), mirror + "/config")
        case .strangeFormat: try write(Data("[core]\nrepositoryformatversion = 9\n".utf8), mirror + "/config")
        case .zeroedRef: try write(Data(count: 41), ref)
        case .emptyRef: try write(Data(), ref)
        case .refToNothing: try write(Data((String(repeating: "a", count: 40) + "\n").utf8), ref)
        case .staleLocks:
            for file in [
                ref + ".lock", mirror + "/HEAD.lock", mirror + "/config.lock", mirror + "/packed-refs.lock", mirror + "/shallow.lock",
            ] {
                try write(Data(), file)
            }
        case .keptPack: try write(Data(), base + ".keep")
        case .halfMade:
            try files.removeItem(atPath: mirror)
            try files.createDirectory(atPath: mirror + "/refs", withIntermediateDirectories: true)
            try files.createDirectory(atPath: state.path + "/git/.shop.git.new/refs", withIntermediateDirectories: true)
        case .aFile:
            try files.removeItem(atPath: mirror)
            try write(Data("nonsense".utf8), mirror)
        case .empty: try files.removeItem(atPath: mirror)
        case .shallow: try write(Data((first.description + "\n").utf8), mirror + "/shallow")
        case .strangeRef:
            try files.createDirectory(atPath: mirror + "/refs/heads", withIntermediateDirectories: true)
            try write(Data((String(repeating: "b", count: 40) + "\n").utf8), mirror + "/refs/heads/main")
        case .alternates: try write(Data("/nowhere\n".utf8), mirror + "/objects/info/alternates")
        }
    }
}
