import Foundation
import Orchestration
import StagingModel

/// https://docs.gitlab.com/api/project_webhooks/
extension GitLabClient {
    private struct Hook: Decodable, Sendable {
        var id: Int64
        var url: String
        var merge_requests_events: Bool
        var note_events: Bool
        var enable_ssl_verification: Bool?
        /// `executable`, `temporarily_disabled` or `disabled`; before 15.2 nothing.
        var alert_status: String?
    }

    /// `response_status` is a status, or in words why there was none.
    private struct Event: Decodable, Sendable { var response_status: String? }

    func webhooks() async throws -> [ForgeWebhook] {
        let call = ForgeCall(purpose: "list the webhooks", right: "`api`, in the role Maintainer")
        let hooks = try await session.list(
            ForgeRequest(.GET, at("hooks"), query: [("per_page", "50")], call), as: NumberedPage<Hook>.self)
        var found: [ForgeWebhook] = []
        for hook in hooks {
            // Since 17.3
            let events = try await session.find(
                ForgeRequest(.GET, at("hooks", "\(hook.id)", "events"), query: [("per_page", "1")], call), as: [Event].self)
            found.append(
                ForgeWebhook(
                    url: hook.url, isActive: hook.alert_status.map { $0 == "executable" } ?? true,
                    lacks: hook.merge_requests_events ? [] : ["Merge request events"], sendsComments: hook.note_events, sendsJSON: true,
                    verifiesTLS: hook.enable_ssl_verification, lastAnswer: events?.first?.response_status.map { Int($0) ?? 0 }))
        }
        return found
    }
}
