public import Foundation
public import Orchestration
public import StagingModel

/// A forge that answers what a test lets it: of one pull request, and of labels that are taken off. All else it has not.
public struct SimulatedForge: ForgeClient {
    public let capabilities: ForgeCapabilities = [.labels]
    public let clockLead: TimeInterval? = nil
    private let answer: @Sendable (Int) async throws -> ForgePullRequest
    private let remove: @Sendable (String) async throws -> Void

    public init(
        remove: @escaping @Sendable (String) async throws -> Void = { _ in },
        answer: @escaping @Sendable (Int) async throws -> ForgePullRequest
    ) {
        self.answer = answer
        self.remove = remove
    }

    private var unsupported: ForgeError { ForgeError(.unsupported, "the simulated forge has no such thing") }

    public func pullRequest(_ number: Int) async throws -> ForgePullRequest { try await answer(number) }
    public func removeLabel(_ label: String, from _: Int) async throws { try await remove(label) }

    public func openPullRequests() async throws -> [ForgePullRequest] { throw unsupported }
    public func setStatus(_: CommitStatus, of _: CommitID) async throws { throw unsupported }
    public func keepComment(_: StackComment, on _: Int) async throws -> KeptComment { throw unsupported }
    public func react(_: CommentReaction, to _: String, on _: Int) async throws { throw unsupported }
    public func account() async throws -> String? { throw unsupported }
    public func mayWrite(_: String) async throws -> Bool { throw unsupported }
    public func startDeployment(_: ForgeDeployment) async throws -> String { throw unsupported }
    public func setDeployment(_: String, _: ForgeDeployment.State, of _: ForgeDeployment, description _: String) async throws {
        throw unsupported
    }
    public func endDeployments(in _: String, except _: String?) async throws { throw unsupported }
    public func removeEnvironment(_: String) async throws { throw unsupported }
    public func failedDeliveries(since _: Date) async throws -> [FailedDelivery] { throw unsupported }
    public func redeliver(_: FailedDelivery) async throws { throw unsupported }
    public func webhooks() async throws -> [ForgeWebhook] { throw unsupported }
    public func access() async throws -> [AccessFinding] { throw unsupported }
}
