import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

@testable import Webhooks

/// What each forge's payload says, and what becomes of one that is broken. GitHub has suites of its own.
@Suite struct ForgePayloadTests {
    private static let fields = ForgeFixture.all.flatMap { fixture in fixture.fields.map { (fixture, $0) } }
    private static let refused = ForgeFixture.all.flatMap { fixture in fixture.refused.map { (fixture, $0.key, $0.value) } }

    private func expectRejection(of payload: JSONValue, by fixture: ForgeFixture, naming path: String, _ comment: Comment) {
        let rejection = #expect(throws: DeliveryRejection.self, comment) { try fixture.message(payload) }
        guard case .malformed(let field, _) = rejection else {
            Issue.record("\(fixture.forge) \(path): \(String(describing: rejection))")
            return
        }
        #expect(field == path, comment)
    }

    @Test(arguments: ForgeFixture.all)
    func `the documented payload is read`(fixture: ForgeFixture) throws {
        let verified = try fixture.receive(ForgeDelivery.opened(on: fixture.forge))
        #expect(verified.repository?.description == "shop")
        let opened: PullRequestEvent.Change = .opened
        #expect(
            verified.message
                == .pullRequest(
                    PullRequestEvent(
                        change: opened, repository: fixture.repository, pullRequest: fixture.pullRequest,
                        updatedAt: Date(rfc3339: "2026-11-21T08:00:00Z"), untold: fixture.forge.hasLabels ? [] : [.labels])))
    }

    @Test(arguments: fields)
    func `a missing field is named, or it need not be there`(fixture: ForgeFixture, field: ForgeFixture.Field) throws {
        let payload = try fixture.opened().with(field.path, nil)
        if field.absence == .both || field.absence == .missing {
            #expect(try fixture.event(payload)?.pullRequest.number == 42)
        } else {
            expectRejection(of: payload, by: fixture, naming: field.path, "removed")
        }
    }

    @Test(arguments: fields)
    func `null is named, or may be there`(fixture: ForgeFixture, field: ForgeFixture.Field) throws {
        let payload = try fixture.opened().with(field.path, .null)
        if field.absence == .both || field.absence == .null {
            #expect(try fixture.event(payload)?.pullRequest.number == 42)
        } else {
            expectRejection(of: payload, by: fixture, naming: field.path, "null")
        }
    }

    @Test(arguments: fields)
    func `a wrong type is named`(fixture: ForgeFixture, field: ForgeFixture.Field) throws {
        for wrong in field.wrong {
            expectRejection(of: try fixture.opened().with(field.path, wrong), by: fixture, naming: field.path, "\(wrong.canonicalText)")
        }
    }

    @Test(arguments: refused)
    func `a wrong value is named`(fixture: ForgeFixture, path: String, values: [JSONValue]) throws {
        for value in values {
            let payload = try fixture.opened().with(path, value)
            expectRejection(of: payload, by: fixture, naming: path, "\(value.canonicalText.prefix(50))")
        }
    }

    @Test(arguments: fields)
    func `a megabyte in a text is cut or refused`(fixture: ForgeFixture, field: ForgeFixture.Field) throws {
        guard field.kind == .text else { return }
        for unit in ["x", "e\u{301}"] {
            let text = String(repeating: unit, count: 1_000_000 / unit.utf8.count)
            do {
                guard let event = try fixture.event(fixture.opened().with(field.path, .string(text))) else {
                    Issue.record("\(field.path) made it something else")
                    continue
                }
                let pullRequest = event.pullRequest
                for text in [pullRequest.title, pullRequest.author, pullRequest.branch, pullRequest.base, pullRequest.url]
                    + pullRequest.labels
                {
                    #expect(text.unicodeScalars.count <= 2_048)
                }
            } catch let rejection as DeliveryRejection {
                #expect(rejection.description.utf8.count < 200, "\(rejection.description.prefix(300))")
                #expect(rejection.status == 400)
            }
        }
    }

    @Test(arguments: ForgeFixture.all)
    func `a renamed or transferred repository is unknown by its new name`(fixture: ForgeFixture) throws {
        let name: JSONValue = fixture.forge == .bitbucketServer ? "till" : "other/till"
        let payload = try fixture.opened().with(fixture.fullName, name)
        let full = fixture.forge == .bitbucketServer ? "ACME/till" : "other/till"
        #expect(throws: DeliveryRejection.unknownRepository(full)) { try fixture.message(payload) }
    }

    @Test(arguments: ForgeFixture.all)
    func `a hostile title is data`(fixture: ForgeFixture) throws {
        let hostile = #""]}: {{x}} ${{ pr.title }} && rm -rf / <script>"#
        let path = try #require(fixture.fields.first { $0.path.hasSuffix("title") && !$0.path.contains("labels") }).path
        #expect(try fixture.event(fixture.opened().with(path, .string(hostile)))?.pullRequest.title == hostile)
    }

    @Test(arguments: ForgeFixture.all)
    func `an address that is none of the web is dropped`(fixture: ForgeFixture) throws {
        let path = try #require(fixture.fields.first { $0.path.hasSuffix("url") || $0.path.hasSuffix("href") }).path
        for url in ["", "javascript:alert(1)", "//x", "ftp://x/y", "https://x/\"onclick="] {
            #expect(try fixture.event(fixture.opened().with(path, .string(url)))?.pullRequest.url == "")
        }
    }

    private static let forks: [(Forge, String, JSONValue)] = [
        (.gitlab, "object_attributes.source_project_id", 15), (.gitlab, "object_attributes.source_project_id", .null),
        (.gitlab, "object_attributes.target_project_id", 15), (.gitlab, "project.id", 15),
        (.gitea, "pull_request.head.repo", .null), (.gitea, "pull_request.head.repo.id", 18),
        (.gitea, "pull_request.head.repo.full_name", "mona/shop"), (.gitea, "pull_request.base.repo.id", 18),
        (.forgejo, "pull_request.head.repo", .null), (.forgejo, "pull_request.head.repo.full_name", "mona/shop"),
        (.bitbucket, "pullrequest.source.repository", .null), (.bitbucket, "pullrequest.source.repository.full_name", "mona/shop"),
        (.bitbucket, "pullrequest.source.repository.uuid", "{0}"), (.bitbucket, "pullrequest.source.repository.uuid", .null),
        (.bitbucket, "pullrequest.destination.repository.full_name", "mona/shop"),
        (.bitbucketServer, "pullRequest.fromRef.repository", .null), (.bitbucketServer, "pullRequest.fromRef.repository.id", 85),
        (.bitbucketServer, "pullRequest.fromRef.repository.slug", "shop2"),
        (.bitbucketServer, "pullRequest.fromRef.repository.project.key", "~mona"), (.generic, "fork", true),
    ]

    @Test(arguments: forks)
    func `another or a deleted head repository is a fork`(forge: Forge, path: String, value: JSONValue) throws {
        let fixture = try ForgeFixture.of(forge)
        #expect(try fixture.event(fixture.opened().with(path, value))?.pullRequest.isFork == true)
    }

    private static let bases: [(Forge, String)] = [
        (.gitlab, "object_attributes.target_branch"), (.gitea, "pull_request.base.ref"), (.forgejo, "pull_request.base.ref"),
        (.bitbucket, "pullrequest.destination.branch.name"), (.bitbucketServer, "pullRequest.toRef.displayId"), (.generic, "base"),
    ]

    @Test(arguments: bases)
    func `the base that it has now is told`(forge: Forge, path: String) throws {
        let fixture = try ForgeFixture.of(forge)
        #expect(try fixture.event(fixture.opened().with(path, "release/2"))?.pullRequest.base == "release/2")
    }

    private static let drafts: [(Forge, String)] = [
        (.gitlab, "object_attributes.draft"), (.gitea, "pull_request.draft"), (.forgejo, "pull_request.draft"),
        (.bitbucket, "pullrequest.draft"), (.bitbucketServer, "pullRequest.draft"), (.generic, "draft"),
    ]

    @Test(arguments: drafts)
    func `a draft is told, or not told`(forge: Forge, path: String) throws {
        let fixture = try ForgeFixture.of(forge)
        #expect(try fixture.event(fixture.opened().with(path, true))?.pullRequest.isDraft == true)
        // GitLab has it always, under one name or the other.
        guard forge != .gitlab else { return }
        #expect(try fixture.event(fixture.opened().with(path, nil))?.untold.contains(.draft) == true)
    }

    @Test func `labels that a generic delivery leaves out are not told, and none are none`() throws {
        let fixture = try ForgeFixture.of(.generic)
        #expect(try fixture.event(fixture.opened().with("labels", nil))?.untold == [.labels])
        let none = try fixture.event(fixture.opened().with("labels", []))
        #expect(none?.untold == [] && none?.pullRequest.labels == [])
    }

    private static let states: [(Forge, String, String, Bool)] = [
        (.github, "pull_request.state", "closed", false), (.github, "pull_request.state", "open", true),
        (.gitea, "pull_request.state", "closed", false), (.forgejo, "pull_request.state", "closed", false),
        (.gitlab, "object_attributes.state", "closed", false), (.gitlab, "object_attributes.state", "merged", false),
        (.gitlab, "object_attributes.state", "locked", true), (.gitlab, "object_attributes.state", "opened", true),
    ]

    @Test(arguments: states)
    func `whether it is open is told with whatever happens to it`(forge: Forge, path: String, state: String, isOpen: Bool) throws {
        let payload = try ForgeDelivery.opened(on: forge).payload.with(path, .string(state))
        let message = try forge == .github ? GitHubFixture.message(payload) : ForgeFixture.of(forge).message(payload)
        guard case .pullRequest(let event) = message else {
            Issue.record("\(message)")
            return
        }
        #expect(event.isOpen == isOpen)
    }

    private static let labelLists: [(Forge, String, String)] = [
        (.gitlab, "labels", "title"), (.gitea, "pull_request.labels", "name"), (.forgejo, "pull_request.labels", "name"),
        (.generic, "labels", ""),
    ]

    @Test(arguments: labelLists)
    func `a hundred labels are kept`(forge: Forge, path: String, key: String) throws {
        let fixture = try ForgeFixture.of(forge)
        let labels = (0..<150).map { JSONValue.string("label\n\($0)") }.map { key.isEmpty ? $0 : .object([key: $0]) }
        let event = try fixture.event(fixture.opened().with(path, .array(labels)))
        #expect(event?.pullRequest.labels == (0..<100).map { "label \($0)" })
    }

    @Test func `GitLab's subgroups and Bitbucket's personal projects have names too`() throws {
        let gitLab = try ForgeFixture.of(.gitlab)
        #expect(throws: DeliveryRejection.unknownRepository("acme/web/shops/shop")) {
            try gitLab.message(gitLab.opened().with("project.path_with_namespace", "acme/web/shops/shop"))
        }
        let server = try ForgeFixture.of(.bitbucketServer)
        #expect(throws: DeliveryRejection.unknownRepository("~mona/shop")) {
            try server.message(server.opened().with("pullRequest.toRef.repository.project.key", "~mona"))
        }
    }

    @Test func `what a forge leaves out is missing, and never guessed`() throws {
        let gitLab = try ForgeFixture.of(.gitlab)
        // Somebody else has acted: of the author only the id is there.
        #expect(try gitLab.event(gitLab.opened().with("user.id", 7))?.pullRequest.author == "")
        #expect(try gitLab.event(gitLab.opened().with("user", nil))?.pullRequest.author == "")
        #expect(try gitLab.event(gitLab.opened().with("object_attributes.last_commit", .null))?.pullRequest.head == nil)
        let bitbucket = try ForgeFixture.of(.bitbucket)
        let short = try #require(try bitbucket.event(bitbucket.opened()))
        #expect(short.pullRequest.head == nil && short.pullRequest.shortHead == "6dcb09b5b578")
        let full = try bitbucket.opened().with("pullrequest.source.commit.hash", "6dcb09b5b57875f334f61aebed695e2e4193db5e")
        #expect(try bitbucket.event(full)?.pullRequest.head?.short == "6dcb09b")
        #expect(try bitbucket.event(full)?.pullRequest.shortHead == nil)
        #expect(try bitbucket.event(bitbucket.opened().with("pullrequest.author.nickname", nil))?.pullRequest.author == "")
        let generic = try ForgeFixture.of(.generic)
        let least = try #require(try generic.event(["action": "pushed", "repository": "acme/shop", "number": 42]))
        #expect(
            least
                == PullRequestEvent(
                    change: .pushed, repository: "acme/shop", pullRequest: PullRequest(number: 42), updatedAt: nil,
                    untold: [.labels, .draft]))
    }

    @Test(arguments: ["2026-11-21T08:00:00Z", "2026-11-21 08:00:00 UTC", "2026-11-21T09:00:00.123+01:00"])
    func `GitLab's times are read in all their forms`(text: String) throws {
        let gitLab = try ForgeFixture.of(.gitlab)
        let payload = try gitLab.opened().with("object_attributes.updated_at", .string(text))
        #expect(try gitLab.event(payload)?.updatedAt == Date(rfc3339: "2026-11-21T08:00:00Z"))
    }
}
