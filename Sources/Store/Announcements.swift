import StagingModel
import Synchronization

/// Tells everybody who listens which stacks' records changed.
final class Announcements: Sendable {
    private let listeners = Mutex<[Int: AsyncStream<StackName>.Continuation]>([:])

    func announce(_ names: Set<StackName>) {
        guard !names.isEmpty else { return }
        for listener in listeners.withLock({ Array($0.values) }) { for name in names { listener.yield(name) } }
    }

    func listen() -> AsyncStream<StackName> {
        let (stream, continuation) = AsyncStream.makeStream(of: StackName.self)
        let id = listeners.withLock { listeners in
            let id = (listeners.keys.max() ?? 0) + 1
            listeners[id] = continuation
            return id
        }
        continuation.onTermination = { _ in _ = self.listeners.withLock { $0.removeValue(forKey: id) } }
        return stream
    }
}

/// The stacks that one transaction saved. Confined to the queue on which it runs.
final class SavedStacks {
    var names: Set<StackName> = []
}
