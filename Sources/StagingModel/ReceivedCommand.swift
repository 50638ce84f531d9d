public import Foundation

/// A command from a comment, from its delivery until its author was answered.
public struct ReceivedCommand: Codable, Hashable, Sendable {
    public var stack: StackName
    /// The comment's id on its forge: one comment is one command.
    public var comment: String
    public var author: CommentAuthor
    public var command: CommentCommand
    public var receivedAt: Date
    /// What became of it; nil until that is settled, for good.
    public var outcome: Outcome?
    /// The answer that no record holds, because the pull request has no stack.
    public var answer: CommandAnswer?
    /// Tries that failed in a row.
    public var failures = 0
    /// When to go on; nil when nothing is left to do.
    public var dueAt: Date?

    public enum Outcome: String, Codable, Sendable, CaseIterable {
        case done
        /// It could not be carried out: the reason is in the one comment.
        case refused
        /// Its author may not command. Nobody but them is told.
        case denied
        /// The forge could not be asked about its author.
        case failed

        public var reaction: CommentReaction { self == .done ? .done : .refused }
    }

    public init(stack: StackName, comment: String, author: CommentAuthor, command: CommentCommand, receivedAt: Date) {
        self.stack = stack
        self.comment = comment
        self.author = author
        self.command = command
        self.receivedAt = receivedAt.wholeSeconds
        dueAt = self.receivedAt
    }
}

/// What is said of a command where its pull request's stack is shown.
///
/// It is part of a stack's record, which older versions must be able to read: so it names commands, and is none.
public struct CommandAnswer: Codable, Hashable, Sendable {
    /// As it is written; nil for what nobody can tell.
    public var command: String?
    /// Whose command it was: a stranger's name.
    public var author: String
    public var isRefusal: Bool
    /// In words of ours, one sentence without its end, and true whenever it is read.
    public var text: String
    /// Whether the list of all commands goes with it.
    public var wantsList: Bool

    public init(to command: CommentCommand, by author: String, isRefusal: Bool = false, _ text: String) {
        self.command = command.verb.map { _ in command.text }
        self.author = author
        self.isRefusal = isRefusal
        self.text = text
        wantsList =
            switch command {
            case .help, .unclear(.unknownVerb), .unclear(.wrongArguments): true
            case .status, .extend, .redeploy, .destroy, .approve, .unclear(.several): false
            }
    }
}
