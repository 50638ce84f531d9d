/// What a person has to say before anything of a pull request from a fork is used.
public struct Approval: Codable, Hashable, Sendable {
    /// The one commit that somebody approved; nil for none.
    public var commit: CommitID?

    public init(commit: CommitID? = nil) { self.commit = commit }
}

extension Stack {
    /// The commit that a person would approve: the one that was asked for by name, or else the head. Nil while nobody told it.
    public var commitToApprove: CommitID? { pinnedCommit ?? pullRequest.head }

    /// Whether nothing may be fetched, built or rendered before somebody has approved it.
    public var awaitsApproval: Bool {
        guard let approval else { return false }
        return approval.commit == nil || approval.commit != commitToApprove
    }

    /// What it waits for, with the command that helps.
    public var approvalText: String {
        guard let commit = commitToApprove else { return "it comes from a fork, and the forge has not told its commit yet" }
        return "it comes from a fork; to approve \(commit.short): slingshot approve \(name) --sha \(commit)"
    }
}
