import Foundation
import StagingModel
import Testing

@testable import Webhooks

@Suite struct GitHubPullRequestDeliveryTests {
    private static let texts = [
        "action", "repository.full_name", "pull_request.title", "pull_request.user.login", "pull_request.head.ref", "pull_request.head.sha",
        "pull_request.head.repo.full_name", "pull_request.base.ref", "pull_request.base.sha", "pull_request.base.repo.full_name",
        "pull_request.labels[1].name", "pull_request.html_url", "pull_request.updated_at",
    ]
    private static let numbers = [
        "number", "repository.id", "pull_request.number", "pull_request.head.repo.id", "pull_request.base.repo.id",
    ]
    private static let flags = ["pull_request.draft", "pull_request.merged"]
    private static let lists = ["pull_request.labels"]
    private static let objects = [
        "repository", "pull_request", "pull_request.user", "pull_request.head", "pull_request.base", "pull_request.head.repo",
        "pull_request.base.repo", "pull_request.labels[0]",
    ]
    /// Every field that is read.
    private static let fields = texts + numbers + flags + lists + objects

    /// What can't stand in the place of a field.
    private static func wrong(for path: String) -> [JSONValue] {
        if texts.contains(path) { return [7, true, ["x"], ["x": "y"]] }
        if numbers.contains(path) { return ["7", true, [7], [:]] }
        if flags.contains(path) { return [0, "true", []] }
        return lists.contains(path) ? [7, "x", [:]] : [7, "x", true, ["x"]]
    }

    /// Texts and numbers of the right type that are refused all the same.
    private static let refused: [String: [JSONValue]] = [
        "pull_request.head.sha": ["6dcb09b", "6DCB09B5B57875F334F61AEBED695E2E4193DB5E", ""],
        "pull_request.base.sha": ["$(reboot)"],
        "pull_request.head.ref": ["", "a\nb", .string(String(repeating: "a", count: 1_025))],
        "pull_request.base.ref": ["a\u{7F}", .string("e" + String(repeating: "\u{301}", count: 2_000))],
        "number": [43],
        "pull_request.number": [0, -1, 10_000_000_000, .number(1.5)],
        "pull_request.updated_at": ["yesterday", "", "1732176000"],
        "repository.full_name": ["shop", "acme/shop/x", "/shop", "acme/", "acme/\u{212A}ube", "acme/shop\u{0}"],
        "action": ["", "a\nb"],
    ]

    /// GitHub documents these as nullable. `labels[0]` stands for the removal of an array's item, which leaves a null.
    private static let nullable = ["pull_request.merged", "pull_request.user", "pull_request.head.repo"]

    private func expectRejection(of payload: JSONValue, naming path: String, _ comment: Comment) {
        let rejection = #expect(throws: DeliveryRejection.self, comment) { try GitHubFixture.message(payload) }
        guard case .malformed(let field, _) = rejection else {
            Issue.record("\(path): \(String(describing: rejection))")
            return
        }
        #expect(field == path, comment)
    }

    @Test func readsTheDocumentedPayload() throws {
        let pullRequest = PullRequest(
            number: 42, title: "Show the basket's total 🧺 \"before\" checkout", author: "octocat", branch: "basket/total", base: "main",
            head: CommitID("6dcb09b5b57875f334f61aebed695e2e4193db5e"), labels: ["preview", "good first issue"],
            url: "https://github.com/acme/shop/pull/42", isDraft: false, isFork: false)
        let event = PullRequestEvent(
            change: .opened, repository: "acme/shop", pullRequest: pullRequest, updatedAt: Date(rfc3339: "2026-11-21T08:00:00Z"))
        #expect(try GitHubFixture.event(GitHubFixture.opened()) == event)
        #expect(event.updatedAt != nil && pullRequest.head != nil)
    }

    @Test(arguments: fields)
    func missingFieldIsNamed(path: String) throws {
        expectRejection(of: try GitHubFixture.opened().with(path, nil), naming: path, "removed")
    }

    @Test(arguments: fields.filter { !nullable.contains($0) })
    func nullIsNamed(path: String) throws {
        expectRejection(of: try GitHubFixture.opened().with(path, .null), naming: path, "null")
    }

    @Test(arguments: fields)
    func wrongTypeIsNamed(path: String) throws {
        for wrong in Self.wrong(for: path) {
            expectRejection(of: try GitHubFixture.opened().with(path, wrong), naming: path, "\(wrong.canonicalText)")
        }
    }

    @Test(arguments: refused)
    func wrongValueIsNamed(path: String, values: [JSONValue]) throws {
        for value in values {
            expectRejection(of: try GitHubFixture.opened().with(path, value), naming: path, "\(value.canonicalText.prefix(50))")
        }
    }

    @Test(arguments: texts)
    func megabyteOfTextIsCutOrRefused(path: String) throws {
        for unit in ["x", "e\u{301}"] {
            let payload = try GitHubFixture.opened().with(path, .string(String(repeating: unit, count: 1_000_000 / unit.utf8.count)))
            do {
                // An action of a megabyte is none.
                guard let pullRequest = try GitHubFixture.event(payload)?.pullRequest else { continue }
                for text in [pullRequest.title, pullRequest.author, pullRequest.branch, pullRequest.base, pullRequest.url]
                    + pullRequest.labels
                {
                    #expect(text.unicodeScalars.count <= 2_048)
                }
            } catch let rejection as DeliveryRejection {
                #expect(rejection.status == 400 && rejection.description.utf8.count < 200)
            }
        }
    }

