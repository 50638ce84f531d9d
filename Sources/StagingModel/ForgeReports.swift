public import Foundation

/// What a forge says of a pull request when it is asked. Texts are bounded, as those of deliveries are.
public struct ForgePullRequest: Codable, Hashable, Sendable {
    public enum State: String, Codable, Sendable { case open, closed, merged }

    /// Its `head` is nil where the forge tells a shortened commit only, in lists, or the head repository is gone.
    public var pullRequest: PullRequest
    public var state: State
    /// When the forge last changed it; nil when it does not say.
    public var updatedAt: Date?

    public init(pullRequest: PullRequest, state: State, updatedAt: Date? = nil) {
        self.pullRequest = pullRequest.bounded
        self.state = state
        self.updatedAt = updatedAt
    }
}

/// What is shown beside a commit. Texts that are longer than the forge takes are cut.
public struct CommitStatus: Codable, Hashable, Sendable {
    public enum State: String, Codable, CaseIterable, Sendable { case pending, running, succeeded, failed, cancelled }

    public var state: State
    /// Tells statuses of one commit apart; the same context is replaced: `slingshot/shop`.
    public var context: String
    /// Where a click leads.
    public var url: String
    public var description: String
    /// The head branch, because GitLab asks for it.
    public var branch: String

    public init(state: State, context: String, url: String, description: String, branch: String) {
        self.state = state
        self.context = context
        self.url = url
        self.description = description
        self.branch = branch
    }
}

/// The one comment that tells about a stack.
public struct StackComment: Codable, Hashable, Sendable {
    /// Makes the hidden marker by which the comment is found again.
    public var stack: StackName
    /// Markdown.
    public var text: String
    /// The comment's id from an earlier ``KeptComment``, which saves the search.
    public var id: String?

    public init(stack: StackName, text: String, id: String? = nil) {
        self.stack = stack
        self.text = text
        self.id = id
    }
}

/// What became of a ``StackComment``.
public struct KeptComment: Codable, Hashable, Sendable {
    public enum Change: String, Codable, Sendable { case created, edited, unchanged }

    public var id: String
    public var change: Change

    public init(id: String, change: Change) {
        self.id = id
        self.change = change
    }
}

/// The answer to a command that somebody wrote in a comment.
public enum CommentReaction: String, Codable, CaseIterable, Sendable { case seen, done, refused }

/// A commit that goes to an environment: what GitHub and GitLab show as a deployment.
public struct ForgeDeployment: Codable, Hashable, Sendable {
    public enum State: String, Codable, CaseIterable, Sendable { case running, succeeded, failed }

    public var environment: String
    public var commit: CommitID
    public var branch: String
    /// Where the environment is visited.
    public var url: String

    public init(environment: String, commit: CommitID, branch: String, url: String) {
        self.environment = environment
        self.commit = commit
        self.branch = branch
        self.url = url
    }
}

/// A webhook delivery of which no attempt succeeded, by the forge's own record.
public struct FailedDelivery: Codable, Hashable, Sendable {
    /// Of its first attempt.
    public var id: Int64
    /// The webhook's id; nil for a GitHub App's own.
    public var hook: Int64?
    /// What all attempts of one delivery share.
    public var guid: String
    /// When it was first sent.
    public var at: Date
    /// How often it was sent.
    public var attempts: Int
    public var lastAt: Date
    /// What was answered last, by whoever stood there; 0 for nothing.
    public var status: Int

    public init(id: Int64, hook: Int64?, guid: String, at: Date, attempts: Int = 1, lastAt: Date? = nil, status: Int = 0) {
        self.id = id
        self.hook = hook
        self.guid = guid
        self.at = at
        self.attempts = attempts
        self.lastAt = lastAt ?? at
        self.status = status
    }
}

/// One right that the credentials need, and whether they have it.
public struct AccessFinding: Codable, Hashable, Sendable {
    /// `unknown`: the forge has no way to ask.
    public enum Verdict: String, Codable, Sendable { case granted, missing, unknown }

    /// The right in the forge's own words: `Commit statuses: write`.
    public var right: String
    public var verdict: Verdict
    /// What it is for: `show how a deploy goes`.
    public var purpose: String

    public init(right: String, verdict: Verdict, purpose: String) {
        self.right = right
        self.verdict = verdict
        self.purpose = purpose
    }
}
