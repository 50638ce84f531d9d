import StagingModel
import Testing

@Suite struct ForgeTests {
    private static let refs: [(Forge, PullRequest, String?)] = [
        (.github, PullRequest(number: 7, branch: "basket"), "refs/pull/7/head"), (.gitea, PullRequest(number: 7), "refs/pull/7/head"),
        (.forgejo, PullRequest(number: 7), "refs/pull/7/head"), (.generic, PullRequest(number: 7), "refs/pull/7/head"),
        (.gitlab, PullRequest(number: 7, branch: "basket"), "refs/merge-requests/7/head"),
        (.bitbucketServer, PullRequest(number: 7), "refs/pull-requests/7/from"),
        (.bitbucket, PullRequest(number: 7, branch: "basket/total"), "refs/heads/basket/total"),
        // A branch of that name in the base repository is somebody else's.
        (.bitbucket, PullRequest(number: 7, branch: "main", isFork: true), nil), (.bitbucket, PullRequest(number: 7), nil),
        (.generic, PullRequest(number: 7, ref: "refs/heads/basket"), "refs/heads/basket"),
    ]

    @Test(arguments: refs)
    func `each forge serves heads in its own place`(forge: Forge, pullRequest: PullRequest, ref: String?) {
        #expect(forge.headRef(of: pullRequest) == ref)
    }

    @Test func `names are those of the configuration and the routes`() {
        #expect(
            Forge.allCases.map(\.rawValue) == ["github", "gitlab", "gitea", "forgejo", "bitbucket", "bitbucket-server", "generic"])
    }
}
