import Glibc
public import Logging
import Synchronization

/// Writes each log message as one line: as JSON for machines, or as text for people.
public struct LineLogHandler: LogHandler {
    public enum Format: String, CaseIterable, Sendable { case text, json }

    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider? = LogScope.provider
    public var logLevel: Logger.Level

    private let format: Format
    private let write: @Sendable (String) -> Void

    /// `write` gets each line, with its end; standard error unless given.
    public init(format: Format, level: Logger.Level, write: @escaping @Sendable (String) -> Void = StandardError.write) {
        self.format = format
        logLevel = level
        self.write = write
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        // The nearest wins: what the call names, then the task, then the logger.
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let named = event.metadata { all.merge(named) { _, new in new } }
        if let error = event.error { all["error"] = "\(error)" }
        let fields = all.sorted { $0.key < $1.key }
        write(
            format == .json
                ? json(event.level, "\(event.message)", fields) : text(event.level, "\(event.message)", fields))
    }

    private func text(_ level: Logger.Level, _ message: String, _ fields: [(key: String, value: Logger.Metadata.Value)]) -> String {
        var line = timestamp() + " " + level.rawValue + String(repeating: " ", count: 9 - level.rawValue.utf8.count)
        LogText.escape(message, into: &line)
        for (key, value) in fields {
            line.append(" ")
            LogText.word(key, into: &line)
            line.append("=")
            LogText.word("\(value)", into: &line)
        }
        return line + "\n"
    }

    private func json(_ level: Logger.Level, _ message: String, _ fields: [(key: String, value: Logger.Metadata.Value)]) -> String {
        var line = "{\"time\":\"\(timestamp())\",\"level\":\"\(level.rawValue)\",\"message\":"
        LogText.quote(message, into: &line)
        for (key, value) in fields {
            line.append(",")
            // A name twice in an object is read differently by each reader.
            LogText.quote(["time", "level", "message"].contains(key) ? key + "_" : key, into: &line)
            line.append(":")
            json(value, into: &line, depth: 0)
        }
        return line + "}\n"
    }

    private func json(_ value: Logger.Metadata.Value, into line: inout String, depth: Int) {
        switch value {
        case .dictionary(let fields) where depth < 8:
            line.append("{")
            for (index, (key, value)) in fields.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { line.append(",") }
                LogText.quote(key, into: &line)
                line.append(":")
                json(value, into: &line, depth: depth + 1)
            }
            line.append("}")
        case .array(let items) where depth < 8:
            line.append("[")
            for (index, item) in items.enumerated() {
                if index > 0 { line.append(",") }
                json(item, into: &line, depth: depth + 1)
            }
            line.append("]")
        default: LogText.quote("\(value)", into: &line)
        }
    }

    /// Now, as RFC 3339 in UTC with milliseconds.
    private func timestamp() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        gmtime_r(&now.tv_sec, &parts)
        func digits(_ number: Int32, _ width: Int = 2) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(width - text.utf8.count, 0)) + text
        }
        return "\(digits(parts.tm_year + 1900, 4))-\(digits(parts.tm_mon + 1))-\(digits(parts.tm_mday))T\(digits(parts.tm_hour)):"
            + "\(digits(parts.tm_min)):\(digits(parts.tm_sec)).\(digits(Int32(now.tv_nsec / 1_000_000), 3))Z"
    }
}

/// Where logs go: file descriptor 2, unbuffered, a line at a time.
public enum StandardError {
    private static let lock = Mutex(())

    @Sendable public static func write(_ line: String) {
        var line = line
        lock.withLock { _ in
            line.withUTF8 { bytes in
                var start = 0
                while start < bytes.count {
                    let written = Glibc.write(STDERR_FILENO, bytes.baseAddress! + start, bytes.count - start)
                    // A log that nobody takes must not stop the service.
                    guard written > 0 || errno == EINTR else { return }
                    start += max(written, 0)
                }
            }
        }
    }
}
