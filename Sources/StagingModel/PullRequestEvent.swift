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

    /// What a delivery can leave out that has no value for "unknown".
    public enum Field: String, Codable, Sendable { case labels, draft }

    public var change: Change
    /// The repository's full name on its forge, `acme/shop`.
    public var repository: String
    public var pullRequest: PullRequest
    /// When the forge last changed the pull request: settles deliveries that arrive out of order. Nil when it does not say.
    public var updatedAt: Date?
    /// False when the forge says that the pull request is closed or merged, whatever happened to it now. True when it does not say.
    public var isOpen: Bool
    /// What the delivery did not tell.
    public var untold: Set<Field>

    public init(
        change: Change, repository: String, pullRequest: PullRequest, updatedAt: Date?, isOpen: Bool = true, untold: Set<Field> = []
    ) {
        self.change = change
        self.repository = repository
        self.pullRequest = pullRequest
        self.updatedAt = updatedAt
        self.isOpen = isOpen
        self.untold = untold
    }

    /// The pull request as it is by now, with what the delivery left out as `earlier` has it. That is not its head when that has `moved` since.
    public func pullRequest(after earlier: PullRequest, moved: Bool) -> PullRequest {
        var complete = pullRequest.completed(from: earlier, moved: moved)
        if untold.contains(.labels) { complete.labels = earlier.labels }
        if untold.contains(.draft) { complete.isDraft = earlier.isDraft }
        return complete
    }
}
