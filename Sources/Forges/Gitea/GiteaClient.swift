import Foundation
import Orchestration
import StagingModel

/// Gitea, and Forgejo, whose API is the same where it is used here. https://docs.gitea.com/api/
struct GiteaClient: HubClient {
    let session: ForgeSession
    let repository: [String]

    let capabilities: ForgeCapabilities = [.reactions, .labels]
    /// Neither documents a bound; GitHub's is long enough for a person to read.
    let longestComment = 65_536

    let longestDescription = 255
    let statusRight = "`write:repository`"
    let permissionRight = "`read:repository`, for an account that administers the repository"
    let writers: Set<String> = ["write", "admin", "owner"]

    func reading(_ purpose: String) -> ForgeCall { ForgeCall(purpose: purpose, right: "`read:repository` and `read:issue`") }
    func writing(_ purpose: String) -> ForgeCall { ForgeCall(purpose: purpose, right: "`write:issue`") }

    // MARK: Pull requests

    func openPullRequests() async throws -> [ForgePullRequest] {
        let request = ForgeRequest(
            .GET, at("pulls"), query: [("state", "open"), ("sort", "oldest"), ("limit", "50"), ("page", "1")],
            reading("list the open pull requests"))
        return try await session.list(request, as: LinkedPage<HubPullRequest>.self).map(\.value)
    }

    func removeLabel(_ label: String, from number: Int) async throws {
        struct Label: Decodable {
            var id: Int64
            var name: String
        }
        let purpose = "remove a label of the pull request \(number)"
        let labels = try await session.read(ForgeRequest(.GET, at("issues", "\(number)", "labels"), reading(purpose)), as: [Label].self)
        for found in labels where found.name == label {
            try await session.send(ForgeRequest(.DELETE, at("issues", "\(number)", "labels", "\(found.id)"), writing(purpose)))
        }
    }

    // MARK: Comments

    func account() async throws -> String? {
        try await session.account { try await ownAccount("`read:user`") }
    }

    func comment(_ id: String, on number: Int) async throws -> ForgeComment? {
        let answer: ForgeAnswer
        do { answer = try await session.send(ForgeRequest(.GET, at("issues", "comments", id), reading("read a comment"))) } catch let error
            as ForgeError where error.kind == .notFound
        { return nil }
        // 204 is Gitea's answer for what is no plain comment.
        return answer.status == 204 ? nil : try answer.decoded(as: HubComment.self).value
    }

    /// All in one answer: this list has no pages.
    func firstComment(on number: Int, where matches: (ForgeComment) -> Bool) async throws -> ForgeComment? {
        let request = ForgeRequest(
            .GET, at("issues", "\(number)", "comments"), reading("list the comments on the pull request \(number)"))
        return try await session.first(in: request, as: LinkedPage<HubComment>.self) { matches($0.value) }?.value
    }

    /// The scopes of a token are told to nobody but its owner's password: what can be seen is what the account may do.
    func access() async throws -> [AccessFinding] {
        struct Permissions: Decodable {
            var admin: Bool
            var push: Bool
        }
        struct Repository: Decodable { var permissions: Permissions? }
        let repository = try await session.read(ForgeRequest(.GET, at(), reading("read the repository")), as: Repository.self)
        var knowsAccount = true
        do { _ = try await account() } catch let error as ForgeError where error.kind == .forbidden { knowsAccount = false }
        let role = repository.permissions
        func finding(_ right: String, _ granted: Bool?, _ purpose: String) -> AccessFinding {
            AccessFinding(right: right, verdict: granted.map { $0 ? .granted : .missing } ?? .unknown, purpose: purpose)
        }
        return [
            finding("scope `read:user`", knowsAccount, "know its own comment"),
            finding("scope `write:issue`", nil, "comment and react, remove the label"),
            finding("scope `write:repository`", nil, "set commit statuses"),
            finding("write access to the repository", role?.push, "set commit statuses, remove the label"),
            finding("administration of the repository", role?.admin, "ask who may give commands"),
        ]
    }
}
