import Foundation
import StagingModel

typealias GiteaPullRequestDelivery = HubPullRequestDelivery<GiteaManner>

/// Go writes null for an empty list, and for a time that is not set.
enum GiteaManner: HubManner {
    static func action(_ word: String) -> ForgeAction { ForgeAction(gitea: word) }

    static func pullRequest(_ fields: KeyedDecodingContainer<HubPullRequest.Key>) throws -> HubPullRequest {
        try HubPullRequest(
            fields, author: try fields.ifPresent(.user) { try fields.decode(GitHubUser.self, forKey: $0) }?.login ?? "",
            labels: try fields.decode([GitHubLabel]?.self, forKey: .labels) ?? [],
            // Not there before Gitea 1.18.
            isDraft: try fields.ifPresent(.draft) { try fields.decode(Bool.self, forKey: $0) },
            isMerged: try fields.decode(Bool.self, forKey: .merged), updatedAt: try fields.ifPresent(.updatedAt, fields.time))
    }
}

extension ForgeAction {
    /// What an action of a `pull_request` event means: `modules/structs/hook.go` names them. A draft is one by its title, so that turning it
    /// into one is an edit. Of `label_updated` nobody knows which label came or went; the payload has those that are left.
    fileprivate init(gitea action: String) {
        self =
            switch action {
            case "opened": .change(.opened)
            case "reopened": .change(.reopened)
            case "synchronized": .change(.pushed)
            case "edited": .change(.edited)
            case "label_updated": .change(.labeled)
            case "label_cleared": .change(.unlabeled)
            case "closed": .change(.closed)
            case "assigned", "unassigned": .ignored(reason: "because assignees don't change a stack")
            case "milestoned", "demilestoned": .ignored(reason: "because milestones don't change a stack")
            case "reviewed", "review_requested", "review_request_removed": .ignored(reason: "because reviews don't change a stack")
            default: .unknown(action)
            }
    }
}
