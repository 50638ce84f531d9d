import Foundation
import StagingModel

/// What is asked for again of the deliveries that did not arrive. Pure.
///
/// How often each was sent is the forge's own count, so a restart neither forgets an attempt nor begins to count anew, and several
/// repositories, or several processes, see the same.
struct Redeliveries: Hashable, Sendable {
    /// Seconds after the first attempt, the second … before the next; there are no more attempts than these and one.
    static let pauses: [TimeInterval] = [30, 600, 3_600, 21_600]
    /// Seconds by which the forge's clock and ours may differ, and which its list may lag behind.
    static let slack: TimeInterval = 600

    /// To be asked for now, oldest first.
    var due: [FailedDelivery] = []
    /// Not asked for any more: asking again can't help, or did not.
    var abandoned: [FailedDelivery] = []
    /// When the first of those that wait is due; nil when none waits.
    var next: Date?
    /// Nothing that was sent before then has to be looked at again.
    var since: Date

    /// - Parameter known: the deliveries that came, whatever the forge says: an answer can get lost.
    init(of failed: [FailedDelivery], known: Set<String>, at now: Date) {
        since = now
        for delivery in failed where !known.contains(delivery.guid) {
            guard delivery.mayYetArrive, delivery.attempts <= Self.pauses.count else {
                abandoned.append(delivery)
                continue
            }
            since = min(since, delivery.at)
            let dueAt = delivery.lastAt.addingTimeInterval(Self.pauses[max(delivery.attempts, 1) - 1])
            if dueAt <= now { due.append(delivery) } else { next = min(next ?? dueAt, dueAt) }
        }
        since = since.addingTimeInterval(-Self.slack)
    }
}

extension FailedDelivery {
    /// Whether the next attempt can have another answer than the last. A delivery that was refused is refused again; but "not found" is also
    /// what proxies say of a server that is down.
    var mayYetArrive: Bool { !(400...499).contains(status) || [404, 408, 425, 429].contains(status) }
}
