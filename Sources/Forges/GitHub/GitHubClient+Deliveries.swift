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
        var event: String
        /// False for the first attempt; nil where GitHub does not say.
        var redelivery: Bool?
        /// Nil for what concerns no repository.
        var repository_id: Int64?
    }

    /// Those that change a stack, and settle by themselves what came in the meantime. A command in a comment does not: hours later it would
    /// surprise whoever wrote it.
    private static let event = "pull_request"

    func failedDeliveries(since start: Date) async throws -> [FailedDelivery] {
        if let app {
            struct Repository: Decodable { var id: Int64 }
            let own = try await session.read(
                ForgeRequest(.GET, at(), ForgeCall(purpose: "read the repository", right: "Metadata: read")), as: Repository.self)
            // An App's one webhook tells about all repositories that it is installed on: each asks for its own.
            let all = try await deliveries(["app", "hook", "deliveries"], of: app, since: start)
            return Self.failed(all.filter { $0.repository_id == own.id }, hook: nil)
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

    /// Those of which no attempt succeeded, oldest first. All attempts of one delivery share its guid. One whose first attempt is not among them
    /// is older than what was asked for: how often it was sent is not known. Pure.
    static func failed(_ deliveries: [Delivery], hook: Int64?) -> [FailedDelivery] {
        let own = deliveries.filter { $0.event == Self.event }
        return Dictionary(grouping: own, by: \.guid).values.compactMap { attempts -> FailedDelivery? in
            let attempts = attempts.sorted { ($0.delivered_at, $0.id) < ($1.delivered_at, $1.id) }
            guard let first = attempts.first, let last = attempts.last, first.redelivery != true,
                !attempts.contains(where: { (200...299).contains($0.status_code) })
            else { return nil }
            return FailedDelivery(
                id: first.id, hook: hook, guid: first.guid, at: first.delivered_at, attempts: attempts.count, lastAt: last.delivered_at,
                status: last.status_code)
        }.sorted { ($0.at, $0.id) < ($1.at, $1.id) }
    }
}
