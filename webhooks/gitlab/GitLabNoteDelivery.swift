import StagingModel

/// The payload of a comment event, which GitLab calls a note. Of what is no new note on a merge request only what tells that, and the
/// project, are read.
struct GitLabNoteDelivery: Decodable {
    let message: ForgeMessage

    private enum Key: String, CodingKey {
        case project, user
        case note = "object_attributes"
        case mergeRequest = "merge_request"
    }

    private enum NoteKey: String, CodingKey {
        case id, note, action, system
        case author = "author_id"
        case kind = "noteable_type"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    private enum MergeRequestKey: String, CodingKey { case number = "iid" }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        let project = try fields.decode(GitLabProject.self, forKey: .project).fullName
        let note = try fields.nestedContainer(keyedBy: NoteKey.self, forKey: .note)
        guard try note.name(.kind) == "MergeRequest" else {
            message = .ignored(repository: project, reason: ForgeAction.otherComment)
            return
        }
        // What GitLab itself notes down, such as that a label was added.
        let isSystem = try note.ifPresent(.system) { try note.decode(Bool.self, forKey: $0) } ?? false
        guard !isSystem, try Self.isNew(note) else {
            message = .ignored(repository: project, reason: ForgeAction.editedComment)
            return
        }
        // `user` is who acted: of a new note, its author.
        let user = try fields.ifPresent(.user) { try fields.decode(GitLabUser.self, forKey: $0) }
        let author = try note.ifPresent(.author, note.wholeNumber)
        guard let user, user.id == nil || author == nil || user.id == author else {
            message = .ignored(repository: project, reason: ForgeAction.unknownAuthor)
            return
        }
        let mergeRequest = try fields.nestedContainer(keyedBy: MergeRequestKey.self, forKey: .mergeRequest)
        message = .comment(
            CommentEvent(
                repository: project, number: try mergeRequest.pullRequestNumber(.number), comment: try note.commentID(.id),
                author: CommentAuthor(account: user.username, isBot: user.isBot), text: try note.comment(.note)))
    }

    /// GitLab before 16.2 does not tell the action, and sends a note that was edited in the same way.
    private static func isNew(_ note: KeyedDecodingContainer<NoteKey>) throws -> Bool {
        if let action = try note.ifPresent(.action, note.name) { return action == "create" }
        let times = (try note.ifPresent(.createdAt, note.text), try note.ifPresent(.updatedAt, note.text))
        return times.0 == times.1
    }
}

extension GitLabUser {
    /// The accounts that GitLab makes for tokens of projects and groups, and for services, have names of their own.
    fileprivate var isBot: Bool {
        username.wholeMatch(of: /(project|group)_[0-9]+_bot(_[0-9a-f]*)?|service_account_.*/) != nil
    }
}
