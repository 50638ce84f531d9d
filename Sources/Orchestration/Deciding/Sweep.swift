public import Foundation
public import StagingModel

/// What the reaper makes of one stack that an engine carries.
public struct ReapVerdict: Codable, Hashable, Sendable {
    public enum Fate: String, Codable, Sendable {
        /// Its lease has ended.
        case destroy
        /// It is on its way out already.
        case terminating
        /// Its lease has not ended, or never does.
        case keep
        /// Its annotations carry no lease that can be read: no evidence, so it is left alone.
        case unknown
    }

    public var stack: ObservedStack
    public var fate: Fate
    /// One line: why.
    public var reason: String
}

/// Judges every stack that an engine carries at the instant `now`. Pure; the soonest to go comes first.
public func sweep(_ stacks: [ObservedStack], at now: Date) -> [ReapVerdict] {
    stacks.map { stack in
        if stack.isTerminating { return ReapVerdict(stack: stack, fate: .terminating, reason: "its namespace is being deleted") }
        guard let lease = stack.lease else {
            return ReapVerdict(
                stack: stack, fate: .unknown,
                reason: "its annotation \(StackMetadata.expiresAt) is missing or can't be read; set it, or use destroy")
        }
        guard let expiresAt = lease.expiresAt else { return ReapVerdict(stack: stack, fate: .keep, reason: "pinned: it never expires") }
        let seconds = Int(expiresAt.timeIntervalSince(now).rounded())
        return lease.isExpired(at: now)
            ? ReapVerdict(
                stack: stack, fate: .destroy, reason: "its lease ended \(DurationText.rough(-seconds)) before, at \(expiresAt.rfc3339)")
            : ReapVerdict(stack: stack, fate: .keep, reason: "its lease ends in \(DurationText.rough(seconds)), at \(expiresAt.rfc3339)")
    }
    .sorted { ($0.stack.lease?.expiresAt ?? .distantFuture, $0.stack.name) < ($1.stack.lease?.expiresAt ?? .distantFuture, $1.stack.name) }
}
