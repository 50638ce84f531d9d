import StagingModel
import StrictYAML

/// A text with `${{ path }}` in it, taken apart. `$${{` stands for a literal `${{`.
struct Expression {
    enum Part: Equatable {
        case text(String)
        case path(String)
    }

    let parts: [Part]

    /// Whether the text has anything to take apart. Most have not.
    static func occurs(in text: String) -> Bool {
        var utf8 = text.utf8[...]
        while let dollar = utf8.firstIndex(of: UInt8(ascii: "$")) {
            utf8 = utf8[dollar...].dropFirst()
            if utf8.starts(with: [UInt8(ascii: "{"), UInt8(ascii: "{")]) { return true }
        }
        return false
    }

    /// Throws a text that says what is wrong.
    init(_ text: String) throws(ExpressionProblem) {
        var parts: [Part] = []
        var literal = ""
        var rest = text[...]
        while let open = rest.firstRange(of: "${{") {
            literal += rest[..<open.lowerBound]
            rest = rest[open.upperBound...]
            if literal.last == "$" {
                literal += "{{"
                continue
            }
            guard let close = rest.firstRange(of: "}}") else { throw ExpressionProblem("an expression is not closed; add }}") }
            if !literal.isEmpty { parts.append(.text(literal)) }
            literal = ""
            let path = rest[..<close.lowerBound].trimming { $0 == " " || $0 == "\t" || $0 == "\n" }
            guard !path.isEmpty, path.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(Self.isName) else {
                throw ExpressionProblem("\(Wording.quoted(String(path))) is not a path; write names with dots between, such as pr.number")
            }
            parts.append(.path(String(path)))
            rest = rest[close.upperBound...]
        }
        literal += rest
        if !literal.isEmpty { parts.append(.text(literal)) }
        self.parts = parts
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
    }
}

/// What is wrong with an expression, before it is known where it stands.
struct ExpressionProblem: Error {
    let message: String
    init(_ message: String) { self.message = message }
}

extension Substring {
    fileprivate func trimming(_ isBlank: (Character) -> Bool) -> Substring {
        let start = drop(while: isBlank)
        return start.lastIndex { !isBlank($0) }.map { start[...$0] } ?? ""
    }
}
