/// A comment that somebody has just written on a pull request: what every forge's verified delivery about one is turned into. Comments that
/// were edited or deleted make none.
public struct CommentEvent: Codable, Hashable, Sendable {
    /// The repository's full name on its forge, `acme/shop`.
    public var repository: String
    /// The pull request's.
    public var number: Int
    /// The comment's id on its forge.
    public var comment: String
    public var author: CommentAuthor
    /// A stranger's words; of long ones the beginning.
    public var text: String

    public init(repository: String, number: Int, comment: String, author: CommentAuthor, text: String) {
        self.repository = repository
        self.number = number
        self.comment = comment
        self.author = author
        self.text = text
    }
}

/// Who wrote a comment, as the delivery has it: whether they may command is for the forge to say.
public struct CommentAuthor: Codable, Hashable, Sendable {
    /// What the forge knows the account by: a login; at Bitbucket Cloud a UUID or account id.
    public var account: String
    /// What people know it by, on one line.
    public var name: String
    /// Whether the forge says that it is a program.
    public var isBot: Bool

    public init(account: String, name: String? = nil, isBot: Bool = false) {
        self.account = account
        self.name = PlainText.line(name ?? account, limit: 60)
        self.isBot = isBot
    }
}
