import Foundation
import Orchestration
import StagingModel

/// https://docs.gitea.com/api/ `repoListHooks`. What became of deliveries is told to people only.
extension GiteaClient {
    private struct Hook: Decodable, Sendable {
        struct Config: Decodable, Sendable {
            var url: String?
            var content_type: String?
        }

        var active: Bool
        var events: [String]
        var config: Config
    }

    private static let needed = NeededEvents(
        comments: "pull_request_comment",
        others: [
            ("pull_request", "Pull Request"), ("pull_request_sync", "Pull Request Synchronized"),
            ("pull_request_label", "Pull Request Labeled"),
        ])

    func webhooks() async throws -> [ForgeWebhook] {
        let call = ForgeCall(purpose: "list the webhooks", right: "`read:repository`, and administration of the repository")
        let hooks = try await session.list(
            ForgeRequest(.GET, at("hooks"), query: [("limit", "50"), ("page", "1")], call), as: LinkedPage<Hook>.self)
        return hooks.map { hook in
            ForgeWebhook(
                url: hook.config.url ?? "", isActive: hook.active, lacks: Self.needed.lacking(of: hook.events),
                sendsComments: Self.needed.hasComments(hook.events),
                sendsJSON: hook.config.content_type == "json")
        }
    }
}
