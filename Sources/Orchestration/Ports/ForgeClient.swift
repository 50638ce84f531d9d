public import Foundation
public import StagingModel

/// What Slingshot asks the forge of one repository, and tells it. Implemented by `Forges`, a file a forge.
///
/// Calls throw ``ForgeError`` or `CancellationError`. Each may be repeated: setting, keeping, reacting and ending twice is as once. None of
/// them waits for a rate limit; ``ForgeError/retryAt`` says when to come back. What a forge does not have is missing in ``capabilities``,
/// and throws ``ForgeError/Kind/unsupported``.
public protocol ForgeClient: Sendable {
    var capabilities: ForgeCapabilities { get }

    /// The account that the credentials belong to, named as in ``mayWrite(_:)``; nil where the forge does not tell these credentials.
    func account() async throws -> String?
    func pullRequest(_ number: Int) async throws -> ForgePullRequest
    /// All of them. A list that is not whole throws; even so, a pull request that is not in it is no evidence that it was closed.
    func openPullRequests() async throws -> [ForgePullRequest]
    /// Replaces the status of the same context.
    func setStatus(_ status: CommitStatus, of commit: CommitID) async throws
    /// Edits the stack's comment when its text changed, and writes it when there is none. A comment by anybody else is never touched.
    func keepComment(_ comment: StackComment, on number: Int) async throws -> KeptComment
    /// `comment` is its id, as the delivery has it.
    func react(_ reaction: CommentReaction, to comment: String, on number: Int) async throws
    /// Whether the account may push. The forge's own name for it: a login; at Bitbucket Cloud a UUID or account id.
    func mayWrite(_ account: String) async throws -> Bool
    /// A label that is not there is as good as removed.
    func removeLabel(_ label: String, from number: Int) async throws

    /// Returns the deployment's id. The same commit in the same environment is the same deployment.
    func startDeployment(_ deployment: ForgeDeployment) async throws -> String
    func setDeployment(_ id: String, _ state: ForgeDeployment.State, of deployment: ForgeDeployment, description: String) async throws
    /// Nothing is deployed in the environment any more, but for `current`.
    func endDeployments(in environment: String, except current: String?) async throws
    /// Removes an environment that has ended.
    func removeEnvironment(_ environment: String) async throws

    /// Deliveries about pull requests, first sent since `start`, of which no attempt succeeded, oldest first.
    func failedDeliveries(since start: Date) async throws -> [FailedDelivery]
    func redeliver(_ delivery: FailedDelivery) async throws

    /// The repository's webhooks, for `doctor`; with a GitHub App the App's own is one of them. It takes a right that nothing else needs.
    func webhooks() async throws -> [ForgeWebhook]
    /// What the credentials may do, for `doctor`. Throws when the forge does not answer; a missing right is a finding.
    func access() async throws -> [AccessFinding]
    /// Seconds by which the forge's clock was ahead of this machine's at its last answer; nil before the first, and when it does not say.
    var clockLead: TimeInterval? { get }
}

/// What not every forge has.
public struct ForgeCapabilities: OptionSet, Hashable, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    public static let reactions = Self(rawValue: 1 << 0)
    public static let labels = Self(rawValue: 1 << 1)
    public static let deployments = Self(rawValue: 1 << 2)
    public static let environmentRemoval = Self(rawValue: 1 << 3)
    public static let redelivery = Self(rawValue: 1 << 4)
}
