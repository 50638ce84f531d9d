/// What is wrong in a YAML file, for the person who wrote the file; its message names the fix. The same file gives the same problem
/// again, so trying again can't help.
public struct YAMLProblem: Error, Hashable, CustomStringConvertible {
    public let file: String
    /// From 1; nil when the problem is the whole file's.
    public let line: Int?
    public let message: String
    /// What else is wrong, where a reader went on after the first problem.
    public private(set) var further: [YAMLProblem] = []

    /// The texts can quote what a stranger wrote: what does not print is replaced, what is endless is cut.
    public init(file: String, line: Int?, message: String) {
        self.file = Wording.printable(file, longest: 300)
        self.line = line
        self.message = Wording.printable(message, longest: 1_000)
    }

    /// This problem alone, and each of the further ones.
    public var all: [YAMLProblem] { [YAMLProblem(file: file, line: line, message: message)] + further }

    /// `file:line: message`, as compilers write it; a line a problem.
    public var description: String { all.map(\.text).joined(separator: "\n") }

    private var text: String { line.map { "\(file):\($0): \(message)" } ?? "\(file): \(message)" }

    /// The problems as one; nil when there is none.
    public init?(_ problems: [YAMLProblem]) {
        guard let first = problems.first else { return nil }
        self = first
        further = Array(problems.dropFirst())
    }
}

/// Gathers what is wrong, so that somebody who mends a file sees all of it at once.
public struct YAMLProblems {
    public private(set) var all: [YAMLProblem] = []

    public init() {}

    public mutating func add(_ problem: YAMLProblem) { all += problem.all }

    /// What `body` reads; nil when it found a problem, which is kept.
    @discardableResult
    public mutating func collect<T>(_ body: () throws(YAMLProblem) -> T) -> T? {
        do {
            return try body()
        } catch {
            add(error)
            return nil
        }
    }

    /// Throws what was found, if anything was.
    public func check() throws(YAMLProblem) { if let problem = YAMLProblem(all) { throw problem } }
}

/// How messages quote a stranger's text and suggest a better one.
public enum Wording {
    /// The text on one line: control and formatting characters (line breaks and bidirectional overrides among them) become
    /// U+FFFD, and what passes `longest` scalars is cut.
    public static func printable(_ text: String, longest: Int) -> String {
        var result = String.UnicodeScalarView()
        var count = 0
        for scalar in text.unicodeScalars {
            guard count < longest else {
                result.append("…")
                break
            }
            count += 1
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: result.append("\u{FFFD}")
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    /// The text in quotation marks, short enough to stand in a sentence.
    public static func quoted(_ text: String) -> String { "\"\(printable(text, longest: 80))\"" }

    /// The one of `names` that `text` is most likely a slip of; nil when none is near.
    public static func nearest(to text: String, among names: some Sequence<String>) -> String? {
        let typed = Array(text.utf8.prefix(64))
        let furthest = min(3, max(1, typed.count / 2))
        var best: (name: String, distance: Int)?
        for name in names {
            let distance = editDistance(typed, Array(name.utf8))
            if distance <= best.map({ $0.distance - 1 }) ?? furthest { best = (name, distance) }
        }
        return best?.name
    }

    /// `"prot" is unknown; did you mean "port"? known: image, port`
    public static func unknown(_ text: String, among names: [String]) -> String {
        let guess = nearest(to: text, among: names).map { "did you mean \(quoted($0))? " } ?? ""
        let known = names.isEmpty ? "nothing is known here" : "known: \(names.joined(separator: ", "))"
        return "\(quoted(text)) is unknown; \(guess)\(known)"
    }

    /// Levenshtein's distance.
    private static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let next = min(row[j] + 1, row[j + 1] + 1, diagonal + (x == y ? 0 : 1))
                diagonal = row[j + 1]
                row[j + 1] = next
            }
        }
        return row[b.count]
    }
}
