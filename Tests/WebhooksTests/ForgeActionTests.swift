import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

@testable import Webhooks

/// What each forge's events and actions mean for a stack.
@Suite struct ForgeActionTests {
    typealias Change = PullRequestEvent.Change

    /// The event's name in the headers, if it is another; edits of the payload that was opened; and what it means.
    private static let changes: [(Forge, String?, [String: JSONValue], Change)] = [
        (.gitlab, nil, ["object_attributes.action": "open"], .opened), (.gitlab, nil, ["object_attributes.action": "reopen"], .reopened),
        (.gitlab, nil, ["object_attributes.action": "close"], .closed), (.gitlab, nil, ["object_attributes.action": "merge"], .merged),
        (.gitlab, nil, ["object_attributes.action": "update"], .edited),
        (.gitlab, nil, ["object_attributes.action": "update", "changes": .null], .edited),
        (.gitlab, nil, ["object_attributes.action": "update", "object_attributes.oldrev": "9049f1265b7d"], .pushed),
        // A push may tell of labels that did not change.
        (
            .gitlab, nil,
            ["object_attributes.action": "update", "object_attributes.oldrev": "9049f1265b7d", "changes": labels([], ["preview"])], .pushed
        ),
        (.gitlab, nil, ["object_attributes.action": "update", "changes": labels([], ["preview"])], .labeled),
        (.gitlab, nil, ["object_attributes.action": "update", "changes": labels(["preview"], [])], .unlabeled),
        (.gitlab, nil, ["object_attributes.action": "update", "changes": labels(["a"], ["b"])], .labeled),
        (.gitlab, nil, ["object_attributes.action": "update", "changes": labels(["a"], ["a"])], .edited),
        (.gitlab, nil, ["object_attributes.action": "update", "changes": ["draft": ["previous": false, "current": true]]], .draft),
        (
            .gitlab, nil, ["object_attributes.action": "update", "changes": ["draft": ["previous": true, "current": false]]],
            .readyForReview
        ),
        (.gitea, nil, ["action": "opened"], .opened), (.gitea, nil, ["action": "reopened"], .reopened),
        (.gitea, nil, ["action": "synchronized"], .pushed), (.gitea, nil, ["action": "edited"], .edited),
        (.gitea, nil, ["action": "label_updated"], .labeled), (.gitea, nil, ["action": "label_cleared"], .unlabeled),
        (.gitea, nil, ["action": "closed"], .closed), (.gitea, nil, ["action": "closed", "pull_request.merged": true], .merged),
        (.forgejo, nil, ["action": "synchronized"], .pushed), (.forgejo, nil, ["action": "closed"], .closed),
        (.bitbucket, "pullrequest:created", [:], .opened), (.bitbucket, "pullrequest:updated", [:], .updated),
        (.bitbucket, "pullrequest:fulfilled", ["pullrequest.state": "MERGED"], .merged), (.bitbucket, "pullrequest:rejected", [:], .closed),
        (.bitbucketServer, "pr:opened", [:], .opened), (.bitbucketServer, "pr:reopened", [:], .reopened),
        (.bitbucketServer, "pr:from_ref_updated", [:], .pushed), (.bitbucketServer, "pr:modified", [:], .edited),
        (.bitbucketServer, "pr:merged", [:], .merged), (.bitbucketServer, "pr:declined", [:], .closed),
        (.bitbucketServer, "pr:deleted", [:], .closed), (.generic, nil, ["action": "readyForReview"], .readyForReview),
        (.generic, nil, ["action": "pushed"], .pushed), (.generic, nil, ["action": "updated"], .updated),
        (.generic, nil, ["action": "merged"], .merged),
    ]

    private static func labels(_ previous: [String], _ current: [String]) -> JSONValue {
        func list(_ titles: [String]) -> JSONValue { .array(titles.map { ["title": .string($0)] }) }
        return ["labels": ["previous": list(previous), "current": list(current)]]
    }

    private func message(_ forge: Forge, _ event: String?, _ edits: [String: JSONValue]) throws -> ForgeMessage {
        let fixture = try ForgeFixture.of(forge)
        return try fixture.message(edits.reduce(fixture.opened()) { $0.with($1.key, $1.value) }, event: event)
    }

