import StagingModel

/// The payload of `pr:comment:added`.
struct BitbucketServerCommentDelivery: Decodable {
    let message: ForgeMessage

    private enum Key: String, CodingKey { case comment, pullRequest }
    private enum PullRequestKey: String, CodingKey {
        case toRef
        case number = "id"
    }
    private enum RefKey: String, CodingKey { case repository }
    private enum CommentKey: String, CodingKey { case id, text, author }
    private enum AuthorKey: String, CodingKey { case name, type }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        let pullRequest = try fields.nestedContainer(keyedBy: PullRequestKey.self, forKey: .pullRequest)
        let repository = try pullRequest.nestedContainer(keyedBy: RefKey.self, forKey: .toRef)
            .decode(BitbucketServerRepository.self, forKey: .repository).fullName
        let comment = try fields.nestedContainer(keyedBy: CommentKey.self, forKey: .comment)
        let author = try comment.nestedContainer(keyedBy: AuthorKey.self, forKey: .author)
        let type = try author.ifPresent(.type, author.name) ?? "NORMAL"
        message = .comment(
            CommentEvent(
                repository: repository, number: try pullRequest.pullRequestNumber(.number), comment: try comment.commentID(.id),
                author: CommentAuthor(account: try author.name(.name), isBot: type != "NORMAL"), text: try comment.comment(.text)))
    }
}
