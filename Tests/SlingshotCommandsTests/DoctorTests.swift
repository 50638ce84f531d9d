import Foundation
import GitRefs
import StagingModel
import Testing
import Webhooks

@testable import SlingshotCommands

/// What `doctor` makes of what it sees.
@Suite struct DoctorTests {
    private static let address = "https://slingshot.example.com/webhooks/github"

    private static func hook(_ change: (inout ForgeWebhook) -> Void = { _ in }) -> ForgeWebhook {
        var hook = ForgeWebhook(
            url: address, isActive: true, lacks: [], sendsComments: true, sendsJSON: true, hasSecret: true, verifiesTLS: true,
            lastAnswer: 202)
        change(&hook)
        return hook
    }

    private func judged(_ hooks: [ForgeWebhook], publicURL: String? = "https://slingshot.example.com") -> [Finding] {
        WebhookFindings(area: "repository shop", forge: .github, publicURL: publicURL).findings(of: hooks)
    }

    @Test func aWebhookAsDocumentedIsWell() {
        let findings = judged([Self.hook()])
        #expect(
            findings.map(\.check) == [
                "webhook", "webhook address", "webhook content type", "webhook secret", "webhook events", "last delivery",
            ])
        #expect(findings.allSatisfy { $0.verdict == .ok && $0.fix == nil })
        // Without a public address, the route is what it is known by.
        #expect(
            judged([Self.hook { $0.url = "https://elsewhere.example.com/webhooks/github/" }], publicURL: nil).allSatisfy {
                $0.verdict == .ok
            })
    }

    /// One thing is wrong; which line says so, how badly, and a word of its fix.
    @Test(
        arguments: [
            (hook { $0.isActive = false }, "webhook", .failed, "switch it on"),
            (hook { $0.sendsJSON = false }, "webhook content type", .failed, "application/json"),
            (hook { $0.hasSecret = false }, "webhook secret", .failed, "webhookSecret"),
            (hook { $0.verifiesTLS = false }, "webhook secret", .warning, "certificates"),
            (hook { $0.lacks = ["Pull requests"] }, "webhook events", .failed, "tick"),
            (hook { $0.sendsComments = false }, "webhook events", .warning, "commands"),
            (hook { $0.lastAnswer = 0 }, "last delivery", .failed, "reachable"),
            (hook { $0.lastAnswer = 401 }, "last delivery", .failed, "set the same in both"),
            (hook { $0.lastAnswer = 404 }, "last delivery", .failed, "`repository`"),
            (hook { $0.lastAnswer = 502 }, "last delivery", .failed, "log of serve"),
        ] as [(ForgeWebhook, String, Finding.Verdict, String)])
    func whatIsWrongIsTheOnlyThing(hook: ForgeWebhook, check: String, verdict: Finding.Verdict, fix: String) throws {
        let wrong = judged([hook]).filter { $0.verdict != .ok }
        #expect(wrong.map(\.check) == [check])
        let finding = try #require(wrong.first)
        #expect(finding.verdict == verdict && finding.fix?.contains(fix) == true, "\(finding)")
    }

    @Test func oneThatIsMissingOrPostsElsewhereIsTold() throws {
        #expect(judged([]).map(\.verdict) == [.failed])
        let elsewhere = judged([Self.hook { $0.url = "https://ada:hunter2@old.example.com/webhooks/github?token=hunter2" }])
        #expect(elsewhere.map(\.check) == ["webhook address"])
        let message = try #require(elsewhere.first?.message)
        #expect(message.contains("https://old.example.com/webhooks/github") && !message.contains("hunter2"))
        let known = judged([Self.hook { $0.url = "https://ada:hunter2@old.example.com/webhooks/github" }], publicURL: nil)
        #expect(known.contains { $0.message == "https://old.example.com/webhooks/github" } && !"\(known)".contains("hunter2"))
        #expect(judged([Self.hook(), Self.hook()]).first?.message.contains("there are 2") == true)
        // What a forge does not tell is no failure.
        let silent = judged([ForgeWebhook(url: Self.address, isActive: true, lacks: [], sendsComments: true)])
        #expect(silent.filter { $0.verdict == .unknown }.map(\.check) == ["webhook content type", "webhook secret", "last delivery"])
    }

    private func trial(of forge: Forge, to server: String) throws -> TrialFindings {
        let settings = RepositorySettings(
            name: try #require(RepositoryName("shop")), forge: forge, repository: "acme/shop", url: "https://x.example.com/shop.git",
            runtime: "box")
        return TrialFindings(
            area: "repository shop", settings: settings, secret: try #require(.init(Array("s".utf8))),
            server: try #require(URL(string: server)), isPublic: true)
    }

    @Test(
        arguments: [
            (200, nil), (202, nil), (301, "server.publicURL"), (401, "read another one"), (404, "start `serve` again"), (502, "a proxy"),
        ] as [(Int, String?)])
    func aTrialDeliverysAnswerIsJudged(status: Int, fix: String?) throws {
        let finding = try trial(of: .github, to: "https://slingshot.example.com").finding(status: status)
        #expect(finding.verdict == (fix == nil ? .ok : .failed))
        if let fix { #expect(finding.fix?.contains(fix) == true, "\(finding)") }
    }

    /// Plain text carries GitLab's token, which is the secret, to everybody on the way.
    @Test func gitLabsSecretIsNotSentInTheOpen() async throws {
        let finding = try await trial(of: .gitlab, to: "http://slingshot.invalid").finding(now: Date())
        #expect(finding.verdict == .failed && finding.fix?.contains("https") == true)
    }

    @Test func clocksAreCompared() {
        #expect(RepositoryCheckup.clock(lead: nil, "a") == nil)
        #expect(RepositoryCheckup.clock(lead: 2, "a")?.verdict == .ok)
        #expect(RepositoryCheckup.clock(lead: 45, "a")?.message.contains("45 s behind") == true)
        #expect(RepositoryCheckup.clock(lead: -600, "a")?.verdict == .failed)
    }

    @Test func namesAreLookedUp() async {
        #expect(await MachineCheckup.addresses(of: "localhost").isEmpty == false)
        #expect(await MachineCheckup.addresses(of: "no-such-host.invalid").isEmpty)
    }

    @Test func peopleReadWhatToDo() {
        let findings: [Finding] = [
            .ok("machine", "state", "fine"), .ok("runtime box", "right", "get pods"), .ok("runtime box", "right", "get events"),
            .failed("runtime box", "right", "missing: list \u{1B}[31mevents", fix: "give it"),
        ]
        #expect(
            findings.text(isWide: false) == """
                machine
                  ok       state   fine

                runtime box
                  ok       rights  2 that are needed are there; -o wide lists them
                  failed   right   missing: list events
                                   fix: give it

                """)
        #expect(findings.text(isWide: true).contains("ok       right  get pods\n  ok       right  get events"))
        #expect(findings.summary == "1 failed, 3 ok")
    }
}
