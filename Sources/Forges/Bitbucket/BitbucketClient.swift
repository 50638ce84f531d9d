import Foundation
import Orchestration
import StagingModel

/// Bitbucket Cloud. https://developer.atlassian.com/cloud/bitbucket/rest/
struct BitbucketClient: KnownForge, MarkingByLink {
    let session: ForgeSession
    /// Workspace and slug.
    let repository: [String]

    let capabilities: ForgeCapabilities = []
    let longestComment = 32_768

    func at(_ path: String...) -> [String] { ["repositories"] + repository + path }
    private func reading(_ purpose: String) -> ForgeCall {
        ForgeCall(purpose: purpose, right: "`pullrequest` (API token: read:pullrequest:bitbucket)")
    }
    private func writing(_ purpose: String) -> ForgeCall {
        ForgeCall(purpose: purpose, right: "`pullrequest:write` (API token: write:pullrequest:bitbucket)")
    }

    // MARK: Pull requests

    private struct Account: Decodable, Sendable {
        var uuid: String?
        var account_id: String?
        var nickname: String?
    }

    private struct PullRequestView: Decodable, Sendable {
        struct Branch: Decodable, Sendable { var name: String }
        struct Commit: Decodable, Sendable { var hash: String }
        struct Repository: Decodable, Sendable { var full_name: String }
        struct Link: Decodable, Sendable { var href: String }
        struct Links: Decodable, Sendable { var html: Link }

        struct End: Decodable, Sendable {
            var branch: Branch
            var commit: Commit?
            /// Null when it is gone.
            var repository: Repository?
        }

        var id: Int
        var title: String
        var author: Account?
        var source: End
        var destination: End
        var links: Links
        var draft: Bool?
        var state: String
        var updated_on: Date?

        func value(head: CommitID?) -> ForgePullRequest {
            ForgePullRequest(
                pullRequest: PullRequest(
                    number: id, title: title, author: author?.nickname ?? "", branch: source.branch.name, base: destination.branch.name,
                    head: head, url: links.html.href, isDraft: draft ?? false,
                    isFork: source.repository == nil || source.repository?.full_name != destination.repository?.full_name),
                state: ForgePullRequest.State(bitbucket: state), updatedAt: updated_on)
        }
    }

    func pullRequest(_ number: Int) async throws -> ForgePullRequest {
        let request = ForgeRequest(.GET, at("pullrequests", "\(number)"), reading("read the pull request \(number)"))
        let view = try await session.read(request, as: PullRequestView.self)
        return view.value(head: try await head(of: view))
    }

    /// Their heads are nil: Bitbucket tells twelve digits here, and asking for each would cost a request each.
    func openPullRequests() async throws -> [ForgePullRequest] {
        let request = ForgeRequest(
            .GET, at("pullrequests"), query: [("state", "OPEN"), ("pagelen", "50")], reading("list the open pull requests"))
        return try await session.list(request, as: CursorPage<PullRequestView>.self).map {
            $0.value(head: CommitID($0.source.commit?.hash ?? ""))
        }
    }

