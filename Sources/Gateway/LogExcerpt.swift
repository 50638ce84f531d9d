import StagingModel

/// What containers wrote, as a page can show it: plain text, few lines, none of them long. Pure.
enum LogExcerpt {
    /// Lines on a page, and asked for of each container.
    static let mostLines = 40
    /// Characters of a line.
    static let longestLine = 300

    /// The last lines. Who wrote them is told where it can be more than one: by the container's name where that says it.
    static func lines(_ lines: [LogLine]) -> [PageView.LogLine] {
        let last = lines.suffix(mostLines)
        let pods = last.reduce(into: [String: Set<String>]()) { $0[$1.container, default: []].insert($1.pod) }
        let isOne = pods.count < 2 && pods.values.allSatisfy { $0.count < 2 }
        return last.map { line in
            let source = pods[line.container]?.count == 1 ? line.container : "\(line.pod)/\(line.container)"
            return PageView.LogLine(source: isOne ? "" : plain(source), text: plain(line.text))
        }
    }

    private static func plain(_ text: String) -> String { PlainText.line(text, limit: longestLine) }
}
