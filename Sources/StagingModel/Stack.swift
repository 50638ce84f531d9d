public import Foundation

/// The working record of one stack: what is wanted, what was done, and how it looks to people.
///
/// The orchestrator's decisions are a function of this record, of what the engine shows, and of the time; so it holds
/// every fact that a restart needs, and nothing that can be derived.
public struct Stack: Codable, Hashable, Sendable {
    /// What should be: a running stack, or none and why.
    public enum Wanted: Codable, Hashable, Sendable {
        case running
        case gone(DestroyReason)
    }

    /// The commit that a revision stands for, once its ref was fetched.
    public struct Fetched: Codable, Hashable, Sendable {
        public var revision: Int
        public var commit: CommitID
        /// Where the stack file is read instead of in the commit: the base of a pull request from a fork. Nil for any other.
        public var base: CommitID?
        /// The image that has to be built of it first, by its name; nil when its stack file asks for none.
        public var image: String?
        /// When that image was known to be there; nil until then.
        public var builtAt: Date?

        public init(revision: Int, commit: CommitID, base: CommitID? = nil, image: String? = nil, builtAt: Date? = nil) {
            self.revision = revision
            self.commit = commit
            self.base = base
            self.image = image
            self.builtAt = builtAt
        }
    }

    /// What was last applied to the engine, whole.
    public struct Deployed: Codable, Hashable, Sendable {
        public var revision: Int
        public var commit: CommitID
        /// ``Fetched/base`` of what was applied.
        public var base: CommitID?
        public var planDigest: String
        /// Its further addresses; nil when that was not recorded.
        public var endpoints: [StackEndpoint]?
        public var at: Date
        /// When it was first seen ready; nil until then.
        public var readyAt: Date?

        public init(
            revision: Int, commit: CommitID, base: CommitID? = nil, planDigest: String, endpoints: [StackEndpoint]? = nil, at: Date,
            readyAt: Date? = nil
        ) {
            self.revision = revision
            self.commit = commit
            self.base = base
            self.planDigest = planDigest
            self.endpoints = endpoints
            self.at = at
            self.readyAt = readyAt
        }
    }

    /// The outcome of the last step that did not succeed. Cleared by success and by anything new that is wanted.
    public struct Failure: Codable, Hashable, Sendable {
        /// The step that failed.
        public var step: String
        public var message: String
        /// How often that step failed in a row, from 1.
        public var attempts: Int
        /// When to try again; nil when only a change (a push, a redeploy) can help.
        public var retryAt: Date?

        public init(step: String, message: String, attempts: Int, retryAt: Date?) {
            self.step = step
            self.message = message
            self.attempts = attempts
            self.retryAt = retryAt
        }
    }

    public var name: StackName
    /// The engine that it runs on: a key of the configuration's `runtimes`.
    public var runtime: String
    public var forge: String
    /// The repository's full name on its forge.
    public var repositoryFullName: String
    public var pullRequest: PullRequest
    /// The git ref to fetch instead of the forge's pull-request ref (`create --ref`).
    public var ref: String?
    /// The commit to deploy instead of the ref's newest (`create --sha`); it must be reachable from the ref.
    public var pinnedCommit: CommitID?
    /// True when a person asked for it: then what keeps its pull request out has no say, until it is gone. Nil for false.
    public var exempt: Bool?
    /// Of a pull request from a fork, where nothing of it is used without; nil where none is needed.
    public var approval: Approval?
    /// True until its commits have shown whether `when.paths` lets it in. Nil for false.
    public var undecided: Bool?
    /// True until its forge was asked for what nobody told of its pull request. Nil for false.
    public var unasked: Bool?
    /// What keeps its pull request out, and it from being wanted; nil for nothing.
    public var exclusion: Exclusion?
    /// The label that still has to be taken off its pull request, because it has expired.
    public var expiredLabel: String?
    /// True when it was ready at the moment in which its end was decided. Nil for false.
    public var endedReady: Bool?
    /// What was said to the last command from its pull request; nil for nothing, and once something else has happened.
    public var answer: CommandAnswer?

    public var wanted: Wanted
    /// Grows by one with each thing that has to be deployed; `deployed.revision` follows it.
    public var revision: Int
    /// When the present revision was asked for; nil when that is not known.
    public var requestedAt: Date?
    public var lease: Lease
    /// The revision is not deployed before then, because more may follow: it came while another was being deployed. Nil for at once.
    public var settlesAt: Date?
    /// The forge's time of the newest delivery that was acted on.
    public var forgeUpdatedAt: Date?

    public var fetched: Fetched?
    public var deployed: Deployed?
    public var failure: Failure?
    /// The namespace's name, which the server's prefix made when the stack was launched.
    public var namespace: String
    /// The engine's identity of the namespace that is ours: nothing else is ever deleted.
    public var namespaceUID: String?
    /// ``copies``; nil for none.
    public internal(set) var previous: [Placement]?

    public var phase: Phase
    /// One line that a person can act on.
    public var message: String
    public var url: String
    public var createdAt: Date
    public var updatedAt: Date

    public init(
        name: StackName, runtime: String, forge: String, repositoryFullName: String, pullRequest: PullRequest, lease: Lease,
        namespace: String,
        url: String, createdAt: Date
    ) {
        self.name = name
        self.runtime = runtime
        self.forge = forge
        self.repositoryFullName = repositoryFullName
        self.pullRequest = pullRequest
        wanted = .running
        revision = 1
        self.lease = lease
        self.namespace = namespace
        phase = .queued
        message = ""
        self.url = url
        self.createdAt = createdAt.wholeSeconds
        requestedAt = self.createdAt
        updatedAt = createdAt.wholeSeconds
    }

    /// Why it goes or went; nil while it is wanted.
    public var destroyReason: DestroyReason? {
        if case .gone(let reason) = wanted { reason } else { nil }
    }
}