    /// The whole id of a head. A fork that these credentials can't see has none that could be told.
    private func head(of view: PullRequestView) async throws -> CommitID? {
        guard let hash = view.source.commit?.hash, let source = view.source.repository else { return nil }
        if let whole = CommitID(hash) { return whole }
        guard hash.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }),
            let path = Forge.bitbucket.segments(of: source.full_name)
        else { return nil }
        let call = ForgeCall(purpose: "read the head of a pull request", right: "`repository` (API token: read:repository:bitbucket)")
        let request = ForgeRequest(.GET, ["repositories"] + path + ["commit", hash], call)
        do {
            return CommitID(try await session.find(request, as: PullRequestView.Commit.self)?.hash ?? "")
        } catch let error as ForgeError where error.kind == .forbidden { return nil }
    }

    func setStatus(_ status: CommitStatus, of commit: CommitID) async throws {
        try await session.send(
            ForgeRequest(
                .POST, at("commit", commit.description, "statuses", "build"),
                body: status.bitbucketBody(longestKey: 40, cancelled: "STOPPED"),
                ForgeCall(purpose: "set a commit status", right: "`repository` (API token: write:repository:bitbucket)")))
    }

    /// Effective rights, by groups too. Only administrators are told; there is no filter by account that Bitbucket documents.
    func mayWrite(_ account: String) async throws -> Bool {
        struct Permission: Decodable, Sendable {
            var permission: String
            var user: Account?
        }
        let call = ForgeCall(
            purpose: "ask for somebody's permission",
            right: "`repository:admin` (API token: admin:repository:bitbucket), for an administrator")
        let request = ForgeRequest(
            .GET, ["workspaces", repository[0], "permissions", "repositories", repository[1]], query: [("pagelen", "100")], call)
        let found = try await session.first(in: request, as: CursorPage<Permission>.self) { entry in
            // A nickname is anybody's to choose: it is no name to go by.
            account == entry.user?.uuid || account == entry.user?.account_id
        }
        return ["write", "admin"].contains(found?.permission)
    }

    // MARK: Comments

    private struct Comment: Decodable, Sendable {
        struct Content: Decodable, Sendable { var raw: String? }
        var id: Int64
        var user: Account?
        var content: Content
        var deleted: Bool?

        var value: ForgeComment { ForgeComment(id: "\(id)", author: user?.uuid ?? "", text: content.raw ?? "") }
    }

    /// Nil for access tokens, whose account only comments tell.
    func account() async throws -> String? {
        try await session.account {
            let call = ForgeCall(purpose: "find out whose token it is", right: "`account` (API token: read:user:bitbucket)")
            do { return try await session.read(ForgeRequest(.GET, ["user"], call), as: Account.self).uuid } catch let error as ForgeError
                where [.forbidden, .unauthorized, .notFound].contains(error.kind)
            { return nil }
        }
    }

    func comment(_ id: String, on number: Int) async throws -> ForgeComment? {
        let request = ForgeRequest(.GET, at("pullrequests", "\(number)", "comments", id), reading("read a comment"))
        guard let comment = try await session.find(request, as: Comment.self), comment.deleted != true else { return nil }
        return comment.value
    }

    func firstComment(on number: Int, where matches: (ForgeComment) -> Bool) async throws -> ForgeComment? {
        let request = ForgeRequest(
            .GET, at("pullrequests", "\(number)", "comments"), query: [("sort", "created_on"), ("pagelen", "100")],
            reading("list the comments on the pull request \(number)"))
        return try await session.first(in: request, as: CursorPage<Comment>.self) { $0.deleted != true && matches($0.value) }?.value
    }

    private func body(_ text: String) -> JSONValue { ["content": ["raw": .string(text)]] }

    func post(_ text: String, on number: Int) async throws -> ForgeComment {
        let request = ForgeRequest(
            .POST, at("pullrequests", "\(number)", "comments"), body: body(text), writing("comment on the pull request \(number)"))
        return try await session.read(request, as: Comment.self).value
    }

    func edit(_ comment: ForgeComment, to text: String, on number: Int) async throws {
        try await session.send(
            ForgeRequest(
                .PUT, at("pullrequests", "\(number)", "comments", comment.id), body: body(text),
                writing("edit a comment on the pull request \(number)")))
    }

    func access() async throws -> [AccessFinding] {
        let call = ForgeCall(purpose: "read the repository", right: "`repository` (API token: read:repository:bitbucket)")
        let answer = try await session.send(ForgeRequest(.GET, at(), call))
        let scopes = answer.header("x-oauth-scopes").map { text in
            Set(text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) })
        }
        func finding(_ right: String, _ sufficient: Set<String>, _ purpose: String) -> AccessFinding {
            let verdict: AccessFinding.Verdict = scopes.map { $0.isDisjoint(with: sufficient) ? .missing : .granted } ?? .unknown
            return AccessFinding(right: right, verdict: verdict, purpose: purpose)
        }
        return [
            finding(
                "scope `repository`",
                ["repository", "repository:write", "read:repository:bitbucket", "write:repository:bitbucket"],
                "fetch the commits, set commit statuses"),
            finding("scope `pullrequest:write`", ["pullrequest:write", "write:pullrequest:bitbucket"], "read pull requests, comment"),
            finding("scope `account`", ["account", "account:write", "read:user:bitbucket"], "know its own comment"),
            finding("scope `repository:admin`", ["repository:admin", "admin:repository:bitbucket"], "ask who may give commands"),
        ]
    }
}
