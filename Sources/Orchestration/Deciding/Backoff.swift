public import Foundation

/// How long to wait before a step that failed is tried again: 1 s, doubled with each failure in a row, 5 min at the most.
public enum Backoff {
    /// Seconds between two tries, at the most.
    public static let longest = 300
    /// The same for an image that somebody is about to push.
    static let imageInterval = 20

    /// Seconds before attempt number `attempts + 1`.
    public static func seconds(after attempts: Int, most: Int = longest) -> Int { min(most, 1 << min(max(attempts - 1, 0), 9)) }

    public static func instant(after attempts: Int, from now: Date, most: Int = longest) -> Date {
        now.addingTimeInterval(TimeInterval(seconds(after: attempts, most: most)))
    }
}
