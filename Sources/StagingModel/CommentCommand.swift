/// What somebody asks for in a comment, and what their words mean. Pure.
public enum CommentCommand: Codable, Hashable, Sendable {
    case status
    case extend(seconds: Int)
    case redeploy
    case destroy
    /// Of a fork's commit. The whole id, because who pushes can choose what a commit's first digits are.
    case approve(CommitID)
    case help
    /// A command that is none of these, and why.
    case unclear(Unclear)

    /// Why nobody can tell what was asked for.
    public enum Unclear: String, Codable, Sendable {
        case several, unknownVerb, wrongArguments
    }

    /// The command in a comment; nil when there is none.
    public init?(comment text: String) {
        let lines = CommentLines.own(of: text).compactMap { Self.words(of: $0) }
        guard let words = lines.first else { return nil }
        self = lines.count == 1 ? Self(words) : .unclear(.several)
    }

    /// As it is written, in words of ours.
    public var text: String {
        let words: [String?] =
            switch self {
            case .status, .redeploy, .destroy, .help: [verb]
            case .extend(let seconds): [verb, DurationText.text(seconds)]
            case .approve(let commit): [verb, commit.description]
            case .unclear: []
            }
        return ([Self.name] + words.compactMap(\.self)).joined(separator: " ")
    }

    /// Its first word; nil where that is not known.
    public var verb: String? {
        switch self {
        case .status: "status"
        case .extend: "extend"
        case .redeploy: "redeploy"
        case .destroy: "destroy"
        case .approve: "approve"
        case .help: "help"
        case .unclear: nil
        }
    }

    /// What every command begins with.
    public static let name = "/slingshot"

    private init(_ words: [String]) {
        guard let verb = CommentVerb.all.first(where: { $0.name == words.first?.lowercased() }) else {
            self = .unclear(.unknownVerb)
            return
        }
        self = verb.read(Array(words.dropFirst())) ?? .unclear(.wrongArguments)
    }

    /// The words after the name; nil for a line that is no command.
    private static func words(of line: CommentLines.Line) -> [String]? {
        guard line.first == UInt8(ascii: "/") else { return nil }
        let words = line.split(maxSplits: 4) { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            .map { String(decoding: $0.prefix(100), as: UTF8.self) }
        return words.first?.lowercased() == name ? Array(words.dropFirst()) : nil
    }
}

/// A command's row in the table of all: a further one is a row here and a case of ``CommentCommand``.
public struct CommentVerb: Sendable {
    public let name: String
    /// What goes after the name, as people are shown it; empty for nothing.
    public let arguments: String
    public let summary: String
    let read: @Sendable ([String]) -> CommentCommand?

    /// As it is written: `/slingshot extend 4h`.
    public var usage: String { [CommentCommand.name, name, arguments].filter { !$0.isEmpty }.joined(separator: " ") }

    public static let all = [
        CommentVerb(name: "status", arguments: "", summary: "brings this comment up to date", read: alone(.status)),
        CommentVerb(
            name: "extend", arguments: "4h", summary: "lets it live longer",
            read: { words in words.only.flatMap { DurationText.seconds($0) }.map { .extend(seconds: $0) } }),
        CommentVerb(
            name: "redeploy", arguments: "", summary: "deploys the pull request's newest commit, or launches it anew",
            read: alone(.redeploy)),
        CommentVerb(name: "destroy", arguments: "", summary: "destroys it", read: alone(.destroy)),
        CommentVerb(
            name: "approve", arguments: "COMMIT", summary: "lets that commit of a fork have its stack; the whole id",
            read: { words in words.only.flatMap { CommitID($0.lowercased()) }.map { .approve($0) } }),
        CommentVerb(name: "help", arguments: "", summary: "shows this list", read: alone(.help)),
    ]

    private static func alone(_ command: CommentCommand) -> @Sendable ([String]) -> CommentCommand? {
        { $0.isEmpty ? command : nil }
    }
}

extension Array {
    fileprivate var only: Element? { count == 1 ? first : nil }
}
