import Foundation
import Orchestration
import StagingModel

/// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/ (webhooks)
extension BitbucketClient {
    private struct Hook: Decodable, Sendable {
        var url: String
        var active: Bool
        var events: [String]
        var secret_set: Bool?
        var skip_cert_verification: Bool?
    }

    private static let needed = NeededEvents(
        comments: "pullrequest:comment_created",
        others: [
            ("pullrequest:created", "Created"), ("pullrequest:updated", "Updated"), ("pullrequest:fulfilled", "Merged"),
            ("pullrequest:rejected", "Declined"),
        ])

    func webhooks() async throws -> [ForgeWebhook] {
        let call = ForgeCall(purpose: "list the webhooks", right: "`webhook` (API token: read:webhook:bitbucket)")
        let hooks = try await session.list(
            ForgeRequest(.GET, at("hooks"), query: [("pagelen", "50")], call), as: CursorPage<Hook>.self)
        return hooks.map { hook in
            ForgeWebhook(
                url: hook.url, isActive: hook.active, lacks: Self.needed.lacking(of: hook.events),
                sendsComments: Self.needed.hasComments(hook.events), sendsJSON: true,
                hasSecret: hook.secret_set, verifiesTLS: hook.skip_cert_verification.map { !$0 })
        }
    }
}
