public import Foundation

/// What every forge's verified delivery about a pull request is turned into.
public struct PullRequestEvent: Codable, Hashable, Sendable {
    /// What happened to the pull request, in words that no single forge owns.
    public enum Change: String, Codable, Sendable {
        case opened, reopened
        /// New commits on the head branch.
        case pushed
        /// Title, base, or another property: the stack's values follow, nothing is launched.
        case edited
        /// Something of it, and the forge does not tell commits from anything else: the head does.
        case updated
        case labeled, unlabeled
        case draft, readyForReview
        case closed, merged
    }

    public var change: Change
    /// The repository's full name on its forge, `acme/shop`.
    public var repository: String
    public var pullRequest: PullRequest
    /// When the forge last changed the pull request: settles deliveries that arrive out of order. Nil when it does not say.
    public var updatedAt: Date?

    public init(change: Change, repository: String, pullRequest: PullRequest, updatedAt: Date?) {
        self.change = change
        self.repository = repository
        self.pullRequest = pullRequest
        self.updatedAt = updatedAt
    }
}
