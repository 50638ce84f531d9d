import StagingModel

/// The payload of `pullrequest:comment_created`.
struct BitbucketCommentDelivery: Decodable {
    let message: ForgeMessage

    private enum Key: String, CodingKey {
        case actor, comment, repository
        case pullRequest = "pullrequest"
    }

    private enum PullRequestKey: String, CodingKey { case number = "id" }
    private enum CommentKey: String, CodingKey { case id, content }
    private enum ContentKey: String, CodingKey { case raw }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        let repository = try fields.decode(BitbucketRepository.self, forKey: .repository).fullName
        // Who wrote it is who acts.
        guard let author = try fields.ifPresent(.actor, { try fields.decode(BitbucketActor.self, forKey: $0) })?.author else {
            message = .ignored(repository: repository, reason: ForgeAction.unknownAuthor)
            return
        }
        let pullRequest = try fields.nestedContainer(keyedBy: PullRequestKey.self, forKey: .pullRequest)
        let comment = try fields.nestedContainer(keyedBy: CommentKey.self, forKey: .comment)
        let content = try comment.nestedContainer(keyedBy: ContentKey.self, forKey: .content)
        message = .comment(
            CommentEvent(
                repository: repository, number: try pullRequest.pullRequestNumber(.number), comment: try comment.commentID(.id),
                author: author, text: try content.comment(.raw)))
    }
}

private struct BitbucketActor: Decodable {
    /// Nil where neither of its ids is told. A nickname is anybody's to choose.
    let author: CommentAuthor?

    private enum Key: String, CodingKey {
        case uuid, type, nickname
        case accountID = "account_id"
        case displayName = "display_name"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        guard let account = try fields.ifPresent(.uuid, fields.name) ?? fields.ifPresent(.accountID, fields.name) else {
            author = nil
            return
        }
        let name = try fields.ifPresent(.nickname, fields.line) ?? fields.ifPresent(.displayName, fields.line)
        // People are `user`; apps, teams and repositories' access tokens are something else.
        let type = try fields.ifPresent(.type, fields.name) ?? "user"
        author = CommentAuthor(account: account, name: name, isBot: type != "user")
    }
}
