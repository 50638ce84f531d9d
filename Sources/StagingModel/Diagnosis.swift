/// What is wrong with a stack, as its record tells it on one line: the problem, and what a program said last.
public struct Diagnosis: Hashable, Sendable {
    public var problem: String
    /// The container that said it; nil where that is not told.
    public var source: String?
    /// Oldest first; none where no program said anything.
    public var lines: [String]

    private static let container = "the last lines of "
    private static let build = "its output ended with: "
    private static let separator = " | "

    /// What a container said last, as a part of the line.
    public static func lastLines(of container: String, _ lines: [String]) -> String {
        "\(Self.container)\(container): \(lines.joined(separator: separator))"
    }

    /// What a build said last, likewise.
    public static func lastOutput(_ lines: [String]) -> String { build + lines.joined(separator: separator) }

    /// Takes the line apart. Programs can write what looks like another part; it is taken for one.
    public init(_ message: String) {
        func parts(after marker: String) -> (head: Substring, tail: Substring)? {
            message.firstRange(of: "; \(marker)").map { (message[..<$0.lowerBound], message[$0.upperBound...]) }
        }
        if let (head, tail) = parts(after: Self.container), let colon = tail.firstRange(of: ": ") {
            (problem, source) = (String(head), String(tail[..<colon.lowerBound]))
            lines = tail[colon.upperBound...].split(separator: Self.separator).map { String($0) }
        } else if let (head, tail) = parts(after: Self.build) {
            (problem, source) = (String(head), nil)
            lines = tail.split(separator: Self.separator).map { String($0) }
        } else {
            (problem, source, lines) = (message, nil, [])
        }
    }
}
