import ArgumentParser
import ControlAPI
import Foundation
import Orchestration
import SlingshotTestSupport
import StagingModel
import Testing

@testable import SlingshotCommands

@Suite struct OutputTests {
    private let view = StackView(
        Samples.stack {
            $0.phase = .ready
            $0.message = "aaaaaaa is running"
            $0.pullRequest.title = "red\u{1B}[31m\nalert"
            $0.deployed = .init(revision: 1, commit: Samples.commit("a"), planDigest: "d", at: Samples.start)
        }, namespace: "staging-shop-7", lifetime: LifetimePolicy())

    @Test func `the table has a line a stack`() {
        let text = StackText.table([view], isWide: false, now: Samples.start.addingTimeInterval(60))
        #expect(
            text == """
                NAME    PHASE  COMMIT   AGE  EXPIRES  URL
                shop-7  ready  aaaaaaa  1m   23h59m   http://shop-7.staging.example.com

                """)
    }

    @Test func `an empty list says so`() {
        #expect(StackText.table([], isWide: true, now: Samples.start) == "no stacks\n")
    }

    @Test func `a stranger's title can't steer the terminal`() {
        let text = StackText.full(view, events: [], now: Samples.start)
        #expect(!text.contains("\u{1B}"))
        #expect(text.contains("acme/shop#7 red\u{FFFD}[31m alert"))
    }

    @Test func `workloads are a table, or unknown with a reason`() {
        var view = view
        view.workloads = [
            WorkloadStatus(kind: "Deployment", name: "web", ready: 1, desired: 2, state: .failing, message: "crashes \u{1B}[2J"),
            WorkloadStatus(kind: "Job", name: "seed", ready: 1, desired: 1, state: .ready),
        ]
        let text = StackText.full(view, events: [], now: Samples.start)
        #expect(
            text.hasSuffix(
                """
                Workloads:
                  WORKLOAD        READY  STATE    WHY
                  Deployment/web  1/2    failing  crashes \u{FFFD}[2J
                  Job/seed        1/1    ready    -

                """))
        view.workloads = nil
        view.workloadsUnknown = "the engine is away"
        #expect(StackText.full(view, events: [], now: Samples.start).hasSuffix("Workloads: unknown: the engine is away\n"))
    }

    private static let line = LogLine(pod: "web-1", container: "app", time: "2026-01-01T00:00:00Z", text: "\u{1B}[31mred\rover")

    @Test(arguments: [
        (OutputFormat.table, false, "web-1/app \u{FFFD}[31mred\u{FFFD}over\n"),
        (.wide, false, "web-1/app 2026-01-01T00:00:00Z \u{FFFD}[31mred\u{FFFD}over\n"),
        (.json, true, #"{"container":"app","pod":"web-1","text":"\u001b[31mred\rover","time":"2026-01-01T00:00:00Z"}"# + "\n"),
    ])
    func `a line of a log can't steer the terminal`(format: OutputFormat, isColoured: Bool, text: String) throws {
        #expect(try LogText(format: format, isColoured: isColoured).line(Self.line) == text)
    }

    @Test func `colours are for terminals, and around the source only`() throws {
        let text = try LogText(format: .table, isColoured: true).line(Self.line)
        #expect(try #require(text.wholeMatch(of: /\u{1B}\[3[1-6]mweb-1\/app\u{1B}\[0m .*\n/)).0 == text)
    }

    @Test(
        arguments: [
            (Problem("no-such-stack", status: 404, title: "", detail: ""), 3),
            (Problem("unauthorized", status: 401, title: "", detail: ""), 4),
            (Problem("refused", status: 409, title: "", detail: ""), 1),
        ] as [(Problem, Int32)])
    func `problems have their exit codes`(problem: Problem, code: Int32) {
        #expect(ExitCodes.code(for: problem) == code)
        #expect(ExitCodes.isOurs(problem))
    }

    @Test(arguments: [
        ["extend", "shop-7"], ["extend", "shop-7", "4h", "--until", "+1h"], ["extend", "shop-7", "soon"], ["frobnicate"],
        ["list", "--phase", "x"], ["logs"], ["logs", "shop-7", "--tail", "-1"], ["logs", "shop-7", "-f", "--previous"],
        ["logs", "shop-7", "--since", "yesterday"],
    ])
    func `wrong usage is 64`(arguments: [String]) {
        let error = #expect(throws: (any Error).self) { _ = try Slingshot.parseAsRoot(arguments) }
        #expect(error.map { Slingshot.exitCode(for: $0).rawValue } == 64)
        #expect(error.map { ExitCodes.isOurs($0) } == false)
    }

    @Test func `instants are absolute or from now`() throws {
        #expect(try ArgumentParsing.instant("+24h", now: Samples.start) == Samples.start.addingTimeInterval(86_400))
        #expect(try ArgumentParsing.instant("2026-01-01T00:00:00Z", now: .distantPast) == Samples.start)
        #expect(throws: (any Error).self) { try ArgumentParsing.instant("tomorrow", now: Samples.start) }
    }

    @Test func `tokens are listed with what is left of them and their last use`() {
        var token = AccessToken(name: "ci", role: .operator, digest: [], createdAt: Samples.start)
        token.expiresAt = Samples.start.addingTimeInterval(86_400)
        token.lastUsedAt = Samples.start
        let text = ListTokensCommand.table([TokenView(token)], now: Samples.start.addingTimeInterval(3_600))
        #expect(text.split(separator: "\n")[1].split(separator: " ").joined(separator: " ") == "ci operator 1h 23h 1h ago")
        #expect(ListTokensCommand.table([], now: Samples.start) == "no tokens but the server's own\n")
    }
}
