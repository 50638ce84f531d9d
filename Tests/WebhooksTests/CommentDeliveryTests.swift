import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

@testable import Webhooks

/// What each forge tells of comments.
@Suite struct CommentDeliveryTests {
    private func message(_ forge: Forge, _ edits: [String: JSONValue] = [:], without paths: [String] = []) throws -> ForgeMessage {
        var delivery = try ForgeDelivery.commented(on: forge)
        for (path, value) in edits { delivery.payload = delivery.payload.with(path, value) }
        for path in paths { delivery.payload = delivery.payload.with(path, nil) }
        let forgeFixture = forge == .github ? try ForgeFixture.of(.gitea) : try ForgeFixture.of(forge)
        guard forge == .github else { return try forgeFixture.receive(delivery).message }
        return try GitHubFixture.message(delivery.payload, event: "issue_comment")
    }

    private func event(_ forge: Forge, _ edits: [String: JSONValue] = [:], without paths: [String] = []) throws -> CommentEvent {
        guard case .comment(let event) = try message(forge, edits, without: paths) else {
            throw ForgeDeliveryIsNone(forge: forge)
        }
        return event
    }

    private struct ForgeDeliveryIsNone: Error { var forge: Forge }

    @Test(arguments: ForgeDelivery.commenting) func `a new comment on a pull request is told of`(forge: Forge) throws {
        let account = forge == .bitbucket ? "{0b1d2c3e-7a4f-4f6e-9a55-1c2d3e4f5a6b}" : "mona"
        let expected = CommentEvent(
            repository: forge == .bitbucketServer ? "ACME/shop" : "acme/shop", number: 42, comment: "1001",
            author: CommentAuthor(account: account, name: "mona"), text: "Looks good.\n\n/slingshot extend 4h")
        #expect(try event(forge) == expected)
    }

    private static let ignored: [(Forge, [String: JSONValue], String)] = [
        (.github, ["action": "edited"], ForgeAction.editedComment), (.github, ["action": "deleted"], ForgeAction.editedComment),
        (.github, ["action": "edited", "comment": 7, "issue": 7], ForgeAction.editedComment),
        (.github, ["issue.pull_request": .null], ForgeAction.otherComment),
        (.github, ["comment.user": .null], ForgeAction.unknownAuthor),
        (.gitea, ["action": "edited"], ForgeAction.editedComment),
        (.gitea, ["issue.pull_request": .null, "is_pull": false], ForgeAction.otherComment),
        (.forgejo, ["action": "deleted"], ForgeAction.editedComment),
        (.gitlab, ["object_attributes.action": "update"], ForgeAction.editedComment),
        (.gitlab, ["object_attributes.system": true], ForgeAction.editedComment),
        (.gitlab, ["object_attributes.noteable_type": "Issue"], ForgeAction.otherComment),
        (.gitlab, ["object_attributes.noteable_type": "Commit", "merge_request": .null], ForgeAction.otherComment),
        (.gitlab, ["object_attributes.author_id": 53], ForgeAction.unknownAuthor),
        (.gitlab, ["user": .null], ForgeAction.unknownAuthor),
        (.bitbucket, ["actor": .null], ForgeAction.unknownAuthor),
        (.bitbucket, ["actor.uuid": .null, "actor.account_id": .null], ForgeAction.unknownAuthor),
    ]

    @Test(arguments: ignored) func `what is no new comment of somebody on a pull request is ignored with a reason`(
        forge: Forge, edits: [String: JSONValue], reason: String
    ) throws {
        #expect(try message(forge, edits) == .ignored(repository: "acme/shop", reason: reason))
    }

    @Test func `older GitLabs tell no action, and times that differ where a note was edited`() throws {
        #expect(try event(.gitlab, without: ["object_attributes.action"]).comment == "1001")
        let edited: [String: JSONValue] = ["object_attributes.updated_at": "2026-11-21 08:06:00 UTC"]
        #expect(
            try message(.gitlab, edited, without: ["object_attributes.action"])
                == .ignored(repository: "acme/shop", reason: ForgeAction.editedComment))
    }

    @Test func `Gitea tells a pull request by its own field too`() throws {
        #expect(try event(.gitea, without: ["issue.pull_request"]).number == 42)
        #expect(try event(.gitea, without: ["is_pull"]).number == 42)
    }

    private static let bots: [(Forge, [String: JSONValue])] = [
        (.github, ["comment.user.type": "Bot"]), (.github, ["comment.user.login": "renovate[bot]"]),
        (.gitea, ["comment.user.id": -2, "comment.user.login": "gitea-actions"]),
        (.gitlab, ["user.username": "project_14_bot_4ffca233d8298ea1"]), (.gitlab, ["user.username": "group_7_bot"]),
        (.bitbucket, ["actor.type": "app_user"]), (.bitbucketServer, ["comment.author.type": "SERVICE"]),
    ]

    @Test(arguments: bots) func `programs are told from people`(forge: Forge, edits: [String: JSONValue]) throws {
        #expect(try event(forge, edits).author.isBot)
        #expect(try !event(forge).author.isBot)
    }

    /// Where the id, the text and the author are, and where the pull request's number is.
    private static let fields: [(Forge, String)] = ForgeDelivery.commenting.flatMap { forge in
        let number =
            switch forge {
            case .github, .gitea, .forgejo: "issue.number"
            case .gitlab: "merge_request.iid"
            case .bitbucket: "pullrequest.id"
            case .bitbucketServer, .generic: "pullRequest.id"
            }
        return (ForgeDelivery.commentPaths(on: forge).map { $0.joined(separator: ".") } + [number]).map { (forge, $0) }
    }

    @Test(arguments: fields) func `a field of another type is named`(forge: Forge, path: String) throws {
        let wrong: [JSONValue] = [true, ["x"], ["x": "y"], .number(1.5)]
        for value in wrong {
            let rejection = #expect(throws: DeliveryRejection.self, "\(value.canonicalText)") { try event(forge, [path: value]) }
            guard case .malformed(let field, _) = rejection else {
                Issue.record("\(forge) \(path): \(String(describing: rejection))")
                continue
            }
            #expect(field == path)
        }
    }

    @Test(arguments: ForgeDelivery.commenting) func `a comment of megabytes is cut`(forge: Forge) throws {
        let path = ForgeDelivery.commentPaths(on: forge)[1].joined(separator: ".")
        for unit in ["x", "e\u{301}", "\u{301}"] {
            let text = String(repeating: unit, count: 2_000_000 / unit.utf8.count)
            #expect(try event(forge, [path: .string(text)]).text.unicodeScalars.count == 65_536)
        }
    }
}
