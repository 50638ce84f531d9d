import Foundation
import StagingModel

/// The payload of a `pull_request` event. Of an action that changes no stack only the action and the repository are read.
struct GiteaPullRequestDelivery: Decodable {
    let message: ForgeMessage

    private enum Key: String, CodingKey {
        case action, number, repository
        case pullRequest = "pull_request"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        let action = try fields.name(.action)
        let repository = try fields.decode(GitHubRepository.self, forKey: .repository)
        switch ForgeAction(gitea: action) {
        case .ignored(let reason):
            message = .ignored(repository: repository.fullName, reason: reason)
        case .change(let change):
            let number = try fields.wholeNumber(.number)
            let payload = try fields.decode(GiteaPullRequest.self, forKey: .pullRequest)
            guard payload.number == number else { throw fields.rejection(of: .number, "must equal pull_request.number") }
            message = .pullRequest(
                PullRequestEvent(
                    change: change == .closed && payload.isMerged ? .merged : change, repository: repository.fullName,
                    pullRequest: payload.pullRequest(of: repository), updatedAt: payload.updatedAt, isOpen: payload.isOpen,
                    untold: payload.isDraft == nil ? [.draft] : []))
        }
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

/// The fields of `pull_request` that are used. Go writes null for an empty list, and for a time that is not set.
private struct GiteaPullRequest: Decodable {
    let number: Int
    let title: String
    let author: String
    let head: GitHubBranch
    let base: GitHubBranch
    let labels: [String]
    let url: String
    /// Nil before Gitea 1.18.
    let isDraft: Bool?
    let isMerged: Bool
    let isOpen: Bool
    let updatedAt: Date?

    private enum Key: String, CodingKey {
        case number, title, user, head, base, labels, draft, merged, state
        case url = "html_url"
        case updatedAt = "updated_at"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        number = try fields.pullRequestNumber(.number)
        title = try fields.line(.title)
        author = try fields.ifPresent(.user) { try fields.decode(GitHubUser.self, forKey: $0) }?.login ?? ""
        head = try fields.decode(GitHubBranch.self, forKey: .head)
        base = try fields.decode(GitHubBranch.self, forKey: .base)
        labels = try fields.decode([GitHubLabel]?.self, forKey: .labels)?.prefix(100).map(\.name) ?? []
        url = try fields.webAddress(.url)
        isDraft = try fields.ifPresent(.draft) { try fields.decode(Bool.self, forKey: $0) }
        isOpen = try fields.ifPresent(.state, fields.name) != "closed"
        isMerged = try fields.decode(Bool.self, forKey: .merged)
        updatedAt = try fields.ifPresent(.updatedAt, fields.time)
    }

    /// A fork unless head, base and the repository of the delivery are the same one.
    func pullRequest(of repository: GitHubRepository) -> PullRequest {
        let isFork = [head, base].contains { $0.repository?.isSame(as: repository) != true }
        return PullRequest(
            number: number, title: title, author: author, branch: head.ref, base: base.ref, head: head.commit, labels: labels, url: url,
            isDraft: isDraft ?? false, isFork: isFork)
    }
}
