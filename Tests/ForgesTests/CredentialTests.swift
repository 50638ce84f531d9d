import FakeForges
import Forges
import Foundation
import Orchestration
import SlingshotTestSupport
import StagingModel
import Testing

@Suite struct CredentialTests {
    private static let key = SecretReference.file("/run/secrets/app.pem")

    @Test(arguments: FakeForge.Kind.allCases) func aRenewedTokenCountsAtOnce(kind: FakeForge.Kind) async throws {
        try await ForgeFixture.with(kind) { fixture async throws in
            fixture.open([7])
            _ = try await fixture.client.pullRequest(7)
            fixture.forge.change { state in
                state.tokens["n3w"] = state.tokens["t0ken"]
                state.tokens["t0ken"] = nil
            }
            let error = try await #require(throws: ForgeError.self) { try await fixture.client.pullRequest(7) }
            #expect(error.kind == .unauthorized)
            fixture.secrets[ForgeFixture.token] = "n3w"
            _ = try await fixture.client.pullRequest(7)
        }
    }

    @Test func aTokenThatCannotBeReadIsSaid() async throws {
        try await ForgeFixture.with(.gitlab, secrets: [:]) { fixture async throws in
            await #expect(throws: ForgeError(.misconfigured, "the token is missing; set it")) { try await fixture.client.pullRequest(7) }
            await #expect(throws: StepError.self) { try await fixture.forges.login(for: fixture.repository) }
        }
    }

    @Test(arguments: ["", "two words", "line\nbreak", "tök3n"]) func noTokenBecomesAnotherHeader(token: String) async throws {
        try await ForgeFixture.with(.gitlab, secrets: [ForgeFixture.token: token]) { fixture async throws in
            let error = try await #require(throws: ForgeError.self) { try await fixture.client.pullRequest(7) }
            #expect(error.kind == .misconfigured)
            #expect(fixture.forge.requests.isEmpty)
        }
    }

    @Test(arguments: [FakeForge.Kind.bitbucket, .bitbucketServer]) func aPasswordGoesWithItsName(kind: FakeForge.Kind) async throws {
        try await ForgeFixture.with(kind, credentials: .password(username: "ada@example.com", ForgeFixture.token)) { fixture async throws in
            fixture.open([7])
            fixture.forge.change { $0.tokens["t0ken"]?.username = "ada@example.com" }
            #expect(try await fixture.client.pullRequest(7).pullRequest.number == 7)
            fixture.forge.fail(.status(403, message: "no \(Data("ada@example.com:t0ken".utf8).base64EncodedString()) for you"))
            let error = try await #require(throws: ForgeError.self) { try await fixture.client.pullRequest(7) }
            #expect(error.message.contains("no *** for you"))
        }
    }

    @Test(arguments: [
        (Forge.github, GitLogin.basic(username: "x-access-token", password: "t0ken")),
        (.gitlab, .basic(username: "oauth2", password: "t0ken")),
        (.gitea, .basic(username: "x-access-token", password: "t0ken")),
        (.bitbucket, .basic(username: "x-token-auth", password: "t0ken")),
        (.bitbucketServer, .bearer("t0ken")), (.generic, .basic(username: "x-access-token", password: "t0ken")),
    ]) func theTokenFetchesToo(forge: Forge, login: GitLogin) async throws {
        let forges = Forges(clock: TestClock()) { _ in "t0ken" }
        #expect(try await forges.login(for: ForgeFixture.repository(forge)) == login)
        #expect(try await forges.login(for: ForgeFixture.repository(forge, credentials: nil)) == nil)
        #expect(try await forges.login(for: ForgeFixture.repository(forge, credentials: .ssh(key: nil, knownHosts: nil))) == nil)
        try await forges.shutdown()
    }

