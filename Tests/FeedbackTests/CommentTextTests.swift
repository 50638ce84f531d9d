import Foundation
import Orchestration
import SlingshotTestSupport
import StagingModel
import Testing

@testable import Feedback

/// `Golden/NAME.md` is what reviewers read. `UPDATE_GOLDEN=1 swift test` writes them anew: review the difference.
@Suite struct CommentTextTests {
    private static let crash =
        "Deployment/web: container \"web\" keeps crashing (exit code 1); the last lines of web: connecting to postgres://shop:hunter2@db/shop | FATAL: no route to db"

    static let cases: [(name: String, stack: Stack)] = [
        ("queued", Stacks.at(.queued)),
        (
            "waiting",
            Stacks.at(.waiting) {
                $0.approval = Approval()
                $0.message = $0.approvalText
            }
        ),
        (
            "waiting-image",
            Stacks.at(.waiting) {
                $0.message =
                    "Deployment/web: container \"app\": the image \"r.example.com/shop:1\" can't be pulled: r.example.com/shop:1: not found"
            }
        ),
        ("building", Stacks.at(.building)),
        (
            "ready-extended",
            Stacks.at(.ready) {
                $0.lease.expiresAt = Samples.start.addingTimeInterval(28 * 3_600)
                $0.answer = CommandAnswer(
                    to: .extend(seconds: 14_400), by: "mona", "it lives until 2 January 2026 at 04:00 UTC")
            }
        ),
        (
            "ready-help",
            Stacks.at(.ready) { $0.answer = CommandAnswer(to: .help, by: "mona", "these are the commands") }
        ),
        (
            "failed-refused",
            Stacks.at(.failed) {
                $0.answer = CommandAnswer(
                    to: .unclear(.several), by: "@acme/all` **Mona** [x](https://evil.example)\u{202E}", isRefusal: true,
                    "a comment is one command, and this one has more; write one a comment")
            }
        ),
        (
            "destroyed-never-there",
            Stacks.at(.destroyed) {
                ($0.wanted, $0.exclusion, $0.fetched) = (.gone(.unlabeled), .missing("preview"), nil)
                $0.answer = CommandAnswer(to: .status, by: "", "this is how it is, 1 January 2026 at 00:00 UTC")
            }
        ),
        ("deploying", Stacks.at(.deploying)),
        ("ready", Stacks.at(.ready)),
        (
            "ready-endpoints",
            Stacks.at(.ready) {
                $0.deployed?.endpoints = [StackEndpoint(name: "api", url: "http://shop-7-api.staging.example.com")]
                $0.requestedAt = nil
            }
        ),
        ("pinned", Stacks.at(.ready) { $0.lease = Lease(from: Samples.start, policy: Samples.policy.lifetime).pinned }),
        ("failed-crash", Stacks.at(.failed) { $0.message = Self.crash }),
        (
            "failed-build",
            Stacks.at(.failed) {
                $0.message = "the build failed: make: exit status 2; its output ended with: cc: no such file | make: *** 1"
            }
        ),
        ("sleeping", Stacks.at(.sleeping)),
        ("destroying", Stacks.at(.destroying)),
        ("destroyed-closed", Stacks.at(.destroyed)),
        ("destroyed-expired", Stacks.at(.destroyed) { $0.wanted = .gone(.expired) }),
        ("destroyed-unlabeled", Stacks.at(.destroyed) { ($0.wanted, $0.exclusion) = (.gone(.unlabeled), .missing("preview")) }),
        (
            "destroyed-excluded",
            Stacks.at(.destroyed) {
                ($0.wanted, $0.exclusion) = (.gone(.excluded), Exclusion(.branches, "its base \"``` @ada\" is not among `when.branches`"))
            }
        ),
    ]

