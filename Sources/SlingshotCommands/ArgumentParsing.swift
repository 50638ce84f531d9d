import ArgumentParser
import Foundation
import StagingModel

/// How arguments that are more than text are read.
enum ArgumentParsing {
    /// Seconds.
    @Sendable static func duration(_ text: String) throws -> Int {
        guard let seconds = DurationText.seconds(text) else {
            throw ValidationError("\"\(text)\" is no duration; write 90s, 30m, 4h, 2d or 1h30m")
        }
        return seconds
    }

    /// An instant: RFC 3339, or `+24h` from now.
    static func instant(_ text: String, now: Date) throws -> Date {
        if text.hasPrefix("+") { return now.addingTimeInterval(TimeInterval(try duration(String(text.dropFirst())))) }
        guard let instant = Date(rfc3339: text) else {
            throw ValidationError("\"\(text)\" is no instant; write +24h, or RFC 3339 such as 2026-01-31T18:00:00Z")
        }
        return instant
    }
}
