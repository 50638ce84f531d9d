import Foundation
import Orchestration
import StagingModel

/// Bitbucket Data Center, from 7.4. https://developer.atlassian.com/server/bitbucket/rest/
struct BitbucketServerClient: KnownForge, MarkingByLink {
    let session: ForgeSession
    /// Key and slug: `SHOP`, `shop`; `~ada` is a person's project.
    let repository: [String]

    let capabilities: ForgeCapabilities = [.reactions]
    let longestComment = 32_768

    var own: [String] { ["projects", repository[0], "repos", repository[1]] }
    func at(_ path: String...) -> [String] { ["api", "1.0"] + own + path }
    private func call(_ purpose: String) -> ForgeCall { ForgeCall(purpose: purpose, right: "Repository read") }

    // MARK: Pull requests

    private struct User: Decodable, Sendable { var name: String }

    private struct PullRequestView: Decodable, Sendable {
        struct Repository: Decodable, Sendable { var id: Int64 }
        struct Participant: Decodable, Sendable { var user: User }
        struct Link: Decodable, Sendable { var href: String }
        struct Links: Decodable, Sendable { var `self`: [Link] }

        struct Ref: Decodable, Sendable {
            var displayId: String
            var latestCommit: String
            var repository: Repository?
        }

        var id: Int
        var title: String
        var author: Participant?
        var fromRef: Ref
        var toRef: Ref
        var links: Links?
        var draft: Bool?
        var state: String
        var updatedDate: Date?

        var value: ForgePullRequest {
            ForgePullRequest(
                pullRequest: PullRequest(
                    number: id, title: title, author: author?.user.name ?? "", branch: fromRef.displayId, base: toRef.displayId,
                    head: CommitID(fromRef.latestCommit), url: links?.`self`.first?.href ?? "", isDraft: draft ?? false,
                    isFork: fromRef.repository == nil || fromRef.repository?.id != toRef.repository?.id),
                state: ForgePullRequest.State(bitbucket: state), updatedAt: updatedDate)
        }
    }

    func pullRequest(_ number: Int) async throws -> ForgePullRequest {
        let request = ForgeRequest(.GET, at("pull-requests", "\(number)"), call("read the pull request \(number)"))
        return try await session.read(request, as: PullRequestView.self).value
    }

    func openPullRequests() async throws -> [ForgePullRequest] {
        let request = ForgeRequest(
            .GET, at("pull-requests"), query: [("state", "OPEN"), ("order", "OLDEST"), ("limit", "50"), ("start", "0")],
            call("list the open pull requests"))
        return try await session.list(request, as: OffsetPage<PullRequestView>.self).map(\.value)
    }

    func setStatus(_ status: CommitStatus, of commit: CommitID) async throws {
        try await session.send(
            ForgeRequest(
                .POST, at("commits", commit.description, "builds"),
                body: status.bitbucketBody(longestKey: 255, cancelled: "CANCELLED"), call("set a build status")))
    }

    /// The repository's users, by whatever way they got the right: the filter that the web interface itself uses.
    func mayWrite(_ account: String) async throws -> Bool {
        struct Repository: Decodable { var id: Int64 }
        let id = try await session.read(ForgeRequest(.GET, at(), call("read the repository")), as: Repository.self).id
        let query = [
            ("filter", account), ("permission.1", "REPO_WRITE"), ("permission.1.repositoryId", "\(id)"), ("limit", "100"), ("start", "0"),
        ]
        let request = ForgeRequest(.GET, ["api", "1.0", "users"], query: query, call("ask for somebody's permission"))
        return try await session.first(in: request, as: OffsetPage<User>.self) { $0.name.lowercased() == account.lowercased() } != nil
    }

    // MARK: Comments

    private struct Comment: Decodable, Sendable {
        var id: Int64
        var version: Int
        var text: String
        var author: User?

        var value: ForgeComment { ForgeComment(id: "\(id)", author: author?.name ?? "", text: text, version: version) }
    }

    private struct Activity: Decodable, Sendable {
        var action: String
        var comment: Comment?
    }

    /// There is no address to ask; but each answer names the account.
    func account() async throws -> String? {
        try await session.account { try await askForAccount() }
    }

    private func askForAccount() async throws -> String? {
        let answer = try await session.send(ForgeRequest(.GET, at(), call("read the repository")))
        return answer.header("x-ausername")?.removingPercentEncoding
    }

    func comment(_ id: String, on number: Int) async throws -> ForgeComment? {
        let request = ForgeRequest(.GET, at("pull-requests", "\(number)", "comments", id), call("read a comment"))
        return try await session.find(request, as: Comment.self)?.value
    }

    /// Comments that are on no file are listed among everything else that happened; the newest come first.
    func firstComment(on number: Int, where matches: (ForgeComment) -> Bool) async throws -> ForgeComment? {
        let request = ForgeRequest(
            .GET, at("pull-requests", "\(number)", "activities"), query: [("limit", "100"), ("start", "0")],
            call("list the comments on the pull request \(number)"))
        return try await session.first(in: request, as: OffsetPage<Activity>.self) { activity in
            activity.action == "COMMENTED" && activity.comment.map { matches($0.value) } ?? false
        }?.comment?.value
    }

    func post(_ text: String, on number: Int) async throws -> ForgeComment {
        let request = ForgeRequest(
            .POST, at("pull-requests", "\(number)", "comments"), body: ["text": .string(text)],
            call("comment on the pull request \(number)"))
        return try await session.read(request, as: Comment.self).value
    }

    /// A version that somebody else changed meanwhile is refused with 409; the next try reads the new one.
    func edit(_ comment: ForgeComment, to text: String, on number: Int) async throws {
        try await session.send(
            ForgeRequest(
                .PUT, at("pull-requests", "\(number)", "comments", comment.id),
                body: ["text": .string(text), "version": .integer(Int64(comment.version))],
                call("edit a comment on the pull request \(number)")))
    }

    func react(_ reaction: CommentReaction, to comment: String, on number: Int) async throws {
        let emoticon =
            switch reaction {
            case .seen: "eyes"
            case .done: "thumbsup"
            case .refused: "thumbsdown"
            }
        let path = ["comment-likes", "1.0"] + own + ["pull-requests", "\(number)", "comments", comment, "reactions", emoticon]
        try await session.send(ForgeRequest(.PUT, path, call("react to a comment on the pull request \(number)")))
    }

    /// Everything here takes the right to read; who has not that is told "not found".
    func access() async throws -> [AccessFinding] {
        let purpose = "fetch the commits, read pull requests, comment, set build statuses"
        do {
            let account = try await askForAccount()
            return [
                AccessFinding(right: "Repository read", verdict: .granted, purpose: purpose),
                AccessFinding(
                    right: "an account of its own", verdict: account == nil ? .missing : .granted, purpose: "know its own comment"),
            ]
        } catch let error as ForgeError where [.forbidden, .notFound].contains(error.kind) {
            return [AccessFinding(right: "Repository read", verdict: .missing, purpose: purpose)]
        }
    }
}
