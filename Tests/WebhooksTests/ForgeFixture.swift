import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

@testable import Webhooks

/// A forge's delivery, and which fields of it are read: what the tables of ``ForgePayloadTests`` go through.
struct ForgeFixture: Sendable, CustomTestStringConvertible {
    struct Field: Sendable, CustomTestStringConvertible {
        enum Kind: Sendable { case text, number, flag, list, object }
        /// What may become of it without a complaint.
        enum Absence: Sendable { case none, missing, null, both }

        let path: String
        let kind: Kind
        let absence: Absence

        var testDescription: String { path }

        /// What can't stand in its place.
        var wrong: [JSONValue] {
            switch kind {
            case .text: [7, true, ["x"], ["x": "y"]]
            case .number: ["7", true, [7], [:], .number(1.5)]
            case .flag: [0, "true", []]
            case .list: [7, "x", [:]]
            case .object: [7, "x", true, ["x"]]
            }
        }
    }

    let forge: Forge
    let fields: [Field]
    /// Values of the right type that are refused all the same.
    let refused: [String: [JSONValue]]
    let pullRequest: PullRequest
    /// Where the repository's full name is.
    let fullName: String

    var testDescription: String { forge.rawValue }
    var repository: String { forge == .bitbucketServer ? "ACME/shop" : "acme/shop" }

    func opened() throws -> JSONValue { try ForgeDelivery.opened(on: forge).payload }

    func message(_ payload: JSONValue, event: String? = nil) throws -> ForgeMessage {
        try receive(ForgeDelivery(forge, payload, event: event)).message
    }

    func event(_ payload: JSONValue, event: String? = nil) throws -> PullRequestEvent? {
        if case .pullRequest(let event) = try message(payload, event: event) { event } else { nil }
    }

    /// Signed and received. `headers` are set last; nil takes one away.
    func receive(
        _ delivery: ForgeDelivery, secret: String = GitHubFixture.secret, headers changes: [String: String?] = [:], body: Data? = nil,
        sentAt: Date = GitHubFixture.now
    ) throws -> VerifiedDelivery {
        let raw = Self.raw(delivery, secret: secret, headers: changes, body: body, sentAt: sentAt)
        return try receiver().receive(raw)
    }

    static func raw(
        _ delivery: ForgeDelivery, route: Forge? = nil, secret: String = GitHubFixture.secret, headers changes: [String: String?] = [:],
        body: Data? = nil, sentAt: Date = GitHubFixture.now
    ) -> Delivery {
        var headers = delivery.headers(secret: secret, at: sentAt)
        for (name, value) in changes { headers[name] = value }
        return Delivery(
            forge: (route ?? delivery.forge).rawValue, headers: headers.map { (name: $0.key, value: $0.value) },
            body: body ?? delivery.body, receivedAt: GitHubFixture.now)
    }

    /// The repository acme/shop on this forge.
    func receiver() throws -> WebhookReceiver {
        WebhookReceiver(
            adapters: Forge.allCases.map(\.adapter),
            subscriptions: [try GitHubFixture.subscription("shop", repository, forge: forge.rawValue)])
    }

    static func of(_ forge: Forge) throws -> ForgeFixture { try #require(all.first { $0.forge == forge }) }
}

extension ForgeFixture.Field {
    /// `name:text?` reads as the field, its kind, and `?` when it may be missing or null, `-` when only missing, `0` when only null.
    init(_ text: String) {
        let kinds: [Substring: Kind] = ["text": .text, "number": .number, "flag": .flag, "list": .list, "object": .object]
        let parts = text.split(separator: ":")
        path = String(parts[0])
        absence = parts[1].hasSuffix("?") ? .both : parts[1].hasSuffix("-") ? .missing : parts[1].hasSuffix("0") ? .null : .none
        kind = kinds[absence == .none ? parts[1] : parts[1].dropLast()] ?? .object
    }
}

extension ForgeFixture {
    private static let badNumbers: [JSONValue] = [0, -1, 10_000_000_000]
    private static let badCommits: [JSONValue] = ["6dcb09b", "6DCB09B5B57875F334F61AEBED695E2E4193DB5E", "", "$(reboot)"]
    private static let badNames: [JSONValue] = ["", "a\nb", "a\u{7F}", .string(String(repeating: "a", count: 1_025))]
    private static let badFullNames: [JSONValue] = [
        "shop", "/shop", "acme/", "acme//shop", "acme/\u{212A}ube", "acme/shop\u{0}", "../shop x",
    ]
    private static let badTimes: [JSONValue] = ["yesterday", "", "1732176000", "2026-11-21 UTC"]

