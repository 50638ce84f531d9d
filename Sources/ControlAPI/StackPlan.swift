public import StagingModel

/// `GET /api/v1/stacks/{stack}/plan`: what a stack was deployed from, rendered again, and what it takes to render another commit the
/// same way.
public struct StackPlan: Codable, Hashable, Sendable {
    public var commit: CommitID
    /// Of what is rendered now.
    public var digest: String
    /// Of what was applied. It differs when the configuration, the program or the pull request has changed since.
    public var deployedDigest: String
    /// Values of Secrets are hidden with ``salt``.
    public var objects: [PlannedObject]
    /// A random text of this answer, with which `PlannedObject.hidingSecrets` makes values comparable but not readable.
    public var salt: String
    /// Without its address, and what opens it.
    public var repository: RepositorySettings
    public var addressing: StackAddressing
    public var pullRequest: PullRequest

    public init(
        _ plan: Plan, deployedDigest: String, objects: [PlannedObject], salt: String, repository: RepositorySettings,
        addressing: StackAddressing, pullRequest: PullRequest
    ) {
        commit = plan.commit
        digest = plan.digest
        self.deployedDigest = deployedDigest
        self.objects = objects
        self.salt = salt
        self.repository = repository
        self.repository.url = ""
        self.repository.credentials = nil
        self.repository.api = nil
        self.addressing = addressing
        self.pullRequest = pullRequest
    }
}
