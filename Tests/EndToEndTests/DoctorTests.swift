import FakeForges
import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

/// `slingshot doctor` beside a real `serve`: it verifies each of the five lines of docs/forges.md for each forge, and names what is wrong.
@Suite(.serialized, .timeLimit(.minutes(5))) struct DoctorTests {
    private struct Finding: Decodable {
        var area: String
        var check: String
        var verdict: String
        var message: String
        var fix: String?
    }

    /// What it finds about the repository that is not well, by check; and everything when it is.
    private func doctor(
        _ fixture: PodmanServe, _ address: URL, secret: String = ServeFixture.secret, only: Bool = true, fails: Bool
    ) async throws -> [Finding] {
        let file = fixture.directory.appending(path: "slingshot.yaml")
        let text = try String(contentsOf: file, encoding: .utf8)
            .replacing("listen: \"127.0.0.1:0\"", with: "listen: \"127.0.0.1:0\", publicURL: \"\(address.absoluteString)\"")
        let own = fixture.directory.appending(path: "doctor.yaml")
        try Data(text.utf8).write(to: own)
        let run = try await ChildProcess.run(
            ServeFixture.binary, ["doctor", "--config", own.path, "-o", "json"] + (only ? ["--repository", "shop"] : []),
            environment: ["SLINGSHOT_TOKEN": "x", "SHOP_WEBHOOK_SECRET": secret, "SHOP_FORGE_TOKEN": "t0ken"], accepting: [0, 1])
        #expect(run.status == (fails ? 1 : 0), "\(run.output)")
        #expect(!run.output.contains("t0ken") && !run.errors.contains("t0ken"))
        return try JSONDecoder().decode([Finding].self, from: Data(run.output.utf8))
    }

    private func failed(_ findings: [Finding]) -> [String] { findings.filter { $0.verdict == "failed" }.map(\.check) }

    @Test(arguments: FakeForge.Kind.allCases)
    func `each line of a forge's set-up is verified`(kind: FakeForge.Kind) async throws {
        let forge = kind.forge
        try await PodmanServe.run { fixture async throws in
            try await FakeForge.running(kind, now: { Date() }) { fake async throws in
                try fixture.configure(forge: forge, more: "    credentials: {token: {env: SHOP_FORGE_TOKEN}}\n    api: \(fake.api)")
                try await fixture.serving(environment: ["SHOP_FORGE_TOKEN": "t0ken"]) { serving async throws in
                    let route = serving.address.appending(path: "webhooks/\(kind.rawValue)").absoluteString
                    fake.change { $0.webhooks[0].url = route }
                    let well = try await doctor(fixture, serving.address, only: false, fails: false)
                    #expect(failed(well) == [])
                    let checks = Set(well.filter { $0.verdict == "ok" }.map(\.check))
                    #expect(
                        checks.isSuperset(of: [
                            "state", "DNS", "engine", "git", "forge", "clock", "webhook", "webhook address", "webhook events",
                            "webhook content type", "delivery",
                        ]), "\(well)")

                    for (change, check) in Self.mistakes(kind) {
                        let before = fake.state.webhooks[0]
                        fake.change { change(&$0.webhooks[0]) }
                        let found = try await doctor(fixture, serving.address, fails: true)
                        #expect(failed(found) == [check])
                        #expect(found.first { $0.verdict == "failed" }?.fix?.isEmpty == false)
                        fake.change { $0.webhooks[0] = before }
                    }
                    // The `serve` that runs has another secret than the file says now.
                    #expect(
                        failed(try await doctor(fixture, serving.address, secret: "0123456789abcdef-other", fails: true)) == ["delivery"])
                    fake.change { $0.tokens["t0ken"] = nil }
                    let refused = try await doctor(fixture, serving.address, fails: true)
                    #expect(Set(failed(refused)) == ["forge", "webhook"])
                    #expect(refused.contains { $0.message.contains("renew what `credentials` names") }, "\(refused)")
                }
            }
        }
    }

    /// The webhook is wrong in one way, and the check that says so. What a forge does not tell can't be checked there.
    private static func mistakes(_ kind: FakeForge.Kind) -> [(@Sendable (inout ForgeState.Webhook) -> Void, String)] {
        var mistakes: [(@Sendable (inout ForgeState.Webhook) -> Void, String)] = [
            ({ $0.isActive = false }, "webhook"), ({ $0.url = "https://old.example.com/webhooks/\(kind.rawValue)" }, "webhook address"),
            ({ $0.events = [] }, "webhook events"),
        ]
        if [.github, .gitea, .forgejo].contains(kind) { mistakes.append(({ $0.sendsJSON = false }, "webhook content type")) }
        if [.github, .bitbucket].contains(kind) { mistakes.append(({ $0.hasSecret = false }, "webhook secret")) }
        if [.github, .gitlab, .bitbucketServer].contains(kind) { mistakes.append(({ $0.lastAnswer = 401 }, "last delivery")) }
        return mistakes
    }

    /// peers.md: a token that lost a right was found out by silence.
    @Test func `a right that was lost is named`() async throws {
        try await PodmanServe.run { fixture async throws in
            try await FakeForge.running(.github, now: { Date() }) { fake async throws in
                try fixture.configure(more: "    credentials: {token: {env: SHOP_FORGE_TOKEN}}\n    api: \(fake.api)")
                try await fixture.serving(environment: ["SHOP_FORGE_TOKEN": "t0ken"]) { serving async throws in
                    fake.change { $0.tokens["t0ken"]?.scopes = ["repo:status"] }
                    let found = try await doctor(fixture, serving.address, fails: true).filter { $0.verdict == "failed" }
                    #expect(found.contains { $0.message.contains("Pull requests: write") }, "\(found)")
                    #expect(!found.contains { $0.message.contains("Commit statuses") })
                }
            }
        }
    }

    @Test func `a plain git server's hook is verified`() async throws {
        try await PodmanServe.run { fixture async throws in
            try fixture.configure(forge: .generic)
            let remote = try await HookedRepository(fixture)
            try await fixture.serving { serving async throws in
                try await remote.tell(serving)
                #expect(failed(try await doctor(fixture, serving.address, fails: false)) == [])
                _ = try await fixture.repository.git(["config", "--unset", "slingshot.repository"])
                #expect(failed(try await doctor(fixture, serving.address, fails: true)) == ["slingshot.repository"])
            }
        }
    }

    @Test func `what does not answer is told, and the rest is looked at`() async throws {
        try await PodmanServe.run { fixture async throws in
            try fixture.configure(forge: .generic, runtime: "{kind: podman, socket: /run/no-such/podman.sock}")
            let address = try #require(URL(string: "http://127.0.0.1:9"))
            let found = try await doctor(fixture, address, only: false, fails: true)
            #expect(Set(failed(found)).isSuperset(of: ["access", "hook", "delivery"]), "\(found)")
            #expect(found.contains { $0.check == "git" && $0.verdict == "ok" })
        }
    }
}
