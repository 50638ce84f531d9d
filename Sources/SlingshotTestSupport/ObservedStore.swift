public import Orchestration
public import StagingModel
import Synchronization

/// A store that tells tests when something was written, so that none has to look again and again.
public final class ObservedStore: StackStore {
    private let base: any StackStore
    private let listeners = Mutex<[AsyncStream<Void>.Continuation]>([])

    public init(_ base: any StackStore) { self.base = base }

    public func read<T: Sendable>(_ body: @escaping @Sendable (any StackReading) throws -> T) async throws -> T {
        try await base.read(body)
    }

    public func write<T: Sendable>(_ body: @escaping @Sendable (any StackWriting) throws -> T) async throws -> T {
        let result = try await base.write(body)
        listeners.withLock { for listener in $0 { listener.yield() } }
        return result
    }

    /// Returns the stack as soon as its record satisfies `condition`.
    @discardableResult
    public func wait(for name: StackName, until condition: @Sendable (Stack) -> Bool) async throws -> Stack {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        listeners.withLock { $0.append(continuation) }
        continuation.yield()
        for await _ in stream {
            if let stack = try await read({ try $0.stack(name) }), condition(stack) { return stack }
        }
        throw CancellationError()
    }
}
