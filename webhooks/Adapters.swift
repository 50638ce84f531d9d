public import StagingModel

extension Forge {
    /// How its deliveries are read.
    public var adapter: any ForgeAdapter {
        switch self {
        case .github: GitHubAdapter()
        case .gitlab: GitLabAdapter()
        case .gitea: GiteaAdapter()
        case .forgejo: GiteaAdapter.forgejo
        case .bitbucket: BitbucketAdapter()
        case .bitbucketServer: BitbucketServerAdapter()
        case .generic: GenericAdapter()
        }
    }
}
