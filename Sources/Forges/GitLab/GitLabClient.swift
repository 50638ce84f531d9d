import Foundation
import Orchestration
import StagingModel

/// GitLab, gitlab.com and self-managed alike. https://docs.gitlab.com/api/rest/
struct GitLabClient: KnownForge, CommentKeeping {
    let session: ForgeSession
    /// The full name with all its groups: GitLab takes it in one segment.
    let project: String

    let capabilities: ForgeCapabilities = [.reactions, .labels, .deployments, .environmentRemoval]
    let longestComment = 1_000_000

    func at(_ path: String...) -> [String] { ["projects", project] + path }
    func call(_ purpose: String) -> ForgeCall { ForgeCall(purpose: purpose, right: "`api`, in the role Developer") }

    private struct User: Decodable, Sendable {
        var id: Int64
        var username: String
    }

    // MARK: Merge requests

    private struct MergeRequest: Decodable, Sendable {
        var iid: Int
        var title: String
        var author: User?
        var source_branch: String
        var target_branch: String
        /// Null while GitLab still makes it.
        var sha: String?
        var labels: [String]
        var web_url: String
        var draft: Bool?
        var state: String
        /// Null when the fork is gone.
        var source_project_id: Int64?
        var target_project_id: Int64
        var updated_at: Date?

        var value: ForgePullRequest {
            let state: ForgePullRequest.State =
                switch state {
                case "merged": .merged
                case "closed": .closed
                default: .open  // `locked` is while it is merged
                }
            return ForgePullRequest(
                pullRequest: PullRequest(
                    number: iid, title: title, author: author?.username ?? "", branch: source_branch, base: target_branch,
                    head: sha.flatMap { CommitID($0) }, labels: labels, url: web_url, isDraft: draft ?? false,
                    isFork: source_project_id != target_project_id),
                state: state, updatedAt: updated_at)
        }
    }

    func pullRequest(_ number: Int) async throws -> ForgePullRequest {
        let request = ForgeRequest(.GET, at("merge_requests", "\(number)"), call("read the merge request \(number)"))
        return try await session.read(request, as: MergeRequest.self).value
    }

    func openPullRequests() async throws -> [ForgePullRequest] {
        var request = ForgeRequest(
            .GET, at("merge_requests"), query: [("state", "opened"), ("order_by", "created_at"), ("sort", "asc"), ("per_page", "50")],
            call("list the open merge requests"))
        request.isConditional = true
        return try await session.list(request, as: NumberedPage<MergeRequest>.self).map(\.value)
    }

    func setStatus(_ status: CommitStatus, of commit: CommitID) async throws {
        let state =
            switch status.state {
            case .pending: "pending"
            case .running: "running"
            case .succeeded: "success"
            case .failed: "failed"
            case .cancelled: "canceled"
            }
        try await ignoringRepeats {
            try await session.send(
                ForgeRequest(
                    .POST, at("statuses", commit.description),
                    body: [
                        "state": .string(state), "name": .string(status.context.cut(to: 255)), "target_url": .string(status.url),
                        // Without it GitLab looks for a branch that has the commit, and finds none for a fork's.
                        "ref": .string(status.branch), "description": .string(status.description.cut(to: 255)),
                    ], call("set a commit status")))
        }
    }

    /// GitLab refuses to go from a state to the same one, or from running back to pending. Then it is as it was to be, or better.
    func ignoringRepeats(_ body: () async throws -> Void) async throws {
        do { try await body() } catch let error as ForgeError
            where error.kind == .refused && error.message.contains("Cannot transition status")
        {}
    }

    func mayWrite(_ account: String) async throws -> Bool {
        struct Member: Decodable { var access_level: Int }
        let users = try await session.read(
            ForgeRequest(.GET, ["users"], query: [("username", account)], call("look for an account")), as: [User].self)
        guard let user = users.first(where: { $0.username.lowercased() == account.lowercased() }) else { return false }
        let request = ForgeRequest(.GET, at("members", "all", "\(user.id)"), call("ask for somebody's role"))
        // Developer is 30; who is no member is not found
        return try await session.find(request, as: Member.self).map { $0.access_level >= 30 } ?? false
    }

