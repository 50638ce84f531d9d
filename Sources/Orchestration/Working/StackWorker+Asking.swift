import Foundation
import Logging
public import StagingModel

extension StackWorker {
    /// Asks the forge for what nobody told of the pull request. The outcome is one write: a crash asks again.
    func ask(_ step: Step, _ stack: Stack) async throws {
        let repository = try settings.repository(of: stack)
        let now = engines.clock.now
        // What was asked about may be something else by now.
        @Sendable func fence(_ stack: Stack) throws { if step.isSuperseded(by: stack, at: now) { throw Superseded() } }
        do {
            let answer = try await answer(about: repository)
            try await record(step, kind: .decision) {
                try fence($0)
                return $0.told(answer, by: repository)
            }
        } catch let error as ForgeError {
            if let failure = stack.unanswered(error, for: step, of: repository) { throw failure }
            logger.warning(
                "a pull request is not known in full, and its forge does not tell it", metadata: ["stack": "\(name)", "error": "\(error)"])
            try await record(step, kind: .failure) {
                try fence($0)
                return $0.untold(because: error)
            }
        }
    }

    /// Throws ``ForgeError`` and `CancellationError`.
    private func answer(about repository: RepositorySettings) async throws -> ForgePullRequest {
        guard let client = try engines.forge(repository) else {
            throw ForgeError(.misconfigured, "\(repository.name) has no `credentials` to ask its forge with")
        }
        return try await client.pullRequest(of: name)
    }
}

extension ForgeClient {
    /// The pull request as it is now, and no other: its number leads to the code that is fetched. Throws ``ForgeError`` and
    /// `CancellationError`.
    public func pullRequest(of stack: StackName) async throws -> ForgePullRequest {
        let answer = try await pullRequest(stack.number)
        guard answer.pullRequest.number == stack.number else {
            throw ForgeError(.unreadable, "the forge told of another pull request than \(stack.number); check `api`")
        }
        return answer
    }
}
