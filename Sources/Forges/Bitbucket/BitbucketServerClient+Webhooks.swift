import Foundation
import Orchestration
import StagingModel

/// https://developer.atlassian.com/server/bitbucket/rest/ (repository webhooks)
extension BitbucketServerClient {
    private struct Hook: Decodable, Sendable {
        var id: Int64
        var url: String
        var active: Bool
        var events: [String]
        var sslVerificationRequired: Bool?
    }

    /// Its description is the status, or in words why there was none.
    private struct Invocation: Decodable, Sendable {
        struct Result: Decodable, Sendable { var description: String? }
        var result: Result?
    }

    private static let needed = NeededEvents(
        comments: "pr:comment:added",
        others: [
            ("pr:opened", "Opened"), ("pr:from_ref_updated", "Source branch updated"), ("pr:modified", "Modified"), ("pr:merged", "Merged"),
            ("pr:declined", "Declined"), ("pr:deleted", "Deleted"),
        ])

    func webhooks() async throws -> [ForgeWebhook] {
        let call = ForgeCall(purpose: "list the webhooks", right: "Repository admin")
        let hooks = try await session.list(
            ForgeRequest(.GET, at("webhooks"), query: [("limit", "100")], call), as: OffsetPage<Hook>.self)
        var found: [ForgeWebhook] = []
        for hook in hooks {
            let answer = try await session.send(ForgeRequest(.GET, at("webhooks", "\(hook.id)", "latest"), call))
            // 204 before the first delivery
            let last = answer.status == 204 ? nil : try answer.decoded(as: Invocation.self).result
            found.append(
                ForgeWebhook(
                    url: hook.url, isActive: hook.active, lacks: Self.needed.lacking(of: hook.events),
                    sendsComments: Self.needed.hasComments(hook.events), sendsJSON: true,
                    verifiesTLS: hook.sslVerificationRequired, lastAnswer: last.map { Int($0.description ?? "") ?? 0 }))
        }
        return found
    }
}
