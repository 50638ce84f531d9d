import Foundation
import Orchestration
import StagingModel

/// GitHub, github.com and Enterprise Server alike. https://docs.github.com/en/rest
struct GitHubClient: KnownForge, CommentKeeping {
    let session: ForgeSession
    /// Owner and name.
    let repository: [String]
    /// Speaks as the GitHub App itself; nil where a token does.
    let app: ForgeSession?

    let capabilities: ForgeCapabilities = [.reactions, .labels, .deployments, .redelivery]
    let longestComment = 65_536

    func at(_ path: String...) -> [String] { ["repos"] + repository + path }

    private static let reading = "Pull requests: read (classic: repo)"
    private static let writing = "Pull requests: write (classic: repo)"

    // MARK: Pull requests

    func pullRequest(_ number: Int) async throws -> ForgePullRequest {
        let call = ForgeCall(purpose: "read the pull request \(number)", right: Self.reading)
        return try await session.read(ForgeRequest(.GET, at("pulls", "\(number)"), call), as: HubPullRequest.self).value
    }

    func openPullRequests() async throws -> [ForgePullRequest] {
        let call = ForgeCall(purpose: "list the open pull requests", right: Self.reading)
        var request = ForgeRequest(.GET, at("pulls"), query: [("state", "open"), ("per_page", "50")], call)
        request.isConditional = true
        return try await session.list(request, as: LinkedPage<HubPullRequest>.self).map(\.value)
    }

    func setStatus(_ status: CommitStatus, of commit: CommitID) async throws {
        let state =
            switch status.state {
            case .pending, .running: "pending"
            case .succeeded: "success"
            case .failed: "failure"
            case .cancelled: "error"
            }
        try await session.send(
            ForgeRequest(
                .POST, at("statuses", commit.description),
                body: [
                    "state": .string(state), "context": .string(status.context.cut(to: 255)), "target_url": .string(status.url),
                    "description": .string(status.description.cut(to: 140)),
                ], ForgeCall(purpose: "set a commit status", right: "Commit statuses: write (classic: repo:status)")))
    }

    func mayWrite(_ account: String) async throws -> Bool {
        struct Permission: Decodable { var permission: String }
        let call = ForgeCall(
            purpose: "ask for somebody's permission", right: "Metadata: read, by a collaborator who may push (classic: repo)")
        let found = try await session.find(ForgeRequest(.GET, at("collaborators", account, "permission"), call), as: Permission.self)
        // "maintain" is told as write, "triage" as read
        return ["write", "admin"].contains(found?.permission)
    }

    func removeLabel(_ label: String, from number: Int) async throws {
        let call = ForgeCall(purpose: "remove a label of the pull request \(number)", right: Self.writing)
        do { try await session.send(ForgeRequest(.DELETE, at("issues", "\(number)", "labels", label), call)) } catch let error as ForgeError
            where error.kind == .notFound
        {
            // Nothing of that name, or no such pull request: only the second is worth a word.
            _ = try await pullRequest(number)
        }
    }

    // MARK: Comments

    func account() async throws -> String? {
        try await session.account {
            if let app {
                struct App: Decodable { var slug: String }
                let call = ForgeCall(purpose: "read the GitHub App", right: "to be known to GitHub")
                return try await app.read(ForgeRequest(.GET, ["app"], call), as: App.self).slug + "[bot]"
            }
            let call = ForgeCall(purpose: "find out whose token it is", right: "to be somebody's")
            return try await session.read(ForgeRequest(.GET, ["user"], call), as: HubPullRequest.User.self).login
        }
    }

    func comment(_ id: String, on number: Int) async throws -> ForgeComment? {
        let call = ForgeCall(purpose: "read a comment", right: Self.reading)
        return try await session.find(ForgeRequest(.GET, at("issues", "comments", id), call), as: HubComment.self)?.value
    }

    func firstComment(on number: Int, where matches: (ForgeComment) -> Bool) async throws -> ForgeComment? {
        let call = ForgeCall(purpose: "list the comments on the pull request \(number)", right: Self.reading)
        let request = ForgeRequest(.GET, at("issues", "\(number)", "comments"), query: [("per_page", "100")], call)
        return try await session.first(in: request, as: LinkedPage<HubComment>.self) { matches($0.value) }?.value
    }

    func post(_ text: String, on number: Int) async throws -> ForgeComment {
        let call = ForgeCall(purpose: "comment on the pull request \(number)", right: Self.writing)
        let request = ForgeRequest(.POST, at("issues", "\(number)", "comments"), body: ["body": .string(text)], call)
        return try await session.read(request, as: HubComment.self).value
    }

    func edit(_ comment: ForgeComment, to text: String, on number: Int) async throws {
        let call = ForgeCall(purpose: "edit a comment on the pull request \(number)", right: Self.writing)
        try await session.send(ForgeRequest(.PATCH, at("issues", "comments", comment.id), body: ["body": .string(text)], call))
    }

    func react(_ reaction: CommentReaction, to comment: String, on number: Int) async throws {
        let call = ForgeCall(purpose: "react to a comment on the pull request \(number)", right: Self.writing)
        try await session.send(
            ForgeRequest(.POST, at("issues", "comments", comment, "reactions"), body: ["content": .string(reaction.hubContent)], call))
    }
}
