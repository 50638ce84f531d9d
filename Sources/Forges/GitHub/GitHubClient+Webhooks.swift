import Foundation
import Orchestration
import StagingModel

/// A repository's webhooks, and an App's own. https://docs.github.com/en/rest/repos/webhooks and /rest/apps/webhooks
extension GitHubClient {
    struct Hook: Decodable, Sendable {
        struct Config: Decodable, Sendable {
            var url: String?
            /// `json` or `form`.
            var content_type: String?
            /// `"0"` or `"1"`; a number on older servers.
            var insecure_ssl: JSONValue?
            /// Asterisks where there is one.
            var secret: String?
        }
        struct Response: Decodable, Sendable { var code: Int? }

        var id: Int64
        var active: Bool
        var events: [String]?
        var config: Config
        var last_response: Response?
    }

    private static let needed = NeededEvents(comments: "issue_comment", others: [("pull_request", "Pull requests")])

    func hookCall(_ purpose: String) -> ForgeCall { ForgeCall(purpose: purpose, right: "Webhooks: write (classic: admin:repo_hook)") }

    func hooks() async throws -> [Hook] {
        try await session.list(ForgeRequest(.GET, at("hooks"), hookCall("list the webhooks")), as: LinkedPage<Hook>.self)
    }

    func webhooks() async throws -> [ForgeWebhook] {
        guard let app else { return try await hooks().map { Self.webhook($0.config, $0.events, $0.active, $0.last_response?.code) } }
        var found: [ForgeWebhook] = []
        if let own = try await webhook(of: app) { found.append(own) }
        // An App needs no right for its own webhook, and this one for the repository's.
        do {
            found += try await hooks().map { Self.webhook($0.config, $0.events, $0.active, $0.last_response?.code) }
        } catch let error as ForgeError where [.forbidden, .notFound].contains(error.kind) && !found.isEmpty {}
        return found
    }

    private func webhook(of app: ForgeSession) async throws -> ForgeWebhook? {
        struct App: Decodable { var events: [String]? }
        let call = ForgeCall(purpose: "read the webhook of the GitHub App", right: "to be known to GitHub")
        let config = try await app.find(ForgeRequest(.GET, ["app", "hook", "config"], call), as: Hook.Config.self)
        guard let config, config.url?.isEmpty == false else { return nil }
        let events = try await app.read(ForgeRequest(.GET, ["app"], call), as: App.self).events
        let last = try await app.read(
            ForgeRequest(.GET, ["app", "hook", "deliveries"], query: [("per_page", "1")], call), as: [Delivery].self
        ).first?.status_code
        return Self.webhook(config, events, true, last)
    }

    private static func webhook(_ config: Hook.Config, _ events: [String]?, _ isActive: Bool, _ last: Int?) -> ForgeWebhook {
        let insecure = config.insecure_ssl.map { $0.string ?? $0.integer.map { "\($0)" } ?? "0" }
        return ForgeWebhook(
            url: config.url ?? "", isActive: isActive, lacks: needed.lacking(of: events), sendsComments: needed.hasComments(events),
            sendsJSON: config.content_type == "json",
            hasSecret: config.secret?.isEmpty == false, verifiesTLS: insecure.map { $0 == "0" }, lastAnswer: last)
    }
}
