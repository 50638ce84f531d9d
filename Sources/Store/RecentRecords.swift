import StagingModel
import Synchronization

/// The stacks of the records that were read or written last: a record of the same text need not be decoded again, which takes longer
/// than all else of a read. What counts is always the text that the transaction read, so this can't be out of date.
final class RecentRecords: Sendable {
    private static let most = 64

    private let known = Mutex<[StackName: (record: String, stack: Stack)]>([:])

    func stack(_ name: StackName, record: String, decode: () throws -> Stack) rethrows -> Stack {
        if let known = known.withLock({ $0[name] }), known.record == record { return known.stack }
        let stack = try decode()
        remember(stack, record: record)
        return stack
    }

    func remember(_ stack: Stack, record: String) {
        known.withLock { known in
            if known.count >= Self.most, known[stack.name] == nil { known.removeAll(keepingCapacity: true) }
            known[stack.name] = (record, stack)
        }
    }
}
