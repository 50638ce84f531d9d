/// The lines of a comment that are its author's own words, and stand there as text. Pure.
///
/// What forges show as a quotation, as code or not at all is left out, and so is what a mail program hangs below an answer: nobody who
/// quotes a command gives it. Where Markdown leaves a doubt, a line is left out. Bytes are looked at, not characters: a combining mark makes
/// another character of a backtick, and forges see the backtick.
struct CommentLines {
    typealias Line = ArraySlice<UInt8>

    private var fence: CodeFence?
    private var markup = HiddenMarkup()
    /// A quotation goes on until an empty line, whether or not its lines are marked.
    private var isQuoting = false
    /// Between two lines of `>>>`, which is GitLab's for a quotation with empty lines in it.
    private var isQuotedBlock = false
    /// The length of the run of backticks that began code within a paragraph, and was not answered yet; 0 for none.
    private var openCode = 0

    static func own(of text: String) -> [Line] {
        var lines = CommentLines()
        var own: [Line] = []
        for line in split(text) {
            if isEnd(line.trimmed) { break }
            if lines.take(line) { own.append(line.trimmed) }
        }
        return own
    }

    /// Lines end with `\n`, `\r` or both.
    private static func split(_ text: String) -> [Line] {
        let bytes = Array(text.utf8)
        var lines: [Line] = []
        var start = 0
        for index in bytes.indices where bytes[index] == newline || bytes[index] == carriageReturn {
            if bytes[index] == newline, index > 0, bytes[index - 1] == carriageReturn {
                start = index + 1
            } else {
                lines.append(bytes[start..<index])
                start = index + 1
            }
        }
        return lines + [bytes[start...]]
    }

    /// A signature's separator, and what mail programs write above the mail that is answered.
    private static func isEnd(_ words: Line) -> Bool {
        if words == Line("--".utf8) || words.starts(with: "-----Original Message".utf8) { return true }
        guard words.last == UInt8(ascii: ":") else { return false }
        return ["wrote", "schrieb", "a écrit", "escribió", "ha scritto", "escreveu", "skrev"].contains { words.holds($0) }
    }

    /// Whether the next line counts.
    private mutating func take(_ line: Line) -> Bool {
        let words = line.trimmed
        if let open = fence {
            if words.count >= open.length, words.allSatisfy({ $0 == open.mark }), line.indent <= open.indent + 3 { fence = nil }
            return false
        }
        if words.count >= 3, words.allSatisfy({ $0 == UInt8(ascii: ">") }) { isQuotedBlock.toggle() }
        if isQuotedBlock {
            fence = CodeFence(opening: line)
            return false
        }
        guard let first = words.first else {
            (isQuoting, openCode) = (false, 0)
            return false
        }
        if first == UInt8(ascii: ">") { isQuoting = true }
        if isQuoting || markup.take(words) { return false }
        fence = CodeFence(opening: line)
        guard fence == nil else {
            openCode = 0
            return false
        }
        let wasCode = openCode > 0
        followCode(words)
        return !wasCode && line.indent <= 3
    }

    private mutating func followCode(_ words: Line) {
        var rest = words
        while let start = rest.firstIndex(of: backtick) {
            let run = rest[start...].prefix { $0 == backtick }
            rest = rest[run.endIndex...]
            if openCode == 0 { openCode = run.count } else if openCode == run.count { openCode = 0 }
        }
    }
}

/// A block of code: it ends with as many of the same mark.
private struct CodeFence {
    var mark: UInt8
    var length: Int
    var indent: Int

    /// Nil unless the line begins a block of code, be it in a list.
    init?(opening line: CommentLines.Line) {
        let content = line.drop { $0 == space || $0 == tab || "-*+.)0123456789".utf8.contains($0) }
        guard let mark = content.first, mark == backtick || mark == UInt8(ascii: "~") else { return nil }
        let run = content.prefix { $0 == mark }
        guard run.count >= 3, mark != backtick || !content[run.endIndex...].contains(backtick) else { return nil }
        self.mark = mark
        length = run.count
        indent = line.count - content.count
    }
}

/// What HTML hides or sets apart: comments, and elements that are folded, quoted or code.
private struct HiddenMarkup {
    private static let elements: Set<String> = ["details", "blockquote", "pre", "code"]

    private var isComment = false
    private var depth = 0

    /// Whether anything of the line is hidden, or may be.
    mutating func take(_ line: CommentLines.Line) -> Bool {
        var isHidden = isComment || depth > 0
        var rest = line
        while !rest.isEmpty {
            if isComment {
                guard let end = rest.firstRange(of: Array("-->".utf8)) else { return true }
                isComment = false
                rest = rest[end.upperBound...]
            } else {
                guard let start = rest.firstIndex(of: UInt8(ascii: "<")) else { break }
                rest = rest[(start + 1)...]
                // Two of its four characters are left to look at: `<!-->` is a whole comment.
                if rest.starts(with: "!--".utf8) { (isComment, isHidden, rest) = (true, true, rest.dropFirst()) }
                guard !isComment, let change = Self.change(of: rest) else { continue }
                (depth, isHidden) = (max(depth + change, 0), true)
            }
        }
        return isHidden
    }

    /// By how much the tag that begins here goes deeper; nil for one that hides nothing.
    private static func change(of tag: CommentLines.Line) -> Int? {
        let isEnd = tag.first == UInt8(ascii: "/")
        let name = tag.dropFirst(isEnd ? 1 : 0).prefix(12).prefix { (0x61...0x7A).contains($0 | 0x20) }
        guard elements.contains(String(decoding: name, as: UTF8.self).lowercased()) else { return nil }
        return isEnd ? -1 : 1
    }
}

private let (newline, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
private let (space, tab) = (UInt8(ascii: " "), UInt8(ascii: "\t"))
private let backtick = UInt8(ascii: "`")

extension ArraySlice<UInt8> {
    fileprivate var trimmed: Self {
        let head = drop { $0 == space || $0 == tab }
        guard let last = head.lastIndex(where: { $0 != space && $0 != tab }) else { return [] }
        return head[...last]
    }

    /// Columns of white space in front; a tab is as four.
    fileprivate var indent: Int { prefix { $0 == space || $0 == tab }.reduce(0) { $0 + ($1 == tab ? 4 : 1) } }

    fileprivate func holds(_ text: String) -> Bool { firstRange(of: Array(text.utf8)) != nil }
}
