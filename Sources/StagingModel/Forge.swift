/// The kinds of servers that pull requests live on. The raw value is a repository's `forge` in the configuration, and the last part of its
/// webhook's route.
public enum Forge: String, Codable, CaseIterable, Sendable {
    case github, gitlab, gitea, forgejo
    /// Bitbucket Cloud.
    case bitbucket
    /// Bitbucket Data Center, and Bitbucket Server before it.
    case bitbucketServer = "bitbucket-server"
    /// A plain git server, whose hook posts deliveries.
    case generic

    /// For people.
    public var name: String {
        switch self {
        case .github: "GitHub"
        case .gitlab: "GitLab"
        case .gitea: "Gitea"
        case .forgejo: "Forgejo"
        case .bitbucket: "Bitbucket"
        case .bitbucketServer: "Bitbucket Data Center"
        case .generic: "the git server"
        }
    }

    /// Whether pull requests have labels there.
    public var hasLabels: Bool { self != .bitbucket && self != .bitbucketServer }
    /// Whether the repository itself serves the heads of forks.
    public var servesForks: Bool { self != .bitbucket }
    /// Whether it can be asked, and told, anything: a plain git server can't.
    public var hasAPI: Bool { self != .generic }
}

extension Forge {
    /// The git ref by which the repository serves the head of a pull request: the one that its delivery named, or else the forge's own.
    /// Nil when the forge has none for it, so that somebody has to name one.
    public func headRef(of pullRequest: PullRequest) -> String? {
        if let ref = pullRequest.ref { return ref }
        switch self {
        case .github, .gitea, .forgejo, .generic: return PullRequest.headRef(pullRequest.number)
        case .gitlab: return "refs/merge-requests/\(pullRequest.number)/head"
        case .bitbucketServer: return "refs/pull-requests/\(pullRequest.number)/from"
        case .bitbucket:
            // It has no refs for pull requests. The branch of a fork is in the fork; the one of that name here is somebody else's.
            return pullRequest.isFork || pullRequest.branch.isEmpty ? nil : "refs/heads/\(pullRequest.branch)"
        }
    }
}
