import StagingModel

extension Forge {
    /// The user name that goes with an access token when git fetches. Most take any.
    var gitUser: String {
        switch self {
        case .github, .gitea, .forgejo, .bitbucketServer, .generic: "x-access-token"
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
