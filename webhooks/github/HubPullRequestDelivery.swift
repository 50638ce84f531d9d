import Foundation
import StagingModel

/// The payload of a `pull_request` event: GitHub's, and Gitea's and Forgejo's, which are made after it. Of an action that changes no stack
/// only the action and the repository are read.
struct HubPullRequestDelivery<Manner: HubManner>: Decodable {
    let message: ForgeMessage

    private enum Key: String, CodingKey {
        case action, number, repository
        case pullRequest = "pull_request"
    }

    private struct Payload: Decodable {
        let pullRequest: HubPullRequest

        init(from decoder: any Decoder) throws {
            pullRequest = try Manner.pullRequest(try decoder.container(keyedBy: HubPullRequest.Key.self))
        }
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        let action = try fields.name(.action)
        let repository = try fields.decode(GitHubRepository.self, forKey: .repository)
        switch Manner.action(action) {
        case .ignored(let reason):
            message = .ignored(repository: repository.fullName, reason: reason)
        case .change(let change):
            let number = try fields.wholeNumber(.number)
            let payload = try fields.decode(Payload.self, forKey: .pullRequest).pullRequest
            guard payload.number == number else { throw fields.rejection(of: .number, "must equal pull_request.number") }
            message = .pullRequest(
                PullRequestEvent(
                    change: change == .closed && payload.isMerged ? .merged : change, repository: repository.fullName,
                    pullRequest: payload.pullRequest(of: repository), updatedAt: payload.updatedAt, isOpen: payload.isOpen,
                    untold: payload.isDraft == nil ? [.draft] : []))
        }
    }
}

/// What tells them apart: the words for actions, and which fields may be left out.
protocol HubManner {
    static func action(_ word: String) -> ForgeAction
    static func pullRequest(_ fields: KeyedDecodingContainer<HubPullRequest.Key>) throws -> HubPullRequest
}

/// The fields of `pull_request` that are used.
struct HubPullRequest {
    enum Key: String, CodingKey {
        case number, title, user, head, base, labels, draft, merged, state
        case url = "html_url"
        case updatedAt = "updated_at"
    }

    let number: Int
    let title: String
    let author: String
    let head: GitHubBranch
    let base: GitHubBranch
    let labels: [String]
    let url: String
    /// Nil when it is not told.
    let isDraft: Bool?
    let isMerged: Bool
    let isOpen: Bool
    let updatedAt: Date?

    /// Reads what all have alike.
    init(
        _ fields: KeyedDecodingContainer<Key>, author: String, labels: [GitHubLabel], isDraft: Bool?, isMerged: Bool, updatedAt: Date?
    ) throws {
        number = try fields.pullRequestNumber(.number)
        title = try fields.line(.title)
        head = try fields.decode(GitHubBranch.self, forKey: .head)
        base = try fields.decode(GitHubBranch.self, forKey: .base)
        url = try fields.webAddress(.url)
        isOpen = try fields.ifPresent(.state, fields.name) != "closed"
        // GitHub allows 100 labels on a pull request.
        self.labels = labels.prefix(100).map(\.name)
        (self.author, self.isDraft, self.isMerged, self.updatedAt) = (author, isDraft, isMerged, updatedAt)
    }

    /// A fork unless head, base and the repository of the delivery are the same one.
    func pullRequest(of repository: GitHubRepository) -> PullRequest {
        let isFork = [head, base].contains { $0.repository?.isSame(as: repository) != true }
        return PullRequest(
            number: number, title: title, author: author, branch: head.ref, base: base.ref, head: head.commit, labels: labels, url: url,
            isDraft: isDraft ?? false, isFork: isFork)
    }
}
