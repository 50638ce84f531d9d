import StagingModel

/// What an event means for a stack. Each forge has its own words for it.
enum ForgeAction: Hashable {
    case change(PullRequestEvent.Change)
    case ignored(reason: String)

    /// What a forge added since.
    static func unknown(_ action: String) -> ForgeAction { .ignored(reason: "because \(action) is an action that Slingshot does not know") }

    /// An event that is about no pull request's life.
    static func otherEvent(_ event: String) -> String { "because only pull request events change a stack, and this is \(event)" }

    // Why a comment is no command.
    static let editedComment = "because only new comments are read for commands"
    static let otherComment = "because only comments on pull requests are read for commands"
    static let unknownAuthor = "because the delivery does not say who wrote the comment"
}
