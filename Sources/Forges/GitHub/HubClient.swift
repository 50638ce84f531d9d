import Foundation
import Orchestration
import StagingModel

/// What GitHub, Gitea and Forgejo have alike: the paths and the messages, but not the rights, the bounds and the lists.
protocol HubClient: KnownForge, CommentKeeping {
    /// Owner and name.
    var repository: [String] { get }
    /// Of a status's description, in code points.
    var longestDescription: Int { get }
    /// The right to set a status.
    var statusRight: String { get }
    /// The words of the forge for who may push.
    var writers: Set<String> { get }
    /// The right to ask who may.
    var permissionRight: String { get }
    func reading(_ purpose: String) -> ForgeCall
    func writing(_ purpose: String) -> ForgeCall
}

extension HubClient {
    func at(_ path: String...) -> [String] { ["repos"] + repository + path }

    func pullRequest(_ number: Int) async throws -> ForgePullRequest {
        let request = ForgeRequest(.GET, at("pulls", "\(number)"), reading("read the pull request \(number)"))
        return try await session.read(request, as: HubPullRequest.self).value
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
                    "description": .string(status.description.cut(to: longestDescription)),
                ], ForgeCall(purpose: "set a commit status", right: statusRight)))
    }

    func mayWrite(_ account: String) async throws -> Bool {
        let call = ForgeCall(purpose: "ask for somebody's permission", right: permissionRight)
        let found = try await session.find(ForgeRequest(.GET, at("collaborators", account, "permission"), call), as: HubPermission.self)
        return found.map { writers.contains($0.permission) } ?? false
    }

    /// The account of a token that is somebody's.
    func ownAccount(_ right: String) async throws -> String {
        let call = ForgeCall(purpose: "find out whose token it is", right: right)
        return try await session.read(ForgeRequest(.GET, ["user"], call), as: HubPullRequest.User.self).login
    }

    func post(_ text: String, on number: Int) async throws -> ForgeComment {
        let call = writing("comment on the pull request \(number)")
        let request = ForgeRequest(.POST, at("issues", "\(number)", "comments"), body: ["body": .string(text)], call)
        return try await session.read(request, as: HubComment.self).value
    }

    func edit(_ comment: ForgeComment, to text: String, on number: Int) async throws {
        let call = writing("edit a comment on the pull request \(number)")
        try await session.send(ForgeRequest(.PATCH, at("issues", "comments", comment.id), body: ["body": .string(text)], call))
    }

    func react(_ reaction: CommentReaction, to comment: String, on number: Int) async throws {
        let call = writing("react to a comment on the pull request \(number)")
        try await session.send(
            ForgeRequest(.POST, at("issues", "comments", comment, "reactions"), body: ["content": .string(reaction.hubContent)], call))
    }
}
