import FakeForges
import Foundation
import Orchestration
import SlingshotTestSupport
import StagingModel
import Store
import Testing

@testable import Feedback

/// Comments, from their delivery to what becomes of them.
extension FeedbackFixture {
    var kind: FakeForge.Kind { forge.kind }

    func intake(_ change: (inout RepositorySettings) -> Void = { _ in }) -> Intake {
        var settings = Self.repository("shop", kind, api: forge.api)
        change(&settings)
        return Intake(store: store, repositories: [settings], policy: Samples.policy, clock: clock) { _ in }
    }

    func worker(_ intake: Intake? = nil) -> CommandWorker {
        CommandWorker(
            repository: Self.name.repository, client: client, intake: intake ?? self.intake(), store: store, clock: clock,
            metrics: CommandMetrics(factory: metrics), logger: Self.logger)
    }

    /// `account` comments on pull request 7, and the forge tells of it.
    @discardableResult
    func say(_ text: String, by account: String = "ada", to intake: Intake? = nil) async throws -> DeliveryOutcome {
        forge.change { $0.comment(on: 7, by: account, text) }
        return try await deliverLast(to: intake)
    }

    /// The delivery of the newest comment by a person, under a new id each time.
    @discardableResult
    func deliverLast(to intake: Intake? = nil, isBot: Bool = false) async throws -> DeliveryOutcome {
        let comment = try #require(written.last)
        let account = kind == .bitbucket ? "{\(comment.author)-uuid}" : comment.author
        let event = CommentEvent(
            repository: "acme/shop", number: 7, comment: "\(comment.id)",
            author: CommentAuthor(account: account, name: comment.author, isBot: isBot), text: comment.text)
        return try await (intake ?? self.intake()).receive(
            event, delivery: DeliveryKey(forge: kind.rawValue, hook: "1", id: UUID().uuidString), repository: Self.name.repository)
    }

    /// What people wrote: all but the one comment.
    var written: [ForgeState.Comment] { forge.state.comments(on: 7).filter { !$0.text.contains("slingshot:shop-7") } }

    /// How the newest of that was reacted to, in words of ours.
    var reactions: [CommentReaction] {
        let words: [String: CommentReaction] = [
            "eyes": .seen, "+1": .done, "thumbsup": .done, "-1": .refused, "confused": .refused, "thumbsdown": .refused,
        ]
        return written.last?.reactions.compactMap { words[$0.content] } ?? []
    }

    /// The reactions that are expected, where the forge has any.
    func reactable(_ reactions: CommentReaction...) -> [CommentReaction] { client.capabilities.contains(.reactions) ? reactions : [] }

    var stack: Stack? { get async throws { try await store.read { try $0.stack(Self.name) } } }
    var history: [String] {
        get async throws { try await store.read { try $0.events(of: Self.name, after: nil, limit: 100) }.map(\.message) }
    }
    var open: [ReceivedCommand] { get async throws { try await store.read { try $0.openCommands(of: Self.name.repository) } } }
}
