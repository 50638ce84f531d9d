public import Foundation

/// What the forge of a stack was told, and whether that is out of date: a row of the outbox.
public struct StackFeedback: Hashable, Sendable {
    public var stack: StackName
    public var schedule: FeedbackSchedule
    public var told: ToldFeedback

    public init(stack: StackName, schedule: FeedbackSchedule = FeedbackSchedule(), told: ToldFeedback = ToldFeedback()) {
        self.stack = stack
        self.schedule = schedule
        self.told = told
    }
}

/// When a forge has to be told of a stack.
public struct FeedbackSchedule: Hashable, Sendable {
    /// Seconds between a change and telling of it: what comes together is told together.
    public static let settling: TimeInterval = 2
    /// Seconds between two tellings of the same stack.
    public static let spacing: TimeInterval = 5

    /// When the oldest change was made that the forge does not know of; nil when it knows all.
    public var pendingSince: Date?
    /// When to tell next; nil like ``pendingSince``.
    public var dueAt: Date?
    /// When something was last told.
    public var toldAt: Date?

    public init(pendingSince: Date? = nil, dueAt: Date? = nil, toldAt: Date? = nil) {
        self.pendingSince = pendingSince
        self.dueAt = dueAt
        self.toldAt = toldAt
    }

    /// The record changed. Of many changes the first counts, so that a stack that changes all the time is told of too.
    public mutating func changed(at instant: Date) {
        pendingSince = pendingSince ?? instant
        let due = max(instant.addingTimeInterval(Self.settling), toldAt?.addingTimeInterval(Self.spacing) ?? instant)
        dueAt = min(dueAt ?? due, due)
    }

    /// The forge was told what could be told.
    ///
    /// - Parameters:
    ///   - pauses: of each part that it still does not know, when that may be tried again; nil where nothing failed.
    ///   - changedAt: when the record changed meanwhile; nil when it did not.
    public mutating func tried(at now: Date, pauses: [Date?], changedAt: Date?) {
        let since = pendingSince
        (pendingSince, dueAt) = (nil, nil)
        guard !pauses.isEmpty else { return }
        let ends = pauses.compactMap(\.self)
        changed(at: changedAt ?? now)
        // What failed is as late as it was.
        if changedAt == nil || !ends.isEmpty { pendingSince = since ?? pendingSince }
        if ends.count == pauses.count { dueAt = ends.min() }
    }
}

/// What a forge was told last of a stack, thing by thing, because each can fail by itself.
public struct ToldFeedback: Codable, Hashable, Sendable {
    /// The comment's text.
    public var comment = Told<String>()
    public var status = Told<StatusReport>()
    public var deployment = Told<DeploymentReport>()

    public init() {}

    /// Whether the forge never heard of the stack.
    public var isNothing: Bool { comment.value == nil && status.value == nil && deployment.value == nil }
}

/// One thing that a forge is told.
public struct Told<Value: Codable & Hashable & Sendable>: Codable, Hashable, Sendable {
    /// As the forge has it; nil when it was never told.
    public var value: Value?
    /// The comment's id on the forge, which saves looking for it.
    public var id: String?
    /// Tries that failed in a row.
    public var failures = 0
    /// When to try again at the earliest, after a failure.
    public var notBefore: Date?
    /// Why the forge refuses it, until a person changes something. Kept so that it is said once.
    public var refusal: String?

    public init() {}
}

/// A commit's status as it should be.
public struct StatusReport: Codable, Hashable, Sendable {
    public var commit: CommitID
    public var status: CommitStatus

    public init(commit: CommitID, status: CommitStatus) {
        self.commit = commit
        self.status = status
    }
}

/// A stack's environment as it should be.
public enum DeploymentReport: Codable, Hashable, Sendable {
    case deployed(ForgeDeployment, ForgeDeployment.State, description: String)
    /// Nothing is deployed there any more.
    case ended(environment: String)
}
