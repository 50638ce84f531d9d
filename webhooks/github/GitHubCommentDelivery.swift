import StagingModel

/// The payload of an `issue_comment` event. Gitea and Forgejo send the same, and leave less out. Of what is no new comment on a pull request
/// only the action and the repository are read.
struct GitHubCommentDelivery: Decodable {
    let message: ForgeMessage

    private enum Key: String, CodingKey {
        case action, issue, comment, repository
        case isPull = "is_pull"
    }

    private enum IssueKey: String, CodingKey {
        case number
        case pullRequest = "pull_request"
    }

    private enum CommentKey: String, CodingKey { case id, user, body }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        let action = try fields.name(.action)
        let repository = try fields.decode(GitHubRepository.self, forKey: .repository).fullName
        guard action == "created" else {
            message = .ignored(repository: repository, reason: ForgeAction.editedComment)
            return
        }
        let issue = try fields.nestedContainer(keyedBy: IssueKey.self, forKey: .issue)
        // GitHub has the issue's own field, Gitea both.
        let isPull =
            try issue.ifPresent(.pullRequest) { _ in true } ?? fields.ifPresent(.isPull) { try fields.decode(Bool.self, forKey: $0) }
        guard isPull == true else {
            message = .ignored(repository: repository, reason: ForgeAction.otherComment)
            return
        }
        let comment = try fields.nestedContainer(keyedBy: CommentKey.self, forKey: .comment)
        guard let author = try comment.ifPresent(.user, { try comment.decode(GitHubCommenter.self, forKey: $0) })?.author else {
            message = .ignored(repository: repository, reason: ForgeAction.unknownAuthor)
            return
        }
        message = .comment(
            CommentEvent(
                repository: repository, number: try issue.pullRequestNumber(.number), comment: try comment.commentID(.id), author: author,
                // Null for a comment of attachments alone, as Go and older GitHub Enterprise Servers have it.
                text: try comment.ifPresent(.body, comment.comment) ?? ""))
    }
}

/// A comment's author. `author_association`, beside it, says nothing to go by: members who keep their membership private are told as
/// contributors.
private struct GitHubCommenter: Decodable {
    let author: CommentAuthor

    private enum Key: String, CodingKey { case id, login, type }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        let login = try fields.name(.login)
        let type = try fields.ifPresent(.type, fields.name)
        // Gitea's and Forgejo's own actions have negative ids.
        let id = try fields.ifPresent(.id, fields.wholeNumber) ?? 0
        author = CommentAuthor(account: login, isBot: type == "Bot" || login.hasSuffix("[bot]") || id < 0)
    }
}
