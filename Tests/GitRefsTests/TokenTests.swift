import Foundation
import Orchestration
import StagingModel
import Synchronization
import Testing

@testable import GitRefs

/// Fetching with a token over HTTP and HTTPS.
@Suite struct TokenTests {
    let upstream: Upstream
    let state: TemporaryFolder
    let refs: GitRefs
    var file: String { state.path + "/token" }

    init() throws {
        upstream = try Upstream()
        state = try TemporaryFolder()
        refs = GitRefs(state)
        try "t0ps3cret".write(toFile: state.path + "/token", atomically: true, encoding: .utf8)
    }

    private static func basic(_ text: String) -> String { "Basic " + Data(text.utf8).base64EncodedString() }

    @Test(arguments: [("", "x-access-token"), ("ada@", "ada")]) func sendsTheTokenAsAPassword(prefix: String, user: String) async throws {
        let expected = Self.basic("\(user):t0ps3cret")
        let server = try LoopbackServer(serving: upstream.folder.path) { $0.headers["authorization"] == expected }
        let commit = try upstream.commit(["a.txt": .file("one")])
        let shop = settings("http://\(prefix)127.0.0.1:\(server.port)/shop.git", .token(.file(file)))
        #expect(try await refs.fetch("refs/pull/7/head", of: shop) == commit)
    }

    @Test func bitbucketDataCenterGetsABearerToken() async throws {
        let server = try LoopbackServer(serving: upstream.folder.path) { $0.headers["authorization"] == "Bearer t0ps3cret" }
        let commit = try upstream.commit(["a.txt": .file("one")])
        var shop = settings("http://127.0.0.1:\(server.port)/shop.git", .token(.file(file)))
        shop.forge = .bitbucketServer
        #expect(try await refs.fetch("refs/pull/7/head", of: shop) == commit)
    }

    @Test func aRenewedTokenCountsFromTheNextFetch() async throws {
        let expected = Self.basic("x-access-token:n3w")
        let server = try LoopbackServer(serving: upstream.folder.path) { $0.headers["authorization"] == expected }
        let commit = try upstream.commit(["a.txt": .file("one")])
        let shop = settings("http://127.0.0.1:\(server.port)/shop.git", .token(.file(file)))
        let refused = StepError("\(shop.url) refuses the token, or does not exist; renew the token of `credentials`", isRetryable: false)
        await #expect(throws: refused) { try await refs.fetch("refs/pull/7/head", of: shop) }
        try "n3w".write(toFile: file, atomically: true, encoding: .utf8)
        #expect(try await refs.fetch("refs/pull/7/head", of: shop) == commit)
    }

    @Test func saysThatTheTokenIsMissing() async throws {
        let shop = settings("https://127.0.0.1:1/shop.git", .token(.file(state.path + "/nothing")))
        await #expect(throws: StepError("the token is missing", isRetryable: true)) { try await refs.fetch("refs/pull/7/head", of: shop) }
    }

    @Test func noTokenGoesWhereARedirectLeads() async throws {
        let seen = Mutex<[String]>([])
        let other = try LoopbackServer { request in
            seen.withLock { $0.append(request.headers["authorization"] ?? "none") }
            return .silence
        }
        let server = try LoopbackServer { request in
            let location = "http://localhost:\(other.port)\(request.path)?\(request.query)"
            return .response(status: "302 Found", headers: ["Location": location], body: Data())
        }
        let shop = settings("http://127.0.0.1:\(server.port)/shop.git", .token(.file(file)))
        let error = try await #require(throws: StepError.self) { try await refs.fetch("refs/pull/7/head", of: shop) }
        #expect(error.message.contains("redirects elsewhere, which is never followed"))
        #expect(seen.withLock { $0 }.isEmpty)
    }

