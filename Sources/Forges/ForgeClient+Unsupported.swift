import Foundation
import Orchestration
import StagingModel

/// A client knows what it speaks to.
protocol KnownForge: ForgeClient {
    var session: ForgeSession { get }
}

extension KnownForge {
    var clockLead: TimeInterval? { session.http.gate.clockLead }
}

/// What a forge has not, said rather than silently left undone. A client that has it says so in `capabilities`, and has a method of its own.
extension KnownForge {
    private func unsupported(_ what: String) -> ForgeError { ForgeError(.unsupported, "\(session.http.forge.name) has no \(what)") }

    func react(_: CommentReaction, to _: String, on _: Int) async throws { throw unsupported("reactions to comments") }
    func removeLabel(_: String, from _: Int) async throws { throw unsupported("labels on pull requests") }
    func startDeployment(_: ForgeDeployment) async throws -> String { throw unsupported("deployments") }
    func setDeployment(_: String, _: ForgeDeployment.State, of _: ForgeDeployment, description _: String) async throws {
        throw unsupported("deployments")
    }
    func endDeployments(in _: String, except _: String?) async throws { throw unsupported("deployments") }
    func removeEnvironment(_: String) async throws { throw unsupported("environments that could be removed") }
    func failedDeliveries(since _: Date) async throws -> [FailedDelivery] { throw unsupported("list of failed deliveries") }
    func redeliver(_: FailedDelivery) async throws { throw unsupported("way to ask for a delivery again") }
}
