/// The forges whose API is known here. The raw value is the configuration's word.
public enum ForgeKind: String, CaseIterable, Sendable {
    case github, gitlab, gitea, forgejo, bitbucket
    case bitbucketServer = "bitbucket-server"

    /// For people.
    public var name: String {
        switch self {
        case .github: "GitHub"
        case .gitlab: "GitLab"
        case .gitea: "Gitea"
        case .forgejo: "Forgejo"
        case .bitbucket: "Bitbucket"
        case .bitbucketServer: "Bitbucket Data Center"
        }
    }

    /// The user name that goes with an access token when git fetches. GitHub, Gitea and Forgejo take any.
    var gitUser: String {
        switch self {
        case .github, .gitea, .forgejo, .bitbucketServer: "x-access-token"
        case .gitlab: "oauth2"
        case .bitbucket: "x-token-auth"
        }
    }

    /// The segments of a repository's full name: two, or more on GitLab, which has groups in groups.
    func segments(of repository: String) -> [String]? {
        let segments = repository.split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
        let isWhole = segments.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
        return isWhole && (self == .gitlab ? segments.count >= 2 : segments.count == 2) ? segments : nil
    }
}
