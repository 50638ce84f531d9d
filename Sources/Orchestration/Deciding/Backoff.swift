public import Foundation

/// How long to wait before a step that failed is tried again: 1 s, doubled with each failure in a row, 5 min at the most.
public enum Backoff {
    /// Seconds before attempt number `attempts + 1`.
    public static func seconds(after attempts: Int) -> Int { min(300, 1 << min(max(attempts - 1, 0), 9)) }

    public static func instant(after attempts: Int, from now: Date) -> Date {
        now.addingTimeInterval(TimeInterval(seconds(after: attempts)))
    }
}