    @Test func textsSayWhatIsWrong() throws {
        func text(_ path: String, _ value: JSONValue?) throws -> String? {
            #expect(throws: DeliveryRejection.self) { try GitHubFixture.message(GitHubFixture.opened().with(path, value)) }?.description
        }
        #expect(try text("pull_request.head.sha", nil) == "pull_request.head.sha is missing")
        #expect(try text("pull_request.title", .null) == "pull_request.title must not be null")
        #expect(try text("pull_request.title", 7) == "pull_request.title must be a text")
        #expect(try text("pull_request.number", "7") == "pull_request.number must be a whole number")
        #expect(try text("pull_request.draft", "no") == "pull_request.draft must be true or false")
        #expect(try text("pull_request.labels", 7) == "pull_request.labels must be a list")
        #expect(try text("pull_request", 7) == "pull_request must be an object")
        #expect(try text("number", 43) == "number must equal pull_request.number")
    }

    @Test func deletedHeadRepositoryIsAFork() throws {
        #expect(try GitHubFixture.event(GitHubFixture.opened().with("pull_request.head.repo", .null))?.pullRequest.isFork == true)
    }

    @Test(
        arguments: [
            ("pull_request.head.repo.full_name", "octocat/shop"), ("pull_request.head.repo.id", 7), ("pull_request.base.repo.id", 7),
            ("repository.id", 7),
            ("pull_request.base.repo.full_name", "octocat/shop"),
        ] as [(String, JSONValue)])
    func otherHeadRepositoryIsAFork(path: String, value: JSONValue) throws {
        #expect(try GitHubFixture.event(GitHubFixture.opened().with(path, value))?.pullRequest.isFork == true)
    }

    @Test func fullNamesOfOneRepositoryMayDifferInCase() throws {
        let payload = try GitHubFixture.opened().with("pull_request.head.repo.full_name", "Acme/Shop")
        #expect(try GitHubFixture.event(payload)?.pullRequest.isFork == false)
    }

    @Test func deletedAuthorIsGhost() throws {
        #expect(try GitHubFixture.event(GitHubFixture.opened().with("pull_request.user", .null))?.pullRequest.author == "ghost")
    }

    @Test func titleIsData() throws {
        let hostile = #""]}: {{x}} ${{ pr.title }} && rm -rf / <script>"#
        #expect(try GitHubFixture.event(GitHubFixture.opened().with("pull_request.title", .string(hostile)))?.pullRequest.title == hostile)
    }

    @Test func titleIsOneLineOfAtMost1024Characters() throws {
        func title(_ text: String) throws -> String? {
            try GitHubFixture.event(GitHubFixture.opened().with("pull_request.title", .string(text)))?.pullRequest.title
        }
        #expect(try title("a\r\nb\u{1B}[2Jc\u{0}") == "a  b [2Jc ")
        #expect(try title(String(repeating: "ß", count: 5_000)) == String(repeating: "ß", count: 1_024))
        #expect(try title("e" + String(repeating: "\u{301}", count: 5_000))?.unicodeScalars.count == 1_024)
        #expect(try title("") == "")
    }

    @Test func keepsAHundredLabels() throws {
        let labels = (0..<150).map { JSONValue.object(["name": .string("label \($0)")]) }
        #expect(
            try GitHubFixture.event(GitHubFixture.opened().with("pull_request.labels", .array(labels)))?.pullRequest.labels
                == (0..<100).map { "label \($0)" })
    }

    @Test(arguments: ["http://ghe.example.com/acme/shop/pull/42", "https://github.com/acme/shop/pull/42"])
    func keepsWebAddress(url: String) throws {
        #expect(try GitHubFixture.event(GitHubFixture.opened().with("pull_request.html_url", .string(url)))?.pullRequest.url == url)
    }

    @Test(arguments: [
        "", "javascript:alert(1)", "data:text/html,x", "//github.com/x", "/pull/42", "https://", "https:///x", "ftp://github.com/x",
        "https://a b/",
        "https://github.com/\"onclick=", "https://github.com/\n", " https://github.com/",
        "https://github.com/" + String(repeating: "a", count: 2_048),
    ])
    func dropsOtherAddress(url: String) throws {
        #expect(try GitHubFixture.event(GitHubFixture.opened().with("pull_request.html_url", .string(url)))?.pullRequest.url == "")
    }

    @Test func draftAndTimeOffsetAreRead() throws {
        let payload = try GitHubFixture.opened().with("pull_request.draft", true).with(
            "pull_request.updated_at", "2026-11-21T09:00:00+01:00")
        let event = try GitHubFixture.event(payload)
        #expect(event?.pullRequest.isDraft == true)
        #expect(event?.updatedAt == Date(rfc3339: "2026-11-21T08:00:00Z"))
    }
}
