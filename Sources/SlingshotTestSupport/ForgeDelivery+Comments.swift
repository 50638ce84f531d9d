public import StagingModel

/// Comments on pull request 42 of acme/shop, as each forge tells of them.
extension ForgeDelivery {
    /// The forges that tell of any.
    public static let commenting = Forge.allCases.filter(\.hasAPI)

    /// `account` has just written `text`. Throws when the fixture is not there.
    public static func commented(
        on forge: Forge, _ text: String? = nil, by account: String? = nil, comment: Int? = nil,
        id: String = "c0ffee00-cc78-11e3-81ab-4c9367dc0958"
    ) throws -> ForgeDelivery {
        var delivery = ForgeDelivery(forge, try commentPayload(on: forge), event: commentEvent(of: forge), id: id)
        let (comment, text, account) = (
            comment.map { JSONValue.number(Double($0)) }, text.map { JSONValue.string($0) }, account.map { JSONValue.string($0) }
        )
        for (path, value) in zip(commentPaths(on: forge), [comment, text, account]) {
            if let value { delivery = delivery.with(path, value) }
        }
        return delivery
    }

    /// Where a payload has the comment's id, its text, and the name of who wrote it.
    public static func commentPaths(on forge: Forge) -> [[String]] {
        switch forge {
        case .github, .gitea, .forgejo: [["comment", "id"], ["comment", "body"], ["comment", "user", "login"]]
        case .gitlab: [["object_attributes", "id"], ["object_attributes", "note"], ["user", "username"]]
        case .bitbucket: [["comment", "id"], ["comment", "content", "raw"], ["actor", "uuid"]]
        case .bitbucketServer: [["comment", "id"], ["comment", "text"], ["comment", "author", "name"]]
        case .generic: []
        }
    }

    static func commentFixture(of forge: Forge) -> String {
        switch forge {
        case .github: "github-issue_comment-created"
        case .gitlab: "gitlab-note-create"
        case .gitea, .forgejo: "gitea-issue_comment-created"
        case .bitbucket: "bitbucket-pullrequest-comment_created"
        case .bitbucketServer: "bitbucket-server-pr-comment-added"
        case .generic: "generic-opened"
        }
    }

    private static func commentEvent(of forge: Forge) -> String {
        switch forge {
        case .github, .gitea, .forgejo: "issue_comment"
        case .gitlab: "Note Hook"
        case .bitbucket: "pullrequest:comment_created"
        case .bitbucketServer: "pr:comment:added"
        case .generic: ""
        }
    }
}
