public import Foundation

/// The time. Everything that reads a clock or sleeps takes one as an argument, so that tests move time and none waits for it.
public protocol WallClock: Sendable {
    var now: Date { get }
    /// Returns at `instant`, or at once when it has passed. Throws `CancellationError`.
    func sleep(until instant: Date) async throws
}

/// The machine's clock.
public struct SystemClock: WallClock {
    public init() {}

    public var now: Date { Date() }

    public func sleep(until instant: Date) async throws {
        // In slices, because a machine that sleeps or whose clock is set must not stretch a lease by the difference.
        while true {
            let left = instant.timeIntervalSinceNow
            guard left > 0 else { return }
            try await Task.sleep(for: .seconds(min(left, 30)), tolerance: .milliseconds(10))
        }
    }
}
