import Foundation
import Synchronization

/// Which requests a fault befalls: every n-th of those that match a pattern, the first few of these only, or all.
public final class FaultRule: Sendable {
    /// What is wrong with a rule's text. It names the fix.
    public struct Invalid: Error, CustomStringConvertible {
        public let description: String
    }

    let fault: Fault
    private let pattern: String
    private let every: Int
    private let first: Int
    private let matched = Mutex(0)

    /// - Parameters:
    ///   - pattern: a regular expression, found anywhere in `METHOD /path?query`.
    ///   - every: 1 for each request that matches.
    ///   - first: how many requests the fault befalls; nil for no end.
    public init(_ fault: Fault, matching pattern: String = "", every: Int = 1, first: Int? = nil) throws {
        do { _ = try Regex(pattern) } catch { throw Invalid(description: "\"\(pattern)\" is not a regular expression: \(error)") }
        guard every > 0 else { throw Invalid(description: "\(every) is not a number of requests; it must be 1 or more") }
        self.fault = fault
        self.pattern = pattern
        self.every = every
        self.first = first ?? .max
    }

    /// The fault that befalls this request; nil when none does.
    public func judge(_ request: ProxiedRequest) -> Fault? {
        guard let regex = try? Regex(pattern), pattern.isEmpty || request.line.contains(regex) else { return nil }
        let count = matched.withLock { count in
            count += 1
            return count
        }
        return count.isMultiple(of: every) && count / every <= first ? fault : nil
    }
}

extension Fault {
    /// Reads `slow=10s`, `status=500`, `status=429,retry-after=3`, `drop=before|after|middle` and `kill=PID,before|after|middle`.
    ///
    /// - Throws: ``FaultRule/Invalid``.
    public init(_ text: String) throws {
        let parts = text.split(separator: ",").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        let invalid = FaultRule.Invalid(
            description:
                "\"\(text)\" is no fault; write slow=10s, status=500, status=429,retry-after=3, drop=before, drop=after, drop=middle, "
                + "or kill=PID,before")
        switch (parts.first?.first, parts.first?.last, parts.dropFirst().first) {
        case ("slow", let value?, nil):
            let isMilliseconds = value.hasSuffix("ms")
            guard let number = Int(value.dropLast(isMilliseconds ? 2 : 1)), number >= 0, isMilliseconds || value.hasSuffix("s") else {
                throw invalid
            }
            self = .slow(isMilliseconds ? .milliseconds(number) : .seconds(number))
        case ("status", let value?, let option):
            guard let code = Int(value), (400...599).contains(code) else { throw invalid }
            guard let option else {
                self = .status(code, retryAfter: nil)
                return
            }
            guard option.count == 2, option[0] == "retry-after", let seconds = Int(option[1]), seconds >= 0 else { throw invalid }
            self = .status(code, retryAfter: seconds)
        case ("drop", let value?, nil):
            guard let moment = Moment(rawValue: value) else { throw invalid }
            self = .drop(moment)
        case ("kill", let value?, let option?):
            guard let process = Int32(value), process > 1, option.count == 1, let moment = Moment(rawValue: option[0]) else {
                throw invalid
            }
            self = .drop(moment) { kill(process, SIGKILL) }
        default: throw invalid
        }
    }
}
