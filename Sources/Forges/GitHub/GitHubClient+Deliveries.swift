import Foundation
import Orchestration
import StagingModel

/// GitHub never tries a delivery again by itself, but keeps a list for three days.
/// https://docs.github.com/en/rest/repos/webhooks and, for Apps, /rest/apps/webhooks
extension GitHubClient {
    struct Delivery: Decodable, Sendable {
        var id: Int64
        var guid: String
        var delivered_at: Date
        var status_code: Int
        var repository_id: Int64?
    }

    func failedDeliveries(since start: Date) async throws -> [FailedDelivery] {
        if let app {
            struct Repository: Decodable { var id: Int64 }
            let own = try await session.read(
                ForgeRequest(.GET, at(), ForgeCall(purpose: "read the repository", right: "Metadata: read")), as: Repository.self)
            // An App's one webhook tells about all repositories that it is installed on.
            let all = try await deliveries(["app", "hook", "deliveries"], of: app, since: start)
            return Self.failed(all.filter { $0.repository_id == nil || $0.repository_id == own.id }, hook: nil)
        }
        var failed: [FailedDelivery] = []
        for hook in try await hooks() where hook.active && hook.config.url?.hasSuffix("/webhooks/github") == true {
            let all = try await deliveries(at("hooks", "\(hook.id)", "deliveries"), of: session, since: start)
            failed += Self.failed(all, hook: hook.id)
        }
        return failed.sorted { ($0.at, $0.id) < ($1.at, $1.id) }
    }

    func redeliver(_ delivery: FailedDelivery) async throws {
        let call = hookCall("ask for a delivery again")
        if let hook = delivery.hook {
            try await session.send(ForgeRequest(.POST, at("hooks", "\(hook)", "deliveries", "\(delivery.id)", "attempts"), call))
        } else if let app {
            try await app.send(ForgeRequest(.POST, ["app", "hook", "deliveries", "\(delivery.id)", "attempts"], call))
        } else {
            throw ForgeError(
                .refused, "the delivery \(delivery.guid) is a GitHub App's, and `credentials` are none's; ask for it in the App's settings")
        }
    }

    /// Newest first.
    private func deliveries(_ path: [String], of session: ForgeSession, since start: Date) async throws -> [Delivery] {
        let request = ForgeRequest(.GET, path, query: [("per_page", "100")], hookCall("list the deliveries of the webhook"))
        return try await session.prefix(of: request, as: LinkedPage<Delivery>.self) { $0.delivered_at >= start }
    }

    /// Those of which no attempt succeeded, oldest first. All attempts of one delivery share its guid. Pure.
    static func failed(_ deliveries: [Delivery], hook: Int64?) -> [FailedDelivery] {
        Dictionary(grouping: deliveries, by: \.guid).values.compactMap { attempts -> FailedDelivery? in
            guard !attempts.contains(where: { (200...299).contains($0.status_code) }) else { return nil }
            return attempts.min { $0.delivered_at < $1.delivered_at }.map {
                FailedDelivery(id: $0.id, hook: hook, guid: $0.guid, at: $0.delivered_at)
            }
        }.sorted { ($0.at, $0.id) < ($1.at, $1.id) }
    }
}
