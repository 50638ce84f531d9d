import Foundation
import StagingModel

/// How a stack gets from one engine to another. Pure.
///
/// The engine that the configuration names is the stack's own from the start, and the worker brings it there as it brings every stack.
/// What stands elsewhere is a copy: it is kept as it is, with the lease, until the stack is ready, and then destroyed. So a move can be
/// cut short or turned round at any time.
extension Stack {
    /// Seconds that a copy stays after the stack is ready elsewhere: visitors are on their way from the one to the other.
    static let overlap: TimeInterval = 5

    /// Makes another engine the stack's own, where the commit has to be fetched, built and deployed: an image that one engine has is not on
    /// another. Also where the stack was before, because what became of that is not known.
    mutating func move(to target: String) {
        guard runtime != target else { return }
        let known = copies.first { $0.runtime == target }
        anew(message: "moving from \(runtime) to \(target)", at: nil)
        // Also when nothing is known to be there: a crash may have come between a namespace and its record.
        copies = [placements[0]] + copies.filter { $0.runtime != target }
        (runtime, namespaceUID, deployed) = (target, known?.namespaceUID, known?.deployed)
    }

    /// An engine carries the stack, and the record knows nothing of it there: false when it does.
    mutating func found(_ observed: ObservedStack, on engine: String, configured: String?, at now: Date) -> Bool {
        guard !placements.contains(where: { $0.runtime == engine }) else { return false }
        var copy = Placement(runtime: engine, namespaceUID: observed.uid, lease: observed.lease)
        copy.deployed = Deployed(of: observed, revision: 0, at: now)
        // What is whole may answer visitors, until the stack is ready where it has to run.
        copy.deployed?.readyAt = observed.isTerminating ? nil : now
        copies.append(copy)
        // Both heard of every change, one of them first: an extension must not be lost with the database.
        if let other = observed.lease, other.startedAt == lease.startedAt, lease.isExtended(by: other) { lease = other }
        if wanted == .running, configured == engine { move(to: engine) }
        return true
    }

    /// Nothing of the stack is on that engine any more.
    mutating func retired(from engine: String) {
        copies.removeAll { $0.runtime == engine }
        recovered()
    }

    /// A copy whose namespace carries another lease than the record.
    var copyToRenew: Placement? { copies.first { $0.namespaceUID != nil && $0.deployed != nil && $0.lease != lease } }

    mutating func changeCopy(on engine: String, _ change: (inout Placement) -> Void) {
        copies = copies.map { copy in
            var copy = copy
            if copy.runtime == engine { change(&copy) }
            return copy
        }
    }
}

extension Lease {
    fileprivate func isExtended(by other: Lease) -> Bool {
        guard let end = expiresAt else { return false }
        return other.expiresAt.map { $0 > end } ?? true
    }
}