    @Test(arguments: [("ada", "ada"), ("ada@example.com", "x-bitbucket-api-token-auth")])
    func bitbucketKnowsAPITokensToGitByAnotherName(username: String, expected: String) async throws {
        let forges = Forges(clock: TestClock()) { _ in "t0ken" }
        let repository = ForgeFixture.repository(.bitbucket, credentials: .password(username: username, ForgeFixture.token))
        #expect(try await forges.login(for: repository) == .basic(username: expected, password: "t0ken"))
        try await forges.shutdown()
    }

    @Test func thereIsNoClientWithoutCredentialsForIt() async throws {
        let forges = Forges(clock: TestClock()) { _ in "t0ken" }
        #expect(try forges.client(for: ForgeFixture.repository(.generic)) == nil)
        #expect(try forges.client(for: ForgeFixture.repository(.github, credentials: nil)) == nil)
        #expect(try forges.client(for: ForgeFixture.repository(.github, credentials: .ssh(key: nil, knownHosts: nil))) == nil)
        let app = GitCredentials.githubApp(GitHubApp(id: "1", privateKey: Self.key))
        #expect(throws: ForgeError.self) { try forges.client(for: ForgeFixture.repository(.gitlab, credentials: app)) }
        let told = try forges.clients(for: [ForgeFixture.repository(.github), Samples.repository("web")])
        #expect(told.keys.map(\.description) == ["shop"])
        let error = #expect(throws: ForgeError.self) { try forges.clients(for: [ForgeFixture.repository(.gitlab, credentials: app)]) }
        #expect(error?.message.hasPrefix("the repository shop: GitLab has no GitHub Apps") == true)
        var nameless = ForgeFixture.repository(.github)
        for name in ["shop", "acme/shop/x", "acme/", "../shop", ""] {
            nameless.repository = name
            #expect(throws: ForgeError.self) { try forges.client(for: nameless) }
        }
        try await forges.shutdown()
    }

    // MARK: GitHub Apps

    private static func withApp(installation: Int64? = nil, _ body: @Sendable (ForgeFixture, FakeApp) async throws -> Void) async throws {
        let app = try FakeApp(id: "Iv23liABC", installation: 4_711)
        let credentials = GitCredentials.githubApp(GitHubApp(id: app.id, privateKey: key, installation: installation))
        try await ForgeFixture.with(.github, credentials: credentials, secrets: [key: app.privateKey]) { fixture async throws in
            fixture.forge.change { $0.app = app }
            fixture.open([7])
            try await body(fixture, app)
        }
    }

    @Test func anAppAsksForItsInstallationOnceAndForTokensAsTheyExpire() async throws {
        try await Self.withApp { fixture, _ async throws in
            for _ in 0..<3 { _ = try await fixture.client.pullRequest(7) }
            #expect(fixture.targets("GET").filter { $0.hasSuffix("/installation") }.count == 1)
            #expect(fixture.targets("POST") == ["/api/v3/app/installations/4711/access_tokens"])
            // 56 of its 60 minutes are over: a new one, before the old one fails
            fixture.clock.advance(by: 56 * 60)
            _ = try await fixture.client.pullRequest(7)
            #expect(fixture.targets("POST").count == 2)
            #expect(fixture.targets("GET").filter { $0.hasSuffix("/installation") }.count == 1)
            #expect(fixture.forge.requests.allSatisfy { ($0.status ?? 0) < 300 })
        }
    }

    @Test func aConfiguredInstallationIsNotAskedFor() async throws {
        try await Self.withApp(installation: 4_711) { fixture, _ async throws in
            _ = try await fixture.client.pullRequest(7)
            #expect(fixture.targets("GET") == ["/api/v3/repos/acme/shop/pulls/7"])
        }
    }

