import StagingModel

/// The little Markdown that all forges show alike: headings, tables, links and blocks of code; no HTML, which Bitbucket shows as it is.
///
/// Whatever a stranger can have written goes into a block of code and nowhere else. In there it can't end the block, begin a command of the
/// forge's own (GitLab runs lines that begin with a slash), call people, or pass for our mark, which counts at a comment's end only.
enum Markdown {
    /// Lines of a block, and code points of a line.
    static let mostLines = 20
    static let longestLine = 300

    /// A block of code; the last lines are kept.
    static func block(_ lines: [String]) -> String {
        // Two spaces: a line that begins with them begins nothing else on any forge.
        let quoted = lines.suffix(mostLines).map { "  " + defused($0) }
        return (["```"] + quoted + ["```"]).joined(separator: "\n")
    }

    /// One line without secrets, fit to stand in a block.
    private static func defused(_ line: String) -> String {
        words(line)
            .replacing(/`{3,}/) { String(repeating: "'", count: $0.output.count) }
            // Forges don't look for people in a block; should one do, it finds none.
            .replacing(/(^|[^A-Za-z0-9])@(?=[A-Za-z0-9_{"\-])/) { "\($0.output.1)@\u{200B}" }
    }

    /// What a stranger wrote, on one line, without secrets: for where a forge shows plain text.
    static func words(_ text: String, limit: Int = longestLine) -> String {
        // Before it is cut: half a secret is one too.
        PlainText.line(Redaction.redacted(PlainText.line(text, limit: 4_096)), limit: limit)
    }

    /// A stranger's name, as code: letters, digits and little else, so that it calls nobody and ends nothing.
    static func name(_ text: String) -> String {
        let kept = text.unicodeScalars.filter {
            $0.properties.isAlphabetic || ("0"..."9").contains($0) || "-_. ".unicodeScalars.contains($0)
        }
        let name = String(String.UnicodeScalarView(kept.prefix(40))).split(separator: " ").joined(separator: " ")
        return name.isEmpty ? "somebody" : "`\(name)`"
    }

    /// A link that shows its address; nil unless that is a plain web address.
    static func link(_ url: String) -> String? { isWebAddress(url) ? "[\(url)](\(url))" : nil }

    /// Whether it is an address that needs no escaping anywhere.
    static func isWebAddress(_ url: String) -> Bool {
        url.utf8.count <= 500 && url.wholeMatch(of: /https?:\/\/[A-Za-z0-9.\-]+(:[0-9]{1,5})?(\/[A-Za-z0-9.\-_~\/]*)?/) != nil
    }
}
