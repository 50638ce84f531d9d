public import StagingModel

/// Everything that a plan is made from. Equal requests give equal plans.
public struct PlanRequest: Sendable {
    public var stack: StackName
    public var repository: RepositorySettings
    public var pullRequest: PullRequest
    /// What was fetched, whatever the delivery said.
    public var commit: CommitID
    /// Where stack file and manifests are from, if not from the commit: the base of a pull request from a fork.
    public var base: CommitID?
    public var addressing: StackAddressing
    /// Nil when the commit has none: then the repository's configured template is used.
    public var stackFile: StackFile?
    /// The files of the folder that the stack file's `manifests` names, by path from the root of the tree.
    public var files: [String: [UInt8]]

    public init(
        stack: StackName, repository: RepositorySettings, pullRequest: PullRequest, commit: CommitID, base: CommitID? = nil,
        addressing: StackAddressing, stackFile: StackFile?, files: [String: [UInt8]] = [:]
    ) {
        self.stack = stack
        self.repository = repository
        self.pullRequest = pullRequest
        self.commit = commit
        self.base = base
        self.addressing = addressing
        self.stackFile = stackFile
        self.files = files
    }

    var endpoints: [Endpoint] { stackFile?.endpoints ?? [] }

    /// The name of the image that the commit builds; nil when it builds none.
    var image: String? { stackFile?.build.flatMap { _ in repository.image(of: commit) } }
}
