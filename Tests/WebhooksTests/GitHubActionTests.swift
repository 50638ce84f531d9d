import StagingModel
import Testing

@testable import Webhooks

@Suite struct GitHubActionTests {
    private static let changes: [String: PullRequestEvent.Change] = [
        "opened": .opened, "reopened": .reopened, "synchronize": .pushed, "edited": .edited, "labeled": .labeled, "unlabeled": .unlabeled,
        "converted_to_draft": .draft, "ready_for_review": .readyForReview, "closed": .closed,
    ]

    @Test(arguments: changes)
    func changesAStack(action: String, change: PullRequestEvent.Change) throws {
        #expect(try GitHubFixture.event(GitHubFixture.opened().with("action", .string(action)))?.change == change)
    }

    @Test(arguments: [true, false, nil])
    func closedIsMergedOrNot(merged: Bool?) throws {
        let payload = try GitHubFixture.opened().with("action", "closed").with("pull_request.merged", merged.map { .bool($0) } ?? .null)
        #expect(try GitHubFixture.event(payload)?.change == (merged == true ? .merged : .closed))
    }

    @Test(arguments: [
        "assigned", "unassigned", "auto_merge_enabled", "auto_merge_disabled", "enqueued", "dequeued", "milestoned", "demilestoned",
        "locked",
        "unlocked", "review_requested", "review_request_removed",
    ])
    func isIgnoredWithAReason(action: String) throws {
        guard case .ignored(let repository, let reason) = try GitHubFixture.message(GitHubFixture.opened().with("action", .string(action)))
        else {
            Issue.record("\(action) is not ignored")
            return
        }
        #expect(repository == "acme/shop")
        #expect(reason.hasPrefix("because ") && reason.hasSuffix("change a stack"))
    }

    @Test(arguments: ["opend", "OPENED", "opened ", "stacked"])
    func unknownActionIsIgnored(action: String) throws {
        let reason = "because \(action) is an action that Slingshot does not know"
        #expect(
            try GitHubFixture.message(GitHubFixture.opened().with("action", .string(action)))
                == .ignored(repository: "acme/shop", reason: reason))
    }

    @Test func ignoredActionNeedsNoPullRequest() throws {
        let payload = try GitHubFixture.opened().with("action", "stacked").with("pull_request", nil).with("number", "x")
        guard case .ignored = try GitHubFixture.message(payload) else {
            Issue.record("not ignored")
            return
        }
    }
}
