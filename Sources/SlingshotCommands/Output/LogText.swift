import ControlAPI
import StagingModel

/// A container's line as it is printed. Lines are a stranger's text: control characters are replaced, except in JSON, which escapes them.
struct LogText {
    let format: OutputFormat
    let isColoured: Bool

    func line(_ line: LogLine) throws -> String {
        switch format {
        case .json: return try ControlCoding.text(line) + "\n"
        case .yaml: return "---\n" + (try OutputOptions.yaml(of: line))
        case .table, .wide:
            let source = Terminal.printable("\(line.pod)/\(line.container)")
            let prefix = isColoured ? "\u{1B}[\(Self.colour(of: source))m\(source)\u{1B}[0m" : source
            let time = format == .wide && !line.time.isEmpty ? Terminal.printable(line.time) + " " : ""
            return "\(prefix) \(time)\(Terminal.printable(line.text).replacing("\n", with: " "))\n"
        }
    }

    /// One of six, always the same for a source.
    private static func colour(of source: String) -> Int {
        31 + source.utf8.reduce(5381) { ($0 &* 33 &+ Int($1)) & 0xFFFF } % 6
    }
}
