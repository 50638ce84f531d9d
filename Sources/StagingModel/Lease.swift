public import Foundation

/// When a stack dies. Starts with the stack and moves only by `extend`, `pin` and, where configured, a push.
public struct Lease: Codable, Hashable, Sendable {
    /// The instant from which the maximum counts.
    public var startedAt: Date
    /// The instant from which the reaper may destroy the stack; nil when it is pinned.
    public var expiresAt: Date?

    public init(startedAt: Date, expiresAt: Date?) {
        self.startedAt = startedAt.wholeSeconds
        self.expiresAt = expiresAt?.wholeSeconds
    }

    /// A new lease of `seconds` (the policy's default when nil), cut to the policy's maximum.
    public init(from now: Date, seconds: Int? = nil, policy: LifetimePolicy) {
        let length = min(seconds ?? policy.standard, policy.maximum)
        self.init(startedAt: now, expiresAt: now.wholeSeconds.addingTimeInterval(TimeInterval(length)))
    }

    public func isExpired(at now: Date) -> Bool { expiresAt.map { $0 <= now } ?? false }

    /// The latest instant that `extend` may set.
    public func latest(under policy: LifetimePolicy) -> Date { startedAt.addingTimeInterval(TimeInterval(policy.maximum)) }

    /// This lease with `change` applied. Throws ``LeaseRefusal``; trying the same again can't help.
    public func extended(_ change: LeaseChange, at now: Date, policy: LifetimePolicy) throws(LeaseRefusal) -> Lease {
        guard let expiresAt else { throw .pinned }
        let latest = latest(under: policy)
        let target =
            switch change {
            case .by(let seconds): expiresAt.addingTimeInterval(TimeInterval(seconds))
            case .until(let instant): instant.wholeSeconds
            }
        guard target <= latest else { throw .pastMaximum(latest: latest, maximum: policy.maximum) }
        guard target > now else { throw .inThePast(target) }
        return Lease(startedAt: startedAt, expiresAt: target)
    }
}

/// What `extend` asks for.
public enum LeaseChange: Hashable, Sendable {
    /// Lengthens the lease by so many seconds.
    case by(seconds: Int)
    /// Sets its end.
    case until(Date)
}

/// Why a lease was not changed. Each text names the fix.
public enum LeaseRefusal: Error, Hashable, CustomStringConvertible {
    case pastMaximum(latest: Date, maximum: Int)
    case inThePast(Date)
    case pinned

    public var description: String {
        switch self {
        case .pastMaximum(let latest, let maximum):
            "a stack lives \(DurationText.text(maximum)) at most; the latest possible end is \(latest.rfc3339)"
        case .inThePast(let target):
            "\(target.rfc3339) has passed; name a later instant, or use destroy"
        case .pinned:
            "the stack is pinned and never expires; unpin it first"
        }
    }
}

/// How long stacks live, in seconds.
public struct LifetimePolicy: Codable, Hashable, Sendable {
    /// A new stack's lease: 24 h unless configured.
    public var standard: Int
    /// The longest that a stack can live from the start of its lease, however often it is extended: 7 d unless configured.
    public var maximum: Int
    /// Whether a push starts the lease anew.
    public var renewOnPush: Bool

    public init(standard: Int = 86_400, maximum: Int = 7 * 86_400, renewOnPush: Bool = false) {
        self.standard = standard
        self.maximum = maximum
        self.renewOnPush = renewOnPush
    }
}
