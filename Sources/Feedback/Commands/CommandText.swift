import StagingModel

/// What the one comment says of a command. Pure. Nothing of it was written by anybody but us, except for a name.
enum CommandText {
    static func text(of answer: CommandAnswer) -> String {
        let what = answer.command.map { "`\($0)`" } ?? "A command"
        let line = "\(what) by \(Markdown.name(answer.author))\(answer.isRefusal ? " was refused" : ""): \(answer.text)."
        return answer.wantsList ? "\(line)\n\n\(list)" : line
    }

    /// The comment on a pull request that has no stack.
    static func text(withoutStack name: StackName, _ answer: CommandAnswer) -> String {
        "### ⚫ There is no \(name)\n\n\(text(of: answer))"
    }

    private static let list = CommentVerb.all.map { "- `\($0.usage)` \($0.summary)" }.joined(separator: "\n")
}