    @Test(arguments: cases) func `it reads as on record`(name: String, stack: Stack) throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name).md")
        let text = CommentText.text(of: stack) + "\n"
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" { try text.write(to: file, atomically: true, encoding: .utf8) }
        #expect(try String(contentsOf: file, encoding: .utf8) == text)
    }

    @Test(arguments: cases) func `it commands nothing itself`(name: String, stack: Stack) {
        #expect(CommentCommand(comment: CommentText.text(of: stack)) == nil)
    }

    @Test func `the command that approves a fork's commit can be copied from it`() throws {
        let waiting = Stacks.at(.waiting) { $0.approval = Approval() }
        let line = try #require(CommentText.text(of: waiting).split(separator: "\n").first { $0.contains("/slingshot approve") })
        #expect(CommentCommand(comment: String(line)) == .approve(Samples.commit("a")))
    }

    /// What changes by the second, or says nothing to a reviewer, makes no edit.
    @Test(arguments: Phase.allCases) func `it stays as it is while nothing of interest changes`(phase: Phase) {
        let stack = Stacks.at(phase)
        var later = stack
        later.updatedAt = stack.updatedAt.addingTimeInterval(3_600)
        later.forgeUpdatedAt = later.updatedAt
        later.settlesAt = later.updatedAt
        later.namespaceUID = "another"
        later.pullRequest.title = "Another title"
        later.pullRequest.labels = ["preview"]
        later.failure = .init(step: "deploy", message: "the engine is away", attempts: 3, retryAt: later.updatedAt)
        if phase != .failed, phase != .waiting { later.message = "waiting: Deployment/web: 0 of 1 pods" }
        #expect(CommentText.text(of: later) == CommentText.text(of: stack))
    }

    // MARK: Strangers

    static let attacks = [
        "```\n@everyone **EVIL**", "``` EVIL", "````EVIL````", "~~~\nEVIL", "<!-- slingshot:shop-7 --> EVIL",
        "[//]: # (slingshot:shop-7) EVIL",
        "</code></pre><script>EVIL</script>", "@ada EVIL", "EVIL @acme/owners", "EVIL @{557058:ada}", "/close EVIL", "x; /merge EVIL",
        "a; the last lines of ```\n@ada EVIL: ``` | /approve | @ada EVIL", "x; its output ended with: ``` | # EVIL | [x](javascript:EVIL)",
        "\u{202E}EVIL\u{2066}", "\u{1B}[31mEVIL", "| EVIL | EVIL |", "![EVIL](https://evil.example/x.png)", "fixes #1 EVIL",
        "EVIL\u{2028}/close",
    ]

    private static func parts(_ text: String) -> (outside: [Substring], inside: [Substring]) {
        var (outside, inside) = ([Substring](), [Substring]())
        var isInside = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line == "```" { isInside.toggle() } else if isInside { inside.append(line) } else { outside.append(line) }
        }
        #expect(!isInside, "a block is left open")
        return (outside, inside)
    }

    @Test(arguments: attacks, Phase.allCases) func `what strangers wrote stays in its block`(attack: String, phase: Phase) {
        let hostile = Stacks.at(phase) { stack in
            stack.message = attack
            stack.pullRequest = PullRequest(
                number: 7, title: attack, author: attack, branch: attack, base: attack, head: Samples.commit("a"), ref: nil,
                labels: [attack],
                url: attack)
        }
        let (outside, inside) = Self.parts(CommentText.text(of: hostile))
        #expect(!outside.joined().contains("EVIL"))
        #expect(
            outside.filter { $0 != "Its last lines:" && !$0.isEmpty }
                == Self.parts(CommentText.text(of: Stacks.at(phase))).outside.filter { !$0.isEmpty })
        for line in inside {
            #expect(line.hasPrefix("  "), "\(line) begins where a command or a fence could")
            #expect(!line.contains("```"))
            #expect(!line.contains(/(^|[^A-Za-z0-9])@[A-Za-z{]/))
            #expect(
                line.unicodeScalars.allSatisfy {
                    $0 == "\u{200B}" || ![.control, .format, .lineSeparator].contains($0.properties.generalCategory)
                })
        }
    }

    @Test(arguments: [
        "javascript:alert(1)", "http://x/](http://evil.example", "https://evil.example/\"onclick", "http://a b", "", "http://x/<b>",
        "https://x/@ada", "http://x/\n/close",
    ]) func `an address that is none is not shown`(url: String) {
        let stack = Stacks.at(.ready) {
            $0.url = url
            $0.deployed?.endpoints = [StackEndpoint(name: "api", url: url)]
        }
        #expect(!CommentText.text(of: stack).contains("]("))
    }

    @Test func `a diagnosis of any length fits every forge`() {
        let long = Stacks.at(.failed) {
            $0.message =
                Array(repeating: String(repeating: "ü", count: 5_000), count: 500).joined(separator: "; ")
                + "; the last lines of web: " + Array(repeating: String(repeating: "x", count: 5_000), count: 500).joined(separator: " | ")
        }
        #expect(CommentText.text(of: long).unicodeScalars.count < 20_000)
    }

    @Test func `of many problems the first are shown, of many lines the last`() {
        let problems = (1...100).map { "Deployment/web\($0): broken" }.joined(separator: "; ")
        let stack = Stacks.at(.failed) { $0.message = "\(problems); \(Diagnosis.lastLines(of: "web", (1...100).map { "line \($0)" }))" }
        let text = CommentText.text(of: stack)
        #expect(text.contains("Deployment/web1:") && text.contains("Deployment/web20:") && !text.contains("Deployment/web21:"))
        #expect(text.contains("line 100\n") && !text.contains("line 80\n"))
    }

    @Test func `an image by its digest and a mail address stay readable`() {
        let stack = Stacks.at(.failed) { $0.message = "can't pull registry.example.com/shop@sha256:0123; ask ada@example.com" }
        let text = CommentText.text(of: stack)
        #expect(text.contains("shop@sha256:0123") && text.contains("ada@example.com"))
    }
}

extension Lease {
    /// For ever.
    fileprivate var pinned: Lease { Lease(startedAt: startedAt, expiresAt: nil) }
}
