import Foundation
import StagingModel

/// A pull request as GitHub's API has it, and Gitea's and Forgejo's, which follow it. Every text is a stranger's.
struct HubPullRequest: Decodable, Sendable {
    struct User: Decodable, Sendable { var login: String }
    struct Label: Decodable, Sendable { var name: String }
    struct Repository: Decodable, Sendable { var id: Int64 }

    struct Branch: Decodable, Sendable {
        var ref: String
        var sha: String
        /// Null when the repository is gone.
        var repo: Repository?
    }

    var number: Int
    var title: String
    /// Null when the account is gone.
    var user: User?
    var head: Branch
    var base: Branch
    var labels: [Label]?
    var html_url: String
    var draft: Bool?
    var state: String
    var merged: Bool?
    var merged_at: Date?
    var updated_at: Date?

    var value: ForgePullRequest {
        let state: ForgePullRequest.State = merged == true || merged_at != nil ? .merged : state == "open" ? .open : .closed
        return ForgePullRequest(
            pullRequest: PullRequest(
                number: number, title: title, author: user?.login ?? "", branch: head.ref, base: base.ref, head: CommitID(head.sha),
                labels: (labels ?? []).map(\.name), url: html_url, isDraft: draft ?? false,
                isFork: head.repo == nil || head.repo?.id != base.repo?.id),
            state: state, updatedAt: updated_at)
    }
}

/// What somebody may do in a repository, in the forge's word.
struct HubPermission: Decodable, Sendable { var permission: String }

/// A comment on an issue or pull request, likewise.
struct HubComment: Decodable, Sendable {
    var id: Int64
    var user: HubPullRequest.User?
    var body: String?

    var value: ForgeComment { ForgeComment(id: "\(id)", author: user?.login ?? "", text: body ?? "") }
}

extension CommentReaction {
    /// GitHub's word, which Gitea and Forgejo share.
    var hubContent: String {
        switch self {
        case .seen: "eyes"
        case .done: "+1"
        case .refused: "-1"
        }
    }
}