    private static func fields(_ texts: String...) -> [Field] { texts.map { Field($0) } }

    static let all: [ForgeFixture] = [gitLab, gitea(.gitea), gitea(.forgejo), bitbucket, bitbucketServer, generic]

    private static func expected(_ url: String, _ change: (inout PullRequest) -> Void = { _ in }) -> PullRequest {
        var pullRequest = PullRequest(
            number: 42, title: "Show the basket's total 🧺 \"before\" checkout", author: "mona", branch: "basket/total", base: "main",
            head: CommitID("6dcb09b5b57875f334f61aebed695e2e4193db5e"), labels: ["preview", "good first issue"], url: url)
        change(&pullRequest)
        return pullRequest
    }

    private static let gitLab = ForgeFixture(
        forge: .gitlab,
        fields: fields(
            "project:object", "project.id:number", "project.path_with_namespace:text", "object_attributes:object",
            "object_attributes.iid:number", "object_attributes.title:text", "object_attributes.author_id:number",
            "object_attributes.source_branch:text", "object_attributes.target_branch:text", "object_attributes.source_project_id:number?",
            "object_attributes.target_project_id:number", "object_attributes.last_commit:object?", "object_attributes.last_commit.id:text",
            "object_attributes.url:text", "object_attributes.draft:flag-", "object_attributes.state:text?",
            "object_attributes.updated_at:text?", "user:object?",
            "user.id:number?", "user.username:text", "labels:list", "labels[0]:object", "labels[1].title:text"),
        refused: [
            "project.path_with_namespace": badFullNames, "object_attributes.iid": badNumbers, "object_attributes.source_branch": badNames,
            "object_attributes.target_branch": badNames, "object_attributes.last_commit.id": badCommits,
            "object_attributes.updated_at": badTimes, "object_attributes.action": ["", "a\nb", 7],
        ],
        pullRequest: expected("https://gitlab.example.com/acme/shop/-/merge_requests/42"), fullName: "project.path_with_namespace")

    private static func gitea(_ forge: Forge) -> ForgeFixture {
        ForgeFixture(
            forge: forge,
            fields: fields(
                "action:text", "number:number", "repository:object", "repository.id:number", "repository.full_name:text",
                "pull_request:object", "pull_request.number:number", "pull_request.title:text", "pull_request.user:object?",
                "pull_request.user.login:text", "pull_request.head:object", "pull_request.head.ref:text", "pull_request.head.sha:text",
                "pull_request.head.repo:object0", "pull_request.head.repo.id:number", "pull_request.head.repo.full_name:text",
                "pull_request.base:object", "pull_request.base.ref:text", "pull_request.base.sha:text", "pull_request.base.repo:object0",
                "pull_request.base.repo.id:number", "pull_request.base.repo.full_name:text", "pull_request.labels:list0",
                "pull_request.labels[0]:object", "pull_request.labels[1].name:text", "pull_request.html_url:text",
                "pull_request.draft:flag?", "pull_request.merged:flag", "pull_request.state:text?", "pull_request.updated_at:text?"),
            refused: [
                "repository.full_name": badFullNames, "number": [43], "pull_request.number": badNumbers, "pull_request.head.ref": badNames,
                "pull_request.base.ref": badNames, "pull_request.head.sha": badCommits, "pull_request.updated_at": badTimes,
                "action": ["", "a\nb"],
            ],
            pullRequest: expected("https://gitea.example.com/acme/shop/pulls/42"), fullName: "repository.full_name")
    }

