import Foundation
import Orchestration
import StagingModel

/// GitHub, github.com and Enterprise Server alike. https://docs.github.com/en/rest
struct GitHubClient: HubClient {
    let session: ForgeSession
    let repository: [String]
    /// Speaks as the GitHub App itself; nil where a token does.
    let app: ForgeSession?

    let capabilities: ForgeCapabilities = [.reactions, .labels, .deployments, .redelivery]
    let longestComment = 65_536

    let longestDescription = 140
    let statusRight = "Commit statuses: write (classic: repo:status)"
    let permissionRight = "Metadata: read, by a collaborator who may push (classic: repo)"
    /// "maintain" is told as write, "triage" as read.
    let writers: Set<String> = ["write", "admin"]

    func reading(_ purpose: String) -> ForgeCall { ForgeCall(purpose: purpose, right: "Pull requests: read (classic: repo)") }
    func writing(_ purpose: String) -> ForgeCall { ForgeCall(purpose: purpose, right: "Pull requests: write (classic: repo)") }

    // MARK: Pull requests

    func openPullRequests() async throws -> [ForgePullRequest] {
        var request = ForgeRequest(
            .GET, at("pulls"), query: [("state", "open"), ("per_page", "50")], reading("list the open pull requests"))
        request.isConditional = true
        return try await session.list(request, as: LinkedPage<HubPullRequest>.self).map(\.value)
    }

    func removeLabel(_ label: String, from number: Int) async throws {
        let call = writing("remove a label of the pull request \(number)")
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
            return try await ownAccount("to be somebody's")
        }
    }

    func comment(_ id: String, on number: Int) async throws -> ForgeComment? {
        try await session.find(ForgeRequest(.GET, at("issues", "comments", id), reading("read a comment")), as: HubComment.self)?.value
    }

    func firstComment(on number: Int, where matches: (ForgeComment) -> Bool) async throws -> ForgeComment? {
        let call = reading("list the comments on the pull request \(number)")
        let request = ForgeRequest(.GET, at("issues", "\(number)", "comments"), query: [("per_page", "100")], call)
        return try await session.first(in: request, as: LinkedPage<HubComment>.self) { matches($0.value) }?.value
    }
}
