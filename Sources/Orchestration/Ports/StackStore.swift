public import Foundation
public import StagingModel

/// The working record of all stacks. Implemented by `Store` on SQLite.
///
/// A write is atomic: what its body throws rolls back all of it, and when it returns the change is on disk. Concurrent writes may share
/// a commit.
public protocol StackStore: Sendable {
    func read<T: Sendable>(_ body: @escaping @Sendable (any StackReading) throws -> T) async throws -> T
    func write<T: Sendable>(_ body: @escaping @Sendable (any StackWriting) throws -> T) async throws -> T
}

/// What can be asked of the store inside a transaction.
public protocol StackReading {
    func stack(_ name: StackName) throws -> Stack?
    /// All stacks by name; destroyed ones only when asked for.
    func stacks(includingDestroyed: Bool) throws -> [Stack]
    /// At most `limit` events, oldest first: the first with an id above `after`, or the newest when `after` is nil. Of all stacks when
    /// `stack` is nil.
    func events(of stack: StackName?, after: Int64?, limit: Int) throws -> [StackEvent]
    /// The stacks that have something to do at or before `instant`.
    func due(at instant: Date) throws -> [StackName]
    /// The first instant after `instant` at which a stack has something to do; nil when none has.
    func nextWake(after instant: Date) throws -> Date?
    /// What was answered to a delivery; nil when it is new.
    func outcome(ofDelivery key: DeliveryKey) throws -> DeliveryOutcome?
    /// Which of these deliveries came, by whatever webhook.
    func knownDeliveries(among ids: Set<String>, of forge: String) throws -> Set<String>
    /// How many stacks there are, and when something is due.
    func statistics(at instant: Date) throws -> StackStatistics
    /// All tokens by name, expired ones too.
    func tokens() throws -> [AccessToken]
    /// The token with this SHA-256.
    func token(digest: [UInt8]) throws -> AccessToken?
    /// The stack's row of the outbox. It is made by the first change of a stack whose forge is told.
    func feedback(of stack: StackName) throws -> StackFeedback?
    /// All rows of which the forge does not know something.
    func pendingFeedback() throws -> [StackFeedback]
    /// The repository's stacks of which to tell at or before `instant`, those that wait longest first.
    func feedbackDue(of repository: RepositoryName, at instant: Date) throws -> [StackName]
    /// The first instant after `instant` at which to tell of one; nil when there is none.
    func nextFeedback(of repository: RepositoryName, after instant: Date) throws -> Date?
    /// The command of a comment; nil when it had none that was taken.
    func command(_ comment: String, of repository: RepositoryName) throws -> ReceivedCommand?
    /// The repository's commands with which something is left to do, as they came.
    func openCommands(of repository: RepositoryName) throws -> [ReceivedCommand]
    /// How many commands that the account wrote since then were denied, because it may not command.
    func deniedCommands(by account: String, of repository: RepositoryName, since start: Date) throws -> Int
}

/// What can be changed inside a transaction.
public protocol StackWriting: StackReading {
    /// Stores the record whole. `wakeAt` is when the orchestrator has to look at it next; nil for never. Where the stack's forge is told,
    /// a change of the record is put into the outbox too.
    func save(_ stack: Stack, wakeAt: Date?) throws
    func append(_ event: StackEvent) throws
    func remember(_ outcome: DeliveryOutcome, ofDelivery key: DeliveryKey, at instant: Date) throws
    /// Stores the token, or its new state, under its name.
    func save(_ token: AccessToken) throws
    /// Returns what there was under that name.
    func removeToken(_ name: String) throws -> AccessToken?
    func save(_ feedback: StackFeedback) throws
    func removeFeedback(of stack: StackName) throws
    /// Stores the command under its repository and comment, and announces a change of its stack.
    func save(_ command: ReceivedCommand) throws
    /// Writes something of no meaning: that it succeeds says that the store takes writes.
    func probe(at instant: Date) throws
}

/// The stacks in numbers.
public struct StackStatistics: Hashable, Sendable {
    /// Every phase that a stack is in, and how many are.
    public var phases: [Phase: Int]
    /// Stacks that have something to do now.
    public var due: Int
    /// The next end of a lease of a stack that is wanted.
    public var nextExpiry: Date?
    /// Stacks whose lease has ended, and that are not destroyed yet.
    public var overdue: Int
    /// Stacks of which their forge does not know the newest.
    public var untold: Int
    /// Since when the first of them waits.
    public var untoldSince: Date?

    public init(
        phases: [Phase: Int] = [:], due: Int = 0, nextExpiry: Date? = nil, overdue: Int = 0, untold: Int = 0, untoldSince: Date? = nil
    ) {
        self.phases = phases
        self.due = due
        self.nextExpiry = nextExpiry
        self.overdue = overdue
        self.untold = untold
        self.untoldSince = untoldSince
    }
}

/// What makes the record's growth bounded. Implemented by `Store`.
public protocol PrunableStore: Sendable {
    /// Removes deliveries that came, commands that came and are settled, events that happened, and destroyed stacks whose last change was
    /// before `cutoff`; then makes the files give back what they can. A stack that is not destroyed is never touched.
    func prune(before cutoff: Date) async throws -> PruneCounts
}

/// How many rows a pruning removed.
public struct PruneCounts: Hashable, Sendable {
    public var deliveries: Int
    public var events: Int
    public var stacks: Int
    public var commands: Int

    public init(deliveries: Int = 0, events: Int = 0, stacks: Int = 0, commands: Int = 0) {
        self.deliveries = deliveries
        self.events = events
        self.stacks = stacks
        self.commands = commands
    }
}

/// What makes a delivery unique: two hooks can share a delivery id, and a redelivery keeps it.
public struct DeliveryKey: Codable, Hashable, Sendable {
    public var forge: String
    public var hook: String
    public var id: String

    public init(forge: String, hook: String, id: String) {
        self.forge = forge
        self.hook = hook
        self.id = id
    }
}

/// What was made of a delivery; the body of the answer to the forge.
public struct DeliveryOutcome: Codable, Hashable, Sendable {
    /// `command` is one that somebody wrote in a comment: it is carried out once its author's rights are known.
    public enum Action: String, Codable, Sendable { case create, update, destroy, command, ignored }

    public var delivery: String
    public var stack: StackName?
    public var action: Action
    /// One line: why.
    public var reason: String

    public init(delivery: String, stack: StackName?, action: Action, reason: String) {
        self.delivery = delivery
        self.stack = stack
        self.action = action
        self.reason = reason
    }
}