    @Test func allWhoComeAtOnceShareOneToken() async throws {
        try await Self.withApp { fixture, _ async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { _ = try await fixture.client.pullRequest(7) } }
                try await group.waitForAll()
            }
            #expect(fixture.targets("POST").count == 1)
        }
    }

    @Test func allWhoWaitShareOneFailure() async throws {
        try await Self.withApp(installation: 4_711) { fixture, _ async throws in
            fixture.forge.fail(.status(500), times: 100) { $0.method == "POST" }
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask { await #expect(throws: ForgeError.self) { try await fixture.client.pullRequest(7) } }
                }
            }
            // Those who came before it failed are told of that; none of the twenty waits for twenty time-outs.
            #expect(fixture.targets("POST").count < 20)
        }
    }

    @Test func aRevokedTokenIsMadeAgain() async throws {
        try await Self.withApp { fixture, _ async throws in
            _ = try await fixture.client.pullRequest(7)
            fixture.forge.change { state in state.tokens = state.tokens.filter { !$0.key.hasPrefix("ghs_") } }
            _ = try await fixture.client.pullRequest(7)
            #expect(fixture.targets("POST").count == 2)
        }
    }

    @Test func anInstallationThatIsAnotherNowIsFound() async throws {
        try await Self.withApp { fixture, _ async throws in
            _ = try await fixture.client.pullRequest(7)
            fixture.forge.change { $0.app?.installation = 4_712 }
            fixture.clock.advance(by: 3_600)
            await #expect(throws: ForgeError.self) { try await fixture.client.pullRequest(7) }
            #expect(try await fixture.client.pullRequest(7).pullRequest.number == 7)
        }
    }

    @Test func theSameTokenFetches() async throws {
        try await Self.withApp { fixture, _ async throws in
            let login = try #require(try await fixture.forges.login(for: fixture.repository))
            guard case .basic("x-access-token", let token) = login else {
                Issue.record("\(login)")
                return
            }
            #expect(fixture.forge.state.tokens[token]?.account == "slingshot-staging[bot]")
        }
    }

    @Test func anAppKnowsItsOwnComment() async throws {
        try await Self.withApp { fixture, _ async throws in
            let kept = try await fixture.client.keepComment(StackComment(stack: .shop7, text: "one"), on: 7)
            let again = try await fixture.client.keepComment(StackComment(stack: .shop7, text: "two"), on: 7)
            #expect(again == KeptComment(id: kept.id, change: .edited))
        }
    }

    @Test func aKeyThatIsNoneIsSaidWithoutTheKey() async throws {
        try await Self.withApp { fixture, _ async throws in
            fixture.secrets[Self.key] = "-----BEGIN RSA PRIVATE KEY-----\ns3cret\n-----END RSA PRIVATE KEY-----"
            let error = try await #require(throws: ForgeError.self) { try await fixture.client.pullRequest(7) }
            #expect(error.kind == .misconfigured && error.message.contains("is no RSA key in PEM") && !error.message.contains("s3cret"))
        }
    }

    /// The fake holds the signature and the times against GitHub's rules; here it shows that it does.
    @Test func anotherKeyIsRefused() async throws {
        try await Self.withApp { fixture, _ async throws in
            fixture.secrets[Self.key] = try FakeApp(id: "Iv23liABC", installation: 4_711).privateKey
            let error = try await #require(throws: ForgeError.self) { try await fixture.client.pullRequest(7) }
            #expect(error.kind == .unauthorized && error.message.contains("could not be decoded"))
        }
    }

    @Test func aClockThatIsBehindByHalfAMinuteIsNoTrouble() async throws {
        let app = try FakeApp(id: "12", installation: 1)
        let clock = TestClock()
        let behind = clock.now.addingTimeInterval(-30)
        try await FakeForge.running(.github, now: { behind }) { forge async throws in
            forge.change { $0.app = app }
            let forges = Forges(clock: clock) { _ in app.privateKey }
            let credentials = GitCredentials.githubApp(GitHubApp(id: app.id, privateKey: Self.key))
            let client = try #require(try forges.client(for: ForgeFixture.repository(.github, api: forge.api, credentials: credentials)))
            let open = try await client.openPullRequests()
            #expect(open.isEmpty)
            try await forges.shutdown()
        }
    }
}
