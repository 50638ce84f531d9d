import Foundation
import Orchestration
import StagingModel
import Testing

@testable import GitRefs

/// Servers that answer late, never, too much or nonsense.
@Suite struct HostileServerTests {
    let upstream: Upstream
    let state: TemporaryFolder

    init() throws {
        upstream = try Upstream()
        state = try TemporaryFolder()
        // What follows a fetch that failed must find the mirror in order.
        try upstream.commit(["a.txt": .file("one"), "noise": .bytes((0..<300_000).map { _ in .random(in: 0...255) })])
    }

    private static let head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\n\r\n"

    @Test(arguments: [
        ("silence", LoopbackServer.Answer.silence),
        ("a byte now and then", .endless(Data(head.utf8), Data("0".utf8), pause: 20)),
    ]) func aServerThatSaysNothingIsGivenUp(how: String, answer: LoopbackServer.Answer) async throws {
        let server = try LoopbackServer { _ in answer }
        let error = try await failure(of: server, GitLimits { $0.silence = .milliseconds(500) })
        #expect(
            error.message == "http://127.0.0.1:\(server.port)/shop.git said nothing for 0.5 seconds; look at the server and the network")
        #expect(error.isRetryable)
    }

    @Test func aFetchHasAnEnd() async throws {
        let server = try LoopbackServer { _ in .silence }
        let error = try await failure(of: server, GitLimits { $0.total = .milliseconds(300) })
        #expect(error.message.hasSuffix("took longer than 0.3 seconds"))
        #expect(error.isRetryable)
    }

    @Test(arguments: ["", "001e# service=git-upload-pack\n0000", "001e# service=git-upload-pack\n0000ffffx", "zzzz"])
    func anAnswerThatIsNoAdvertisementCanPass(body: String) async throws {
        let server = try LoopbackServer { _ in .bytes(Data((Self.head + body).utf8)) }
        #expect(try await failure(of: server).isRetryable)
        try await recovers()
    }

    @Test func anEndlessAnswerTakesNoMoreMemoryThanAllowed() async throws {
        let block = Data(repeating: UInt8(ascii: "x"), count: 1 << 20)
        let server = try LoopbackServer { _ in .endless(Data(Self.head.utf8), block, pause: 0) }
        let error = try await failure(of: server, GitLimits { $0.memoryBytes = 128 << 20 })
        #expect(error.message.contains("emory"))
        #expect(error.isRetryable)
        try await recovers()
    }

    @Test func aPackThatBreaksOffLeavesNothing() async throws {
        let server = try serving { body in
            .bytes(Data("HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-result\r\n\r\n".utf8) + body.prefix(100_000))
        }
        let error = try await failure(of: server)
        #expect(error.isRetryable)
        try await recovers()
        #expect(try names("shop.git/objects/pack").allSatisfy { $0.hasPrefix("pack-") })
    }

    @Test func aPackWithADamagedByteIsNotTaken() async throws {
        let server = try serving { body in
            var body = Data(body)
            body[body.count / 2] ^= 0xFF
            return .response(status: "200 OK", headers: ["Content-Type": "application/x-git-upload-pack-result"], body: body)
        }
        #expect(try await failure(of: server).isRetryable)
        try await recovers()
    }

    @Test func aPackThatIsTooLargeIsRefused() async throws {
        let server = try serving {
            .response(status: "200 OK", headers: ["Content-Type": "application/x-git-upload-pack-result"], body: $0)
        }
        let error = try await failure(of: server, GitLimits { $0.fileBytes = 65_536 })
        #expect(error.message.hasSuffix("failed: it brings more than 65536 bytes, which is refused"))
        #expect(!error.isRetryable)
        try await recovers()
    }

    @Test func whatAServerPrintsIsOneLine() async throws {
        let server = try LoopbackServer { _ in
            let line = "ERR evil\u{1B}[31m\r\nremote: No space left on device"
            let packet = String(format: "%04x", line.utf8.count + 4) + line
            return .bytes(Data((Self.head + "001e# service=git-upload-pack\n0000" + packet).utf8))
        }
        let error = try await failure(of: server)
        #expect(error.message.unicodeScalars.allSatisfy { $0.value >= 0x20 })
        #expect(!error.message.contains("disk"))
    }

    @Test func cancellationEndsGit() async throws {
        let (asked, continuation) = AsyncStream.makeStream(of: Void.self)
        let server = try LoopbackServer { _ in
            continuation.yield()
            return .silence
        }
        let shop = settings("http://127.0.0.1:\(server.port)/shop.git")
        let task = Task { try await GitRefs(state).fetch("refs/pull/7/head", of: shop) }
        for await _ in asked { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        // `git` names its mirror in a variable of its environment, and there is no other with this one.
        let needle = "GIT_DIR=\(state.path)/git/shop.git"
        let running = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }.filter { process in
            String(decoding: FileManager.default.contents(atPath: "/proc/\(process)/environ") ?? Data(), as: UTF8.self).contains(needle)
        }
        #expect(running.isEmpty)
    }

    @Test func aFetchThatWaitsForAnotherCanBeCancelled() async throws {
        let (asked, continuation) = AsyncStream.makeStream(of: Void.self)
        let server = try LoopbackServer { _ in
            continuation.yield()
            return .silence
        }
        let refs = GitRefs(state)
        let shop = settings("http://127.0.0.1:\(server.port)/shop.git")
        let first = Task { try await refs.fetch("refs/pull/7/head", of: shop) }
        for await _ in asked { break }
        let second = Task { try await refs.fetch("refs/pull/8/head", of: shop) }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        // Other repositories have their own turn.
        _ = try await refs.fetch("refs/pull/7/head", of: settings(upstream.path, name: "other"))
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
    }

    /// A real server whose pack is passed through `change`.
    private func serving(_ change: @escaping @Sendable (Data) -> LoopbackServer.Answer) throws -> LoopbackServer {
        let (inner, folder) = (LoopbackServer.backend(upstream.folder.path), upstream.folder)
        return try LoopbackServer { [folder] request in
            let answer = try withExtendedLifetime(folder) { try inner(request) }
            guard case .response(_, _, let body) = answer, body.count > 10_000 else { return answer }
            return change(body)
        }
    }

    private func failure(of server: LoopbackServer, _ limits: GitLimits = GitLimits()) async throws -> StepError {
        try await #require(throws: StepError.self) {
            try await GitRefs(state, limits: limits).fetch("refs/pull/7/head", of: settings("http://127.0.0.1:\(server.port)/shop.git"))
        }
    }

    private func recovers() async throws {
        let commit = try await GitRefs(state).fetch("refs/pull/7/head", of: settings(upstream.path))
        #expect(try await GitRefs(state).file("a.txt", at: commit, of: settings(upstream.path), limit: 9) == Array("one".utf8))
    }

    private func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: state.path + "/git/" + folder)
    }
}