    func removeLabel(_ label: String, from number: Int) async throws {
        let request = ForgeRequest(
            .PUT, at("merge_requests", "\(number)"), body: ["remove_labels": .string(label)],
            call("remove a label of the merge request \(number)"))
        try await session.send(request)
    }

    // MARK: Notes

    private struct Note: Decodable, Sendable {
        var id: Int64
        var author: User?
        var body: String

        var value: ForgeComment { ForgeComment(id: "\(id)", author: author?.username ?? "", text: body) }
    }

    func account() async throws -> String? {
        try await session.account {
            try await session.read(ForgeRequest(.GET, ["user"], call("find out whose token it is")), as: User.self).username
        }
    }

    func comment(_ id: String, on number: Int) async throws -> ForgeComment? {
        let request = ForgeRequest(.GET, at("merge_requests", "\(number)", "notes", id), call("read a comment"))
        return try await session.find(request, as: Note.self)?.value
    }

    func firstComment(on number: Int, where matches: (ForgeComment) -> Bool) async throws -> ForgeComment? {
        let request = ForgeRequest(
            .GET, at("merge_requests", "\(number)", "notes"), query: [("order_by", "created_at"), ("sort", "asc"), ("per_page", "100")],
            call("list the comments on the merge request \(number)"))
        return try await session.first(in: request, as: NumberedPage<Note>.self) { matches($0.value) }?.value
    }

    func post(_ text: String, on number: Int) async throws -> ForgeComment {
        let request = ForgeRequest(
            .POST, at("merge_requests", "\(number)", "notes"), body: ["body": .string(text)], call("comment on the merge request \(number)")
        )
        return try await session.read(request, as: Note.self).value
    }

    func edit(_ comment: ForgeComment, to text: String, on number: Int) async throws {
        try await session.send(
            ForgeRequest(
                .PUT, at("merge_requests", "\(number)", "notes", comment.id), body: ["body": .string(text)],
                call("edit a comment on the merge request \(number)")))
    }

    func react(_ reaction: CommentReaction, to comment: String, on number: Int) async throws {
        let name =
            switch reaction {
            case .seen: "eyes"
            case .done: "thumbsup"
            case .refused: "thumbsdown"
            }
        do {
            try await session.send(
                ForgeRequest(
                    .POST, at("merge_requests", "\(number)", "notes", comment, "award_emoji"), body: ["name": .string(name)],
                    call("react to a comment on the merge request \(number)")))
        } catch let error as ForgeError where error.kind == .notFound && error.message.contains("has already been taken") {
            // GitLab's way to say that it is there already
        }
    }

    func access() async throws -> [AccessFinding] {
        struct Token: Decodable { var scopes: [String] }
        struct Level: Decodable { var access_level: Int }
        struct Permissions: Decodable {
            var project_access: Level?
            var group_access: Level?
        }
        struct Project: Decodable { var permissions: Permissions? }
        let project = try await session.read(ForgeRequest(.GET, at(), call("read the project")), as: Project.self)
        let level = max(project.permissions?.project_access?.access_level ?? 0, project.permissions?.group_access?.access_level ?? 0)
        // Tokens that are none of a person, a project or a group have nobody to ask for.
        let scopes = try await session.find(
            ForgeRequest(.GET, ["personal_access_tokens", "self"], call("read the scopes of the token")), as: Token.self
        )?.scopes
        return [
            AccessFinding(
                right: "scope `api`", verdict: scopes.map { $0.contains("api") ? .granted : .missing } ?? .unknown,
                purpose: "fetch the commits, read merge requests, comment, set statuses and environments"),
            AccessFinding(
                right: "role Developer", verdict: project.permissions == nil ? .unknown : level >= 30 ? .granted : .missing,
                purpose: "set statuses and environments, remove the label"),
        ]
    }
}
