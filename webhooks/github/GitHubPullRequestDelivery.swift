import Foundation
import StagingModel

typealias GitHubPullRequestDelivery = HubPullRequestDelivery<GitHubManner>

/// GitHub leaves nothing out.
enum GitHubManner: HubManner {
    static func action(_ word: String) -> ForgeAction { ForgeAction(gitHub: word) }

    static func pullRequest(_ fields: KeyedDecodingContainer<HubPullRequest.Key>) throws -> HubPullRequest {
        let pullRequest = try HubPullRequest(
            fields,
            // Null for an account that was deleted; GitHub shows those as its user "ghost".
            author: try fields.decode(GitHubUser?.self, forKey: .user)?.login ?? "ghost",
            labels: try fields.decode([GitHubLabel].self, forKey: .labels), isDraft: try fields.decode(Bool.self, forKey: .draft),
            // Documented as a boolean or null.
            isMerged: try fields.decode(Bool?.self, forKey: .merged) ?? false, updatedAt: try fields.time(.updatedAt))
        guard pullRequest.base.repository != nil else {
            throw try fields.nestedContainer(keyedBy: GitHubBranch.Key.self, forKey: .base).rejection(of: .repository, "must not be null")
        }
        return pullRequest
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