    private static let bitbucket = ForgeFixture(
        forge: .bitbucket,
        fields: fields(
            "repository:object", "repository.full_name:text", "repository.uuid:text?", "pullrequest:object", "pullrequest.id:number",
            "pullrequest.title:text", "pullrequest.state:text", "pullrequest.author:object?", "pullrequest.author.nickname:text?",
            "pullrequest.draft:flag?",
            "pullrequest.updated_on:text?", "pullrequest.source:object", "pullrequest.source.branch:object",
            "pullrequest.source.branch.name:text", "pullrequest.source.commit:object?", "pullrequest.source.commit.hash:text",
            "pullrequest.source.repository:object?", "pullrequest.source.repository.full_name:text",
            "pullrequest.source.repository.uuid:text?", "pullrequest.destination:object", "pullrequest.destination.branch.name:text",
            "pullrequest.destination.commit.hash:text", "pullrequest.destination.repository:object?",
            "pullrequest.destination.repository.full_name:text", "pullrequest.links:object", "pullrequest.links.html:object",
            "pullrequest.links.html.href:text"),
        refused: [
            "repository.full_name": badFullNames, "pullrequest.id": badNumbers, "pullrequest.source.branch.name": badNames,
            "pullrequest.destination.branch.name": badNames,
            "pullrequest.source.commit.hash": ["6dcb09", "6DCB09B5B578", "", .string(String(repeating: "a", count: 41)), "refs/heads/x"],
            "pullrequest.updated_on": badTimes,
        ],
        pullRequest: expected("https://bitbucket.org/acme/shop/pull-requests/42") {
            $0.head = nil
            $0.shortHead = "6dcb09b5b578"
            $0.labels = []
        }, fullName: "repository.full_name")

    private static let bitbucketServer = ForgeFixture(
        forge: .bitbucketServer,
        fields: fields(
            "pullRequest:object", "pullRequest.id:number", "pullRequest.title:text", "pullRequest.author:object",
            "pullRequest.author.user:object", "pullRequest.author.user.name:text", "pullRequest.draft:flag?",
            "pullRequest.updatedDate:number?", "pullRequest.fromRef:object", "pullRequest.fromRef.displayId:text",
            "pullRequest.fromRef.latestCommit:text", "pullRequest.fromRef.repository:object0", "pullRequest.fromRef.repository.id:number",
            "pullRequest.fromRef.repository.slug:text", "pullRequest.fromRef.repository.project:object",
            "pullRequest.fromRef.repository.project.key:text", "pullRequest.toRef:object", "pullRequest.toRef.displayId:text",
            "pullRequest.toRef.latestCommit:text", "pullRequest.toRef.repository:object", "pullRequest.toRef.repository.id:number",
            "pullRequest.toRef.repository.slug:text", "pullRequest.toRef.repository.project.key:text", "pullRequest.links:object?",
            "pullRequest.links.self:list?", "pullRequest.links.self[0].href:text"),
        refused: [
            "pullRequest.id": badNumbers, "pullRequest.fromRef.displayId": badNames, "pullRequest.toRef.displayId": badNames,
            "pullRequest.fromRef.latestCommit": badCommits, "pullRequest.updatedDate": [-1, 253_402_300_800_000],
            "pullRequest.toRef.repository.project.key": ["", "A/B", "~", "~a/b", "A B"],
            "pullRequest.toRef.repository.slug": ["", "a/b", ".. "],
        ],
        pullRequest: expected("https://bitbucket.example.com/projects/ACME/repos/shop/pull-requests/42") { $0.labels = [] },
        fullName: "pullRequest.toRef.repository.slug")

    private static let generic = ForgeFixture(
        forge: .generic,
        fields: fields(
            "action:text", "repository:text", "number:number", "title:text?", "author:text?", "branch:text?", "base:text?", "sha:text?",
            "ref:text?", "labels:list?", "labels[1]:text", "url:text?", "draft:flag?", "fork:flag?", "updatedAt:text?"),
        refused: [
            "number": badNumbers, "branch": badNames, "base": badNames, "sha": badCommits, "repository": badNames, "action": badNames,
            "ref": ["heads/x", "", "HEAD", "refs/heads/a\nb"], "updatedAt": badTimes,
        ],
        pullRequest: expected("https://git.example.com/acme/shop/42") { $0.ref = "refs/heads/basket/total" }, fullName: "repository")
}
