import Foundation
import StagingModel

/// The payload of a merge request event. Of an action that changes no stack only the action and the project are read.
struct GitLabMergeRequestDelivery: Decodable {
    let message: ForgeMessage

    private enum Key: String, CodingKey {
        case project, user, labels, changes
        case mergeRequest = "object_attributes"
    }

    private enum ActionKey: String, CodingKey { case action, oldrev }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        let project = try fields.decode(GitLabProject.self, forKey: .project)
        let attributes = try fields.nestedContainer(keyedBy: ActionKey.self, forKey: .mergeRequest)
        // The button "Test" sends some merge request to which nothing has happened.
        guard let word = try attributes.ifPresent(.action, attributes.name) else {
            message = .ping(repository: project.fullName, text: nil)
            return
        }
        let action = try ForgeAction(gitLab: word) {
            guard try attributes.ifPresent(.oldrev, attributes.text) == nil else { return .pushed }
            return try fields.ifPresent(.changes) { try fields.decode(GitLabChanges.self, forKey: $0) }?.change ?? .edited
        }
        switch action {
        case .ignored(let reason):
            message = .ignored(repository: project.fullName, reason: reason)
        case .change(let change):
            let mergeRequest = try fields.decode(GitLabMergeRequest.self, forKey: .mergeRequest)
            let actor = try fields.ifPresent(.user) { try fields.decode(GitLabUser.self, forKey: $0) }
            let labels = try fields.decode([GitLabLabel].self, forKey: .labels).prefix(100).map(\.title)
            message = .pullRequest(
                PullRequestEvent(
                    change: change, repository: project.fullName,
                    pullRequest: mergeRequest.pullRequest(of: project, actor: actor, labels: labels), updatedAt: mergeRequest.updatedAt,
                    isOpen: mergeRequest.isOpen))
        }
    }
}

extension ForgeAction {
    /// What an action of a merge request event means. These are all that GitLab documents. `update` is asked what an update was.
    fileprivate init(gitLab action: String, update: () throws -> PullRequestEvent.Change) rethrows {
        self =
            switch action {
            case "open": .change(.opened)
            case "reopen": .change(.reopened)
            case "close": .change(.closed)
            case "merge": .change(.merged)
            case "update": .change(try update())
            case "approved", "approval", "unapproved", "unapproval": .ignored(reason: "because approvals don't change a stack")
            default: .unknown(action)
            }
    }
}

/// A project as payloads name it: `group/subgroup/name`.
struct GitLabProject: Decodable {
    let id: Int
    let fullName: String

    private enum Key: String, CodingKey {
        case id
        case fullName = "path_with_namespace"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        id = try fields.wholeNumber(.id)
        // A group may be 20 levels deep.
        fullName = try fields.fullName(.fullName, parts: 2...22)
    }
}

/// Who acted. Older versions leave the id out.
struct GitLabUser: Decodable {
    let id: Int?
    let username: String

    private enum Key: String, CodingKey { case id, username }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        id = try fields.ifPresent(.id, fields.wholeNumber)
        username = try fields.line(.username)
    }
}

private struct GitLabLabel: Decodable {
    let title: String

    private enum Key: String, CodingKey { case title }

    init(from decoder: any Decoder) throws {
        title = try decoder.container(keyedBy: Key.self).line(.title)
    }
}

/// What an update that was no push changed, as far as a stack may care.
private struct GitLabChanges: Decodable {
    let change: PullRequestEvent.Change

    private enum Key: String, CodingKey { case labels, draft }
    private enum SideKey: String, CodingKey { case previous, current }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        if let draft = try fields.ifPresent(.draft, { try fields.nestedContainer(keyedBy: SideKey.self, forKey: $0) }) {
            change = try draft.decode(Bool.self, forKey: .current) ? .draft : .readyForReview
            return
        }
        guard let labels = try fields.ifPresent(.labels, { try fields.nestedContainer(keyedBy: SideKey.self, forKey: $0) }) else {
            change = .edited
            return
        }
        let previous = Set(try labels.decode([GitLabLabel].self, forKey: .previous).map(\.title))
        let current = Set(try labels.decode([GitLabLabel].self, forKey: .current).map(\.title))
        change = current == previous ? .edited : current.isSubset(of: previous) ? .unlabeled : .labeled
    }
}

/// The fields of `object_attributes` that are used.
private struct GitLabMergeRequest: Decodable {
    let number: Int
    let title: String
    let authorID: Int
    let source: (branch: String, project: Int?)
    let target: (branch: String, project: Int)
    /// Nil for a merge request without commits.
    let head: CommitID?
    let url: String
    let isDraft: Bool
    let isOpen: Bool
    let updatedAt: Date?

    private enum Key: String, CodingKey {
        case title, url, draft, state
        case number = "iid"
        case author = "author_id"
        case sourceBranch = "source_branch"
        case sourceProject = "source_project_id"
        case targetBranch = "target_branch"
        case targetProject = "target_project_id"
        case lastCommit = "last_commit"
        case workInProgress = "work_in_progress"
        case updatedAt = "updated_at"
    }

    private enum CommitKey: String, CodingKey { case id }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        number = try fields.pullRequestNumber(.number)
        title = try fields.line(.title)
        authorID = try fields.wholeNumber(.author)
        // Null when the fork was deleted.
        source = (try fields.name(.sourceBranch), try fields.ifPresent(.sourceProject, fields.wholeNumber))
        target = (try fields.name(.targetBranch), try fields.wholeNumber(.targetProject))
        let commit = try fields.ifPresent(.lastCommit) { try fields.nestedContainer(keyedBy: CommitKey.self, forKey: $0) }
        head = try commit?.commit(.id)
        url = try fields.webAddress(.url)
        // GitLab before 14 knows the older name only.
        let flag = fields.contains(.draft) ? Key.draft : .workInProgress
        isDraft = try fields.decode(Bool.self, forKey: flag)
        // It is "locked" for the moment of its merge.
        isOpen = try fields.ifPresent(.state, fields.name).map { !["closed", "merged"].contains($0) } ?? true
        updatedAt = try fields.ifPresent(.updatedAt, fields.time)
    }

    /// A fork unless source, target and the project of the delivery are the same one. The author is told by id alone, so that their name is
    /// known only when it is them who acted.
    func pullRequest(of project: GitLabProject, actor: GitLabUser?, labels: [String]) -> PullRequest {
        PullRequest(
            number: number, title: title, author: actor?.id == authorID ? actor?.username ?? "" : "", branch: source.branch,
            base: target.branch, head: head, labels: labels, url: url, isDraft: isDraft,
            isFork: source.project != target.project || target.project != project.id)
    }
}