    @Test(arguments: changes)
    func `changes a stack`(forge: Forge, event: String?, edits: [String: JSONValue], change: Change) throws {
        guard case .pullRequest(let read) = try message(forge, event, edits) else {
            Issue.record("\(forge) \(event ?? "") \(edits)")
            return
        }
        #expect(read.change == change)
    }

    private static let ignored: [(Forge, String?, [String: JSONValue], String)] = [
        (.gitlab, nil, ["object_attributes.action": "approved"], "approvals don't change a stack"),
        (.gitlab, nil, ["object_attributes.action": "unapproval"], "approvals don't change a stack"),
        (.gitlab, nil, ["object_attributes.action": "teleport"], "teleport is an action that Slingshot does not know"),
        (.gitlab, "Push Hook", [:], "this is Push Hook"), (.gitlab, "Confidential Note Hook", [:], "this is Confidential Note Hook"),
        (.gitlab, "System Hook", ["project": .null], "this is System Hook"),
        (.gitea, nil, ["action": "assigned"], "assignees don't change a stack"),
        (.gitea, nil, ["action": "demilestoned"], "milestones don't change a stack"),
        (.gitea, nil, ["action": "review_requested"], "reviews don't change a stack"),
        (.gitea, nil, ["action": "synchronize"], "synchronize is an action that Slingshot does not know"),
        (.gitea, "push", [:], "this is push"), (.gitea, "pull_request_comment", [:], "this is pull_request_comment"),
        (.forgejo, "pull_request_approved", [:], "this is pull_request_approved"),
        (.bitbucket, "pullrequest:approved", [:], "this is pullrequest:approved"), (.bitbucket, "repo:push", [:], "this is repo:push"),
        (.bitbucket, "pullrequest:updated", ["pullrequest.state": "MERGED"], "the pull request is not open any more"),
        (.bitbucket, "pullrequest:comment_updated", [:], "only new comments are read for commands"),
        (.bitbucket, "pullrequest:comment_deleted", [:], "only new comments are read for commands"),
        (.bitbucketServer, "pr:to_ref_updated", [:], "this is pr:to_ref_updated"),
        (.bitbucketServer, "pr:comment:edited", [:], "only new comments are read for commands"),
        (.bitbucketServer, "pr:comment:deleted", [:], "only new comments are read for commands"),
        (.generic, nil, ["action": "comment"], "a plain git server can't be asked who may command; use the command line"),
        (.generic, nil, ["action": "synchronize"], "synchronize is an action that Slingshot does not know"),
        (.generic, nil, ["action": "synchronize", "number": "x"], "synchronize is an action that Slingshot does not know"),
    ]

    @Test(arguments: ignored)
    func `is ignored with a reason`(forge: Forge, event: String?, edits: [String: JSONValue], reason: String) throws {
        guard case .ignored(let repository, let said) = try message(forge, event, edits) else {
            Issue.record("\(forge) \(event ?? "") \(edits)")
            return
        }
        #expect(said.hasPrefix("because ") && said.hasSuffix(reason), "\(said)")
        #expect(try repository == (event == "System Hook" ? nil : ForgeFixture.of(forge).repository))
    }

    @Test func `a push to Data Center is ignored, and it is known of which repository`() throws {
        let server = try ForgeFixture.of(.bitbucketServer)
        let repository = try #require(try server.opened()["pullRequest"]?["toRef"]?["repository"])
        let pushed = try server.message(["eventKey": "repo:refs_changed", "repository": repository], event: "repo:refs_changed")
        #expect(pushed.repository == "ACME/shop")
    }

    @Test func `what tries a webhook out is a ping`() throws {
        // GitLab's "Test" sends a merge request to which nothing has happened.
        let gitLab = try ForgeFixture.of(.gitlab)
        let tested = try gitLab.message(gitLab.opened().with("object_attributes.action", nil))
        #expect(tested == .ping(repository: "acme/shop", text: nil))
        #expect(
            try ForgeFixture.of(.bitbucketServer).message(["test": true], event: "diagnostics:ping") == .ping(repository: nil, text: nil))
        let generic = try ForgeFixture.of(.generic).message(["action": "ping", "repository": "acme/shop"])
        #expect(generic == .ping(repository: "acme/shop", text: nil))
    }
}
