public import Foundation
import Synchronization

/// A sleep that ends early when the plans change.
public final class Agenda: Sendable {
    private let listener = Mutex<AsyncStream<Void>.Continuation?>(nil)
    private let changed = Mutex(false)

    public init() {}

    /// Ends the current wait, or the next one at once.
    public func change() {
        changed.withLock { $0 = true }
        listener.withLock { $0?.finish() }
    }

    /// Returns at `instant`, on ``change()``, or when the task is cancelled; with nil only on the latter two.
    public func wait(until instant: Date?, clock: any WallClock) async {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        listener.withLock { $0 = continuation }
        if changed.withLock({ exchange(&$0, with: false) }) { return }
        await withTaskGroup { group in
            group.addTask { for await _ in stream {} }
            if let instant {
                group.addTask { try? await clock.sleep(until: instant) }
            }
            await group.next()
            group.cancelAll()
        }
        changed.withLock { $0 = false }
    }
}

/// Puts `new` into `value` and returns what was there.
func exchange<T>(_ value: inout T, with new: T) -> T {
    let old = value
    value = new
    return old
}
