import Foundation
import Logging
import StrictYAML
import Telemetry

/// How `serve` logs: `logging` in the configuration.
struct LoggingSettings: Hashable, Sendable {
    var format = LineLogHandler.Format.text
    var level = Logger.Level.info

    init() {}

    init(_ value: YAMLValue) throws(YAMLProblem) {
        let mapping = try value.mapping(allowing: ["format", "level"])
        if let word = mapping.optional("format") { format = try Self.one(of: LineLogHandler.Format.allCases, word) }
        if let word = mapping.optional("level") { level = try Self.one(of: Logger.Level.allCases, word) }
    }

    private static func one<T: RawRepresentable<String>>(of all: [T], _ value: YAMLValue) throws(YAMLProblem) -> T {
        let text = try value.string()
        guard let match = all.first(where: { $0.rawValue == text }) else {
            throw value.problem("must be \(all.dropLast().map(\.rawValue).joined(separator: ", ")) or \(all.last?.rawValue ?? "")")
        }
        return match
    }

    /// Logs go to standard error, a line each.
    func logger() -> Logger {
        let handler = LineLogHandler(format: format, level: level)
        return Logger(label: "slingshot") { _ in handler }
    }
}
