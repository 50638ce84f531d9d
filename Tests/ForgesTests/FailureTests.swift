import FakeForges
import Forges
import Foundation
import Orchestration
import SlingshotTestSupport
import StagingModel
import Telemetry
import Testing

/// Whatever a forge answers, or does not.
@Suite struct FailureTests {
    @Test(arguments: FakeForge.Kind.allCases) func tellsWhatTheTokenLacks(kind: FakeForge.Kind) async throws {
        try await ForgeFixture.with(kind) { fixture async throws in
            fixture.open([7])
            fixture.forge.change { $0.tokens["t0ken"]?.scopes = ["nothing"] }
            let status = CommitStatus(state: .pending, context: "slingshot", url: "https://x.example.com", description: "", branch: "thing")
            let error = try await #require(throws: ForgeError.self) { try await fixture.client.setStatus(status, of: commit) }
            #expect(error.kind == .forbidden && !error.isRetryable)
            #expect(error.message.contains("in acme/shop (403") && error.message.contains("give the token the right "))
            let rights: [FakeForge.Kind: String] = [
                .github: "Commit statuses: write (classic: repo:status) (statuses=write)", .gitlab: "`api`, in the role Developer",
                .gitea: "`write:repository`", .forgejo: "`write:repository`", .bitbucket: "`repository`",
                .bitbucketServer: "Repository read",
            ]
            #expect(error.message.contains(rights[kind] ?? "?"), "\(error)")
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func tellsWhatIsNotThere(kind: FakeForge.Kind) async throws {
        try await ForgeFixture.with(kind) { fixture async throws in
            let error = try await #require(throws: ForgeError.self) { try await fixture.client.pullRequest(404) }
            #expect(error.kind == .notFound && !error.isRetryable)
            #expect(error.message.contains("404") && error.message.contains("check `repository`"), "\(error)")
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func tellsThatTheTokenIsRefusedAndNeverTheToken(kind: FakeForge.Kind) async throws {
        try await ForgeFixture.with(kind, secrets: [ForgeFixture.token: "s3cret-t0ken"]) { fixture async throws in
            let error = try await #require(throws: ForgeError.self) { try await fixture.client.pullRequest(7) }
            #expect(error.kind == .unauthorized && error.message.contains("renew what `credentials` names"))
            // a server that says back what it was told
            fixture.forge.fail(.status(403, message: "no s3cret-t0ken for you"))
            let echoed = try await #require(throws: ForgeError.self) { try await fixture.client.pullRequest(7) }
            #expect(echoed.message.contains("no *** for you") && !echoed.message.contains("s3cret"))
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func waitsOutARateLimit(kind: FakeForge.Kind) async throws {
        try await ForgeFixture.with(kind) { fixture async throws in
            fixture.open([7])
            let start = fixture.clock.now
            // Bitbucket is asked twice: for the whole id of the head too
            fixture.forge.change { $0.budget = (kind == .bitbucket ? 2 : 1, start.addingTimeInterval(90)) }
            _ = try await fixture.client.pullRequest(7)
            let used = fixture.forge.requests.count
            let error = try await #require(throws: ForgeError.self) { try await fixture.client.pullRequest(7) }
            #expect(error.kind == .rateLimited && error.isRetryable)
            #expect(error.retryAt == start.addingTimeInterval(90))
            // Nobody asks before that, however often the call is made.
            let asked = fixture.forge.requests.count
            #expect(asked > used)
            for _ in 0..<3 {
                let again = try await #require(throws: ForgeError.self) { try await fixture.client.openPullRequests() }
                #expect(again.retryAt == error.retryAt)
            }
            #expect(fixture.forge.requests.count == asked)
            fixture.clock.advance(by: 90)
            #expect(try await fixture.client.pullRequest(7).pullRequest.number == 7)
        }
    }

    @Test(arguments: [
        (Fault.status(500), true), (.status(502), true), (.status(503, headers: ["retry-after": "5"]), true), (.truncated, true),
        (.dropped, true),
        (.lie("<html>It works!</html>"), false), (.huge(17 << 20), false), (.status(418), false), (.status(404), false),
        (.status(429), true),
    ]) func saysWhetherAnotherTryCanHelp(fault: Fault, isRetryable: Bool) async throws {
        try await ForgeFixture.with(.github) { fixture async throws in
            fixture.open([7])
            fixture.forge.fail(fault)
            let error = try await #require(throws: ForgeError.self) { try await fixture.client.pullRequest(7) }
            #expect(error.isRetryable == isRetryable, "\(error)")
            #expect(!error.message.contains("\n") && !error.message.contains("t0ken"))
            fixture.clock.advance(by: 60)
            #expect(try await fixture.client.pullRequest(7).state == .open)
        }
    }

    @Test func anEmptyListIsNotTakenForAnError() async throws {
        try await ForgeFixture.with(.github) { fixture async throws in
            fixture.open([7])
            fixture.forge.fail(.lie("[]"))
            let open = try await fixture.client.openPullRequests()
            #expect(open.isEmpty)
        }
    }

    /// Where the forge tells how many there are, fewer are an error.
    @Test func aListThatIsShorterThanItsCountIsAskedAgain() async throws {
        try await ForgeFixture.with(.gitea) { fixture async throws in
            fixture.forge.fail(.lie("[]", headers: ["x-total-count": "5"]))
            let error = try await #require(throws: ForgeError.self) { try await fixture.client.openPullRequests() }
            #expect(error.kind == .unavailable && error.message.contains("told 0 of 5 things"))
        }
    }

    @Test func aForgeThatSaysNothingIsNotWaitedFor() async throws {
        try await ForgeFixture.with(.github, timeouts: ForgeTimeouts(head: .milliseconds(100))) { fixture async throws in
            fixture.open([7])
            fixture.forge.fail(.silence)
            let error = try await #require(throws: ForgeError.self) { try await fixture.client.pullRequest(7) }
            #expect(error.kind == .unavailable && error.message.hasPrefix("no answer from http://127.0.0.1:"))
        }
    }

    @Test func aForgeThatDripsIsNotWaitedFor() async throws {
        try await ForgeFixture.with(.github, timeouts: ForgeTimeouts(body: .milliseconds(100))) { fixture async throws in
            fixture.open([7])
            fixture.forge.fail(.drip)
            let error = try await #require(throws: ForgeError.self) { try await fixture.client.pullRequest(7) }
            #expect(error.kind == .unavailable && error.isRetryable)
        }
    }

    @Test func aForgeThatIsDownIsToldAtOnce() async throws {
        let clock = SystemClock()
        let forges = Forges(clock: clock) { _ in "t0ken" }
        let client = try #require(try forges.client(for: ForgeFixture.repository(.github, api: "http://127.0.0.1:1/api/v3")))
        let error = try await #require(throws: ForgeError.self) { try await client.pullRequest(7) }
        #expect(error.kind == .unavailable && error.isRetryable)
        try await forges.shutdown()
    }

    @Test(arguments: FakeForge.Kind.allCases) func noTokenGoesWhereARedirectLeads(kind: FakeForge.Kind) async throws {
        try await FakeForge.running(.github, now: { Date() }) { stranger in
            try await ForgeFixture.with(kind) { fixture async throws in
                fixture.forge.fail(.redirect(to: "http://127.0.0.1:\(stranger.port)/api/v3/repos/acme/shop/pulls/7"))
                let error = try await #require(throws: ForgeError.self) { try await fixture.client.pullRequest(7) }
                #expect(error.kind == .moved && error.message.contains("acme/shop is elsewhere (302)"))
            }
            #expect(stranger.requests.isEmpty)
        }
    }

    @Test func aCancelledCallThrowsThat() async throws {
        try await ForgeFixture.with(.github) { fixture async throws in
            fixture.forge.fail(.silence)
            let task = Task { try await fixture.client.pullRequest(7) }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }

    @Test func everyRequestIsCounted() async throws {
        try await ForgeFixture.with(.github) { fixture async throws in
            fixture.open([7])
            fixture.forge.change { $0.budget = (10, fixture.clock.now.addingTimeInterval(60)) }
            _ = try await fixture.client.pullRequest(7)
            fixture.forge.fail(.status(500))
            await #expect(throws: ForgeError.self) { try await fixture.client.pullRequest(7) }
            let families = fixture.metrics.collect()
            let requests = try #require(families.first { $0.name == "slingshot_forge_requests_total" })
            #expect(requests.samples.map(\.value) == [1, 1])
            #expect(requests.samples.flatMap(\.labels).filter { $0.name == "outcome" }.map(\.value).sorted() == ["done", "failed"])
            let left = try #require(families.first { $0.name == "slingshot_forge_requests_remaining" })
            #expect(left.samples.map(\.value) == [9])
        }
    }
}
