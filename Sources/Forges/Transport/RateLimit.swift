import Foundation
import NIOHTTP1
import Orchestration
import StagingModel
import Synchronization

/// What a forge says of its limits, read from the heads of its answers. Pure.
enum RateLimit {
    /// No answer keeps us away longer than this, in seconds: GitHub's windows last an hour.
    static let longest: TimeInterval = 3_600
    /// GitHub's advice for a secondary limit that names no time.
    static let usual: TimeInterval = 60

    /// When requests are taken again; nil when this answer is no rate limit. GitHub says it with 403 too.
    static func end(status: Int, headers: HTTPHeaders, message: String, now: Date) -> Date? {
        let remaining = headers.first(name: "x-ratelimit-remaining")
        let isLimit =
            status == 429
            || status == 403
                && (headers.contains(name: "retry-after") || remaining == "0" || message.lowercased().contains("rate limit"))
        guard isLimit else { return nil }
        if let instant = retryAfter(headers, now: now) { return instant }
        let reset = headers.first(name: "x-ratelimit-reset") ?? headers.first(name: "ratelimit-reset")
        let wait = reset.flatMap { Int($0) }.map { TimeInterval($0) - now.timeIntervalSince1970 } ?? usual
        return now.addingTimeInterval(min(max(wait, 1), longest))
    }

    /// What `Retry-After` says, in seconds; no forge writes a date there.
    static func retryAfter(_ headers: HTTPHeaders, now: Date) -> Date? {
        headers.first(name: "retry-after").flatMap { Int($0) }.map { now.addingTimeInterval(min(max(TimeInterval($0), 1), longest)) }
    }

    /// How many requests are left in this window; nil where the forge does not say.
    static func remaining(_ headers: HTTPHeaders) -> Int? {
        (headers.first(name: "x-ratelimit-remaining") ?? headers.first(name: "ratelimit-remaining")).flatMap { Int($0) }
    }
}

/// Keeps requests back while the forge takes none, and knows what time it is there. Shared by all that use the same credentials.
final class RateGate: Sendable {
    private let closed = Mutex<Date?>(nil)
    private let lead = Mutex<TimeInterval?>(nil)

    var clockLead: TimeInterval? { lead.withLock { $0 } }

    /// Every answer has the time, in whole seconds (RFC 9110, section 6.6.1).
    func heard(_ headers: HTTPHeaders, at now: Date) {
        guard let there = headers.first(name: "date").flatMap({ try? Date($0, strategy: Self.time) }) else { return }
        lead.withLock { $0 = there.timeIntervalSince(now) }
    }

    private static let time = Date.ParseStrategy(
        format:
            "\(weekday: .abbreviated), \(day: .twoDigits) \(month: .abbreviated) \(year: .padded(4)) \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits) GMT",
        locale: Locale(identifier: "en_US_POSIX"), timeZone: .gmt)

    /// Throws ``ForgeError/Kind/rateLimited`` without a request: who goes on asking is locked out for longer.
    func pass(_ forge: Forge, now: Date) throws(ForgeError) {
        guard let until = closed.withLock({ $0 }), now < until else { return }
        throw ForgeError(
            .rateLimited, "\(forge.name) takes no more requests with these credentials for now; it is asked again later", retryAt: until)
    }

    func close(until instant: Date) { closed.withLock { $0 = max($0 ?? instant, instant) } }
}
