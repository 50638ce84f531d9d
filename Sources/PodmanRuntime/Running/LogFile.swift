import Foundation
import Orchestration
import StagingModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// One line of a container's log.
struct LogEntry: Hashable, Sendable {
    /// RFC 3339 in UTC with nine digits of a second: equal instants are equal texts, and earlier ones sort first.
    var time: String
    var text: String
}

/// The log of one container, as podman's driver `k8s-file` writes it: one file for all runs, which is read here as kubelet reads it. What podman's
/// API says of it has whole seconds only, and puts lines without an end together with the next.
///
/// A file that was rotated away, or removed with its container, is read to its end.
final class LogFile {
    private let path: String
    private var file: CInt
    private var lines = LogAssembly()

    /// Nil when there is no such file. Throws `StepError` when it can't be read.
    init?(path: String) throws {
        self.path = path
        file = open(path, O_RDONLY | O_CLOEXEC)
        guard file < 0 else { return }
        if errno == ENOENT { return nil }
        throw StepError(
            "the log \(path) can't be read: \(String(cString: strerror(errno))); run Slingshot as root, on the machine of its podman",
            isRetryable: true)
    }

    deinit { if file >= 0 { close(file) } }

    /// The lines that came since the last call, some at a time; nil once there is no more to come.
    ///
    /// - Parameter now: a line that nobody ended is told after a second.
    func next(at now: Date) -> [LogEntry]? {
        // asked before reading: what is written before it is unlinked is read
        var status = stat()
        let isUnlinked = fstat(file, &status) == 0 && status.st_nlink == 0
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(file, &bytes, bytes.count)
        if count > 0 { return lines.append(bytes[..<count]) }
        guard isUnlinked else { return lines.flush(before: now.addingTimeInterval(-LogAssembly.patience)) }
        let rest = lines.flush(before: .distantFuture)
        if !rest.isEmpty { return rest }
        let successor = open(path, O_RDONLY | O_CLOEXEC)
        guard successor >= 0 else { return nil }
        close(file)
        file = successor
        return next(at: now)
    }

    /// Of what is written by now the last lines that count, oldest first; of those no more than so many bytes.
    ///
    /// - Parameter isWhole: whether a line that nobody ended yet is one too.
    func tail(_ most: Int, bytes: Int, isWhole: Bool = true, where counts: (LogEntry) -> Bool) -> [LogEntry] {
        var kept: [LogEntry] = []
        var (first, size) = (0, 0)
        var status = stat()
        // not to the end of the file, which a container that writes and writes may move away faster than it is read
        let end = fstat(file, &status) == 0 ? status.st_size : 0
        var isAtEnd = false
        while !isAtEnd {
            isAtEnd = lseek(file, 0, SEEK_CUR) >= end
            let entries = isAtEnd ? (isWhole ? lines.flush(before: .distantFuture) : []) : next(at: .distantPast) ?? []
            for entry in entries where counts(entry) {
                kept.append(entry)
                size += entry.text.utf8.count + 64
                while kept.count - first > most || size > bytes, first < kept.count {
                    size -= kept[first].text.utf8.count + 64
                    kept[first].text = ""
                    first += 1
                }
            }
            if first > 10_000 {
                kept.removeFirst(first)
                first = 0
            }
        }
        return Array(kept[first...])
    }
}

/// Makes lines of the driver's: `2026-11-21T08:00:00.000000001+00:00 stdout F text`, or `P` for a piece of a line.
struct LogAssembly {
    /// Bytes of a line; a longer one comes in pieces.
    static let longest = 16 << 10
    /// Seconds after which what has no end is told, and what follows is a line of its own. A container is never started again sooner, so
    /// that lines of two runs are never put together.
    static let patience = 1.0

    private var pending: [UInt8] = []
    private var pieces: [Substring: LogEntry] = [:]

    mutating func append(_ bytes: ArraySlice<UInt8>) -> [LogEntry] {
        pending += bytes
        var entries: [LogEntry] = []
        var start = pending.startIndex
        while let end = pending[start...].firstIndex(of: UInt8(ascii: "\n")) {
            entries += line(String(decoding: pending[start..<end], as: UTF8.self))
            start = end + 1
        }
        pending.removeSubrange(..<start)
        // The driver writes at most 8 KiB and a header. This is no line of its.
        if pending.count > 1 << 20 { pending = [] }
        return entries
    }

    private mutating func line(_ text: String) -> [LogEntry] {
        let parts = text.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, let time = Self.time(String(parts[0])) else { return [] }
        let stream = parts[1]
        var entries: [LogEntry] = []
        var whole = LogEntry(time: time, text: String(parts[3]))
        if let begun = pieces.removeValue(forKey: stream) {
            if Self.seconds(from: begun.time, to: time) >= Self.patience || begun.text.utf8.count + whole.text.utf8.count > Self.longest {
                entries.append(begun)
            } else {
                whole = LogEntry(time: begun.time, text: begun.text + whole.text)
            }
        }
        if parts[2] == "P" { pieces[stream] = whole } else { entries.append(whole) }
        return entries
    }

    /// What has no end, and began before an instant.
    mutating func flush(before instant: Date) -> [LogEntry] {
        let old = pieces.filter { (Date(rfc3339: String($0.value.time.prefix(19)) + "Z") ?? .distantPast) < instant }
        for key in old.keys { pieces[key] = nil }
        return old.values.sorted { $0.time < $1.time }
    }

    private static func seconds(from a: String, to b: String) -> Double {
        func value(_ time: String) -> Double {
            let whole = Date(rfc3339: String(time.prefix(19)) + "Z")?.timeIntervalSince1970 ?? 0
            return whole + (Double("0." + time.dropFirst(20).dropLast()) ?? 0)
        }
        return value(b) - value(a)
    }

    /// An instant that is so many seconds, whole or not, later.
    static func time(_ time: String, plus seconds: Double) -> String {
        guard let whole = Date(rfc3339: "\(time.prefix(19))Z"), let fraction = Int(time.dropFirst(20).prefix(9)) else { return time }
        let total = fraction + Int(seconds * 1e9)
        let carry = (Double(total) / 1e9).rounded(.down)
        let rest = String(total - Int(carry) * 1_000_000_000)
        return "\(whole.addingTimeInterval(carry).rfc3339.dropLast()).\(String(repeating: "0", count: 9 - rest.count))\(rest)Z"
    }

    /// An instant as ``LogEntry/time`` has it, of one with any offset and fraction; nil when the text is none.
    static func time(_ text: String) -> String? {
        // what the driver writes where the time zone is UTC, which are many lines
        if text.utf8.count == 35, text.hasSuffix("+00:00") { return "\(text.dropLast(6))Z" }
        guard let match = text.wholeMatch(of: /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)/) else { return nil }
        var whole = String(match.1)
        if match.3 != "Z", match.3 != "+00:00" {
            guard let instant = Date(rfc3339: whole + match.3) else { return nil }
            whole = String(instant.rfc3339.dropLast())
        }
        let fraction = match.2 ?? ""
        return "\(whole).\(fraction)\(String(repeating: "0", count: 9 - fraction.count))Z"
    }
}