    @Test(arguments: [
        "401 Unauthorized", "403 Forbidden", "404 Not Found", "500 Internal Server Error", "302 Found",
    ]) func noTokenGetsIntoATextOrTheMirror(status: String) async throws {
        let server = try LoopbackServer { request in
            // a server that says back what it was told
            let header = request.headers["authorization"] ?? ""
            return .response(
                status: status, headers: ["Content-Type": "text/plain", "Location": "http://127.0.0.1:1/\(header)"], body: Data(header.utf8)
            )
        }
        let shop = settings("http://127.0.0.1:\(server.port)/shop.git", .token(.file(file)))
        let error = try await #require(throws: StepError.self) { try await refs.fetch("refs/pull/7/head", of: shop) }
        #expect(!error.message.contains("t0ps3cret"))
        let all = try FileManager.default.subpathsOfDirectory(atPath: state.path + "/git").map { state.path + "/git/" + $0 }
        #expect(
            all.allSatisfy { !String(decoding: FileManager.default.contents(atPath: $0) ?? Data(), as: UTF8.self).contains("t0ps3cret") })
    }

    /// A repository on this machine, whose forge's API wants a token all the same.
    @Test(arguments: ["/srv/shop.git", "file:///srv/shop.git"]) func aFileNeedsNone(url: String) throws {
        try GitRefs.check(url: url, credentials: .token(.file(file)))
    }

    @Test(arguments: ["http://example.com/shop.git", "ssh://git@example.com/shop.git"])
    func sendsNoTokenInTheClear(url: String) async throws {
        let error = try #require(throws: StepError.self) { try GitRefs.check(url: url, credentials: .token(.file(file))) }
        #expect(error.message.hasPrefix("a token is only sent over https; correct the url"))
        await #expect(throws: error) { try await refs.fetch("refs/pull/7/head", of: settings(url, .token(.file(file)))) }
    }

    @Test func sshCredentialsNeedAnSSHAddress() throws {
        #expect(throws: StepError.self) { try GitRefs.check(url: "https://example.com/x", credentials: .ssh(key: "/k", knownHosts: nil)) }
        #expect(throws: StepError.self) { try GitRefs.check(url: "git@example.com:x", credentials: .ssh(key: "k", knownHosts: nil)) }
        #expect(throws: StepError.self) { try GitRefs.check(url: "git@example.com:x", credentials: .ssh(key: nil, knownHosts: "/${HOME}")) }
        try GitRefs.check(url: "git@example.com:x", credentials: .ssh(key: "/k", knownHosts: nil))
    }

    @Test func fetchesOverTLSFromAServerThatItTrusts() async throws {
        let expected = Self.basic("x-access-token:t0ps3cret")
        let server = try LoopbackServer(serving: upstream.folder.path) { $0.headers["authorization"] == expected }
        let commit = try upstream.commit(["a.txt": .file("one")])
        try await TLSFront.with(to: server.port) { front in
            let shop = settings("https://127.0.0.1:\(front.port)/shop.git", .token(.file(file)))
            let fetched = try await GitRefs(state, machine: ["SSL_CERT_FILE": front.authority]).fetch("refs/pull/7/head", of: shop)
            #expect(fetched == commit)
        }
    }

    @Test func sendsNothingToAServerThatItDoesNotTrust() async throws {
        let asked = Mutex(0)
        let server = try LoopbackServer { _ in
            asked.withLock { $0 += 1 }
            return .silence
        }
        try await TLSFront.with(to: server.port) { front in
            let shop = settings("https://127.0.0.1:\(front.port)/shop.git", .token(.file(file)))
            let error = try await #require(throws: StepError.self) { try await refs.fetch("refs/pull/7/head", of: shop) }
            #expect(error.message.hasPrefix("the certificate of \(shop.url) is not trusted; install its authority on this machine"))
            #expect(!error.isRetryable)
            let wrongName = settings("https://localhost:\(front.port)/shop.git", .token(.file(file)))
            await #expect(throws: StepError.self) {
                try await GitRefs(state, machine: ["SSL_CERT_FILE": front.authority]).fetch("refs/pull/7/head", of: wrongName)
            }
        }
        #expect(asked.withLock { $0 } == 0)
    }
}
