import Foundation
import Orchestration
import StagingModel
import Testing

@testable import GitRefs

/// Fetching over git's smart HTTP protocol.
@Suite struct ServerTests {
    let upstream: Upstream
    let state: TemporaryFolder
    let refs: GitRefs

    init() throws {
        upstream = try Upstream()
        state = try TemporaryFolder()
        refs = GitRefs(state)
    }

    @Test func fetchesAndFollowsPushes() async throws {
        let server = try LoopbackServer(serving: upstream.folder.path)
        let shop = settings("http://127.0.0.1:\(server.port)/shop.git")
        let first = try upstream.commit(["a.txt": .file("one")])
        #expect(try await refs.fetch("refs/pull/7/head", of: shop) == first)
        let second = try upstream.commit(["a.txt": .file("two")], after: first)
        #expect(try await refs.fetch("refs/pull/7/head", of: shop) == second)
        let third = try upstream.commit(["a.txt": .file("three")])
        #expect(try await refs.fetch("refs/pull/7/head", of: shop) == third)
        #expect(try await refs.file("a.txt", at: third, of: shop, limit: 9) == Array("three".utf8))
        await #expect(throws: StepError("refs/pull/8/head does not exist in \(shop.url)", isRetryable: false)) {
            try await refs.fetch("refs/pull/8/head", of: shop)
        }
    }

    @Test(arguments: [
        ("401 Unauthorized", "asks for credentials, or does not exist; set the repository's `credentials`", false),
        ("404 Not Found", "does not exist, or is not for these credentials; correct", false), ("410 Gone", "does not exist, or", false),
        ("403 Forbidden", "returned error: 403", true), ("429 Too Many Requests", "returned error: 429", true),
        ("500 Internal Server Error", "returned error: 500", true), ("503 Service Unavailable", "returned error: 503", true),
        ("200 OK", "failed: ", true),
    ]) func tellsErrorsThatPassFromThoseThatStay(status: String, text: String, isRetryable: Bool) async throws {
        let server = try LoopbackServer { _ in
            .response(
                status: status, headers: ["WWW-Authenticate": "Basic realm=\"git\"", "Content-Type": "text/html"],
                body: Data("<html>\n</html>\n".utf8)
            )
        }
        let error = try await failure(of: "http://127.0.0.1:\(server.port)/shop.git")
        #expect(error.message.contains(text))
        #expect(error.message.contains("http://127.0.0.1:\(server.port)/shop.git"))
        #expect(error.isRetryable == isRetryable)
    }

    @Test func doesNotFollowARedirectToAnotherHost() async throws {
        try upstream.commit(["a.txt": .file("one")])
        let other = try LoopbackServer(serving: upstream.folder.path)
        let server = try LoopbackServer { request in
            let location = "http://localhost:\(other.port)\(request.path)?\(request.query)"
            return .response(status: "302 Found", headers: ["Location": location], body: Data())
        }
        let error = try await failure(of: "http://127.0.0.1:\(server.port)/shop.git")
        #expect(error.message.contains("redirects elsewhere, which is never followed; configure the final url"))
        #expect(!error.isRetryable)
    }

    @Test func aServerThatIsAwayCanComeBack() async throws {
        let port = try LoopbackServer { _ in .silence }.port
        let error = try await failure(of: "http://127.0.0.1:\(port)/shop.git")
        #expect(error.isRetryable)
    }

    @Test func aServerThatBreaksOffCanComeBack() async throws {
        let server = try LoopbackServer { _ in
            let body = Data("001e# service=git-upload-pack\n00000".utf8)
            return .response(status: "200 OK", headers: ["Content-Type": "application/x-git-upload-pack-advertisement"], body: body)
        }
        let error = try await failure(of: "http://127.0.0.1:\(server.port)/shop.git")
        #expect(error.isRetryable)
    }

    @Test func cancellationEndsAFetchThatHangs() async throws {
        let (asked, continuation) = AsyncStream.makeStream(of: Void.self)
        let server = try LoopbackServer { _ in
            continuation.yield()
            return .silence
        }
        let shop = settings("http://127.0.0.1:\(server.port)/shop.git")
        let task = Task { try await refs.fetch("refs/pull/7/head", of: shop) }
        for await _ in asked { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    private func failure(of url: String) async throws -> StepError {
        try await #require(throws: StepError.self) { try await refs.fetch("refs/pull/7/head", of: settings(url)) }
    }
}
