/// A list of patterns for paths and names, read as GitHub's workflows read theirs: in order, and the last that matches decides. `!` before one
/// takes out what it matches.
///
/// `*` stands for any characters but `/`, `**` for any; between slashes `**` also stands for no folder at all, so that `**/a` is `a` too. All
/// else stands for itself. Texts are bytes, because git's are: they need be neither UTF-8 nor of one line. Matching takes time in proportion to
/// text and pattern, whatever they are.
public struct Patterns: Hashable, Sendable {
    /// As they were written.
    public let texts: [String]
    private let patterns: [(takesOut: Bool, pattern: Pattern)]
    private let ignoresCase: Bool

    /// Nil when none of the patterns lets anything in.
    public init?(_ texts: [String], ignoringCase ignoresCase: Bool = false) {
        self.texts = texts
        self.ignoresCase = ignoresCase
        patterns = texts.map { text in
            let takesOut = text.hasPrefix("!")
            return (takesOut, Pattern(takesOut ? text.dropFirst() : text[...], ignoresCase))
        }
        guard patterns.contains(where: { !$0.takesOut }) else { return nil }
    }

    public func match(_ text: some Sequence<UInt8>) -> Bool {
        let bytes = ignoresCase ? text.map(lowerCase) : Array(text)
        return patterns.last { $0.pattern.matches(bytes) }.map { !$0.takesOut } ?? false
    }

    public func match(_ text: String) -> Bool { match(text.utf8) }

    public static func == (one: Patterns, other: Patterns) -> Bool { one.texts == other.texts && one.ignoresCase == other.ignoresCase }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(texts)
        hasher.combine(ignoresCase)
    }
}

/// One pattern, as an automaton whose states are the places between its parts.
private struct Pattern: Sendable {
    private enum Part: Hashable {
        case byte(UInt8)
        /// `*`
        case name
        /// `**`
        case anything
        /// Before `anything` and a slash: both may be left out.
        case folders
    }

    private var parts: [Part] = []

    init(_ text: Substring, _ ignoresCase: Bool) {
        let star = UInt8(ascii: "*")
        var rest = ArraySlice(ignoresCase ? text.utf8.map(lowerCase) : Array(text.utf8))
        while let byte = rest.popFirst() {
            guard byte == star else {
                parts.append(.byte(byte))
                continue
            }
            guard rest.first == star else {
                parts.append(.name)
                continue
            }
            rest = rest.drop { $0 == star }
            let isFolder = rest.first == slash && (parts.isEmpty || parts.last == .byte(slash))
            parts += isFolder ? [.folders, .anything] : [.anything]
        }
    }

    func matches(_ text: [UInt8]) -> Bool {
        var places = [Bool](repeating: false, count: parts.count + 1)
        places[0] = true
        passOver(&places)
        for byte in text {
            var next = [Bool](repeating: false, count: parts.count + 1)
            for (place, part) in parts.enumerated() where places[place] {
                switch part {
                case .byte(byte): next[place + 1] = true
                case .name where byte != slash, .anything: next[place] = true
                case .byte, .name, .folders: break
                }
            }
            places = next
            passOver(&places)
        }
        return places[parts.count]
    }

    /// Reaches what can be reached without a character.
    private func passOver(_ places: inout [Bool]) {
        for (place, part) in parts.enumerated() where places[place] {
            switch part {
            case .byte: break
            case .name, .anything: places[place + 1] = true
            case .folders: (places[place + 1], places[place + 3]) = (true, true)
            }
        }
    }
}

private let slash = UInt8(ascii: "/")

@Sendable private func lowerCase(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

extension Patterns: Codable {
    private enum Key: String, CodingKey { case patterns, ignoresCase }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        let texts = try fields.decode([String].self, forKey: .patterns)
        guard let patterns = Patterns(texts, ignoringCase: try fields.decode(Bool.self, forKey: .ignoresCase)) else {
            throw DecodingError.dataCorruptedError(forKey: .patterns, in: fields, debugDescription: "no pattern lets anything in")
        }
        self = patterns
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(texts, forKey: .patterns)
        try fields.encode(ignoresCase, forKey: .ignoresCase)
    }
}
