/// Wakes one worker: remembers that it was rung, and ends the waiting of whoever listens.
///
/// Confined to the orchestrator, which is an actor.
final class Bell {
    private(set) var wasRung = false
    private var listener: AsyncStream<Void>.Continuation?

    func ring() {
        wasRung = true
        listener?.yield()
    }

    /// Forgets earlier ringing; what rings from here on is counted.
    func reset() {
        wasRung = false
        listener?.finish()
        listener = nil
    }

    /// A stream of the ringing from now on, for one listener.
    func listen() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        if wasRung { continuation.yield() }
        listener?.finish()
        listener = continuation
        return stream
    }
}
