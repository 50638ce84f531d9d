import Foundation
import StagingModel

/// The payload of a `pull_request` event. Of an action that changes no stack only the action and the repository are read.
struct GitHubPullRequestDelivery: Decodable {
    let message: ForgeMessage

    private enum Key: String, CodingKey {
        case action, number, repository
        case pullRequest = "pull_request"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        let action = try fields.name(.action)
        let repository = try fields.decode(GitHubRepository.self, forKey: .repository)
        switch ForgeAction(gitHub: action) {
        case .ignored(let reason):
            message = .ignored(repository: repository.fullName, reason: reason)
        case .change(let change):
            let number = try fields.wholeNumber(.number)
            let payload = try fields.decode(GitHubPullRequest.self, forKey: .pullRequest)
            guard payload.number == number else { throw fields.rejection(of: .number, "must equal pull_request.number") }
            message = .pullRequest(
                PullRequestEvent(
                    change: change == .closed && payload.isMerged ? .merged : change, repository: repository.fullName,
                    pullRequest: payload.pullRequest(of: repository), updatedAt: payload.updatedAt, isOpen: payload.isOpen))
        }
    }
}

/// The fields of `pull_request` that are used.
private struct GitHubPullRequest: Decodable {
    let number: Int
    let title: String
    let author: String
    let head: GitHubBranch
    let base: GitHubBranch
    let labels: [String]
    let url: String
    let isDraft: Bool
    let isMerged: Bool
    let isOpen: Bool
    let updatedAt: Date

    private enum Key: String, CodingKey {
        case number, title, user, head, base, labels, draft, merged, state
        case url = "html_url"
        case updatedAt = "updated_at"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        number = try fields.pullRequestNumber(.number)
        title = try fields.line(.title)
        // Null for an account that was deleted; GitHub shows those as its user "ghost".
        author = try fields.decode(GitHubUser?.self, forKey: .user)?.login ?? "ghost"
        head = try fields.decode(GitHubBranch.self, forKey: .head)
        base = try fields.decode(GitHubBranch.self, forKey: .base)
        guard base.repository != nil else {
            throw try fields.nestedContainer(keyedBy: GitHubBranch.Key.self, forKey: .base).rejection(of: .repository, "must not be null")
        }
        // GitHub allows 100 labels on a pull request.
        labels = try fields.decode([GitHubLabel].self, forKey: .labels).prefix(100).map(\.name)
        url = try fields.webAddress(.url)
        isDraft = try fields.decode(Bool.self, forKey: .draft)
        // Documented as a boolean or null.
        isMerged = try fields.decode(Bool?.self, forKey: .merged) ?? false
        isOpen = try fields.ifPresent(.state, fields.name) != "closed"
        updatedAt = try fields.time(.updatedAt)
    }

    /// A fork unless head, base and the repository of the delivery are the same one.
    func pullRequest(of repository: GitHubRepository) -> PullRequest {
        let isFork = [head, base].contains { $0.repository?.isSame(as: repository) != true }
        return PullRequest(
            number: number, title: title, author: author, branch: head.ref, base: base.ref, head: head.commit, labels: labels, url: url,
            isDraft: isDraft, isFork: isFork)
    }
}

/// `head` or `base`.
struct GitHubBranch: Decodable {
    let ref: String
    let commit: CommitID
    /// Nil when it was deleted, as forks are; GitHub sends null, and never leaves the field out.
    let repository: GitHubRepository?

    enum Key: String, CodingKey {
        case ref, sha
        case repository = "repo"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        ref = try fields.name(.ref)
        commit = try fields.commit(.sha)
        repository = try fields.decode(GitHubRepository?.self, forKey: .repository)
    }
}

struct GitHubUser: Decodable {
    let login: String

    private enum Key: String, CodingKey { case login }

    init(from decoder: any Decoder) throws {
        login = try decoder.container(keyedBy: Key.self).line(.login)
    }
}

struct GitHubLabel: Decodable {
    let name: String

    private enum Key: String, CodingKey { case name }

    init(from decoder: any Decoder) throws {
        name = try decoder.container(keyedBy: Key.self).line(.name)
    }
}
