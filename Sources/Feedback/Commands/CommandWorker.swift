import Foundation
import Logging
import Orchestration
import StagingModel

/// Carries out the commands of one repository, those of a pull request in the order in which they were written.
struct CommandWorker: Sendable {
    /// Seconds after which a command comes too late to be meant any more, when its forge did not answer until then.
    static let patience: TimeInterval = 2 * 3_600

    let repository: RepositoryName
    let client: any ForgeClient
    let intake: Intake
    let store: any StackStore
    let clock: any WallClock
    let metrics: CommandMetrics
    let logger: Logger

    /// Takes all commands that are due. Throws what the store throws, and `CancellationError`.
    func pass() async throws -> Outlook {
        var outlook = Outlook()
        var waiting: Set<StackName> = []
        for command in try await store.read({ [repository] in try $0.openCommands(of: repository) }) where !waiting.contains(command.stack)
        {
            var due = command.dueAt
            if let instant = due, instant <= clock.now {
                do { due = try await take(command) } catch let error as ForgeError where error.kind == .rateLimited {
                    let end = error.retryAt ?? clock.now.addingTimeInterval(60)
                    return Outlook(next: end, closedUntil: end)
                }
            }
            guard let due else { continue }
            waiting.insert(command.stack)
            outlook.next = min(outlook.next ?? due, due)
        }
        return outlook
    }

    /// Returns when to go on; nil when nothing is left to do. Throws ``ForgeError/Kind/rateLimited``, before which nothing of it is lost.
    private func take(_ command: ReceivedCommand) async throws -> Date? {
        var command = command
        do {
            if command.outcome == nil {
                command = try await settled(command)
                metrics.ended(command)
                logger.info(
                    "command",
                    metadata: [
                        "stack": "\(command.stack)", "command": "\(command.command.text)", "author": "\(command.author.account)",
                        "outcome": "\(command.outcome?.rawValue ?? "")",
                    ])
            }
            try await show(command)
            command.dueAt = nil
        } catch let error as ForgeError where error.isRetryable && error.kind != .rateLimited {
            command.failures += 1
            command.dueAt = max(Backoff.instant(after: command.failures, from: clock.now), error.retryAt ?? clock.now)
            if command.failures & (command.failures - 1) == 0 {
                logger.notice(
                    "the forge does not answer to a command; trying again", metadata: ["stack": "\(command.stack)", "error": "\(error)"])
            }
            if command.outcome != nil, isLate(command) { command.dueAt = nil }
        }
        try await store.write { [command] in try $0.save(command) }
        return command.dueAt
    }

    private func isLate(_ command: ReceivedCommand) -> Bool { clock.now.timeIntervalSince(command.receivedAt) > Self.patience }

    /// Asks the forge whether its author may, and carries it out or not. Throws what can be tried again.
    private func settled(_ command: ReceivedCommand) async throws -> ReceivedCommand {
        guard !isLate(command) else {
            return try await intake.dismiss(command, .failed, because: "the forge did not answer for two hours; write it again")
        }
        do {
            if let refusal = try await refusal(of: command) { return try await intake.dismiss(command, .denied, because: refusal) }
            try await react(.seen, to: command)
            var pullRequest: ForgePullRequest?
            if case .redeploy = command.command { pullRequest = try await client.pullRequest(of: command.stack) }
            return try await intake.carryOut(command, pullRequest)
        } catch let error as ForgeError where !error.isRetryable {
            logger.warning(
                "the forge could not be asked about a command", metadata: ["stack": "\(command.stack)", "error": "\(error)"])
            return try await intake.dismiss(command, .failed, because: error.message)
        }
    }

    /// Why its author may not command; nil when they may. What the delivery said of them counts for nothing.
    private func refusal(of command: ReceivedCommand) async throws -> String? {
        let own: String?
        // Who is not told whose token it is can be no worse than who is.
        do { own = try await client.account() } catch let error as ForgeError where !error.isRetryable { own = nil }
        if own?.lowercased() == command.author.account.lowercased() { return "the account that Slingshot uses does not command" }
        return try await client.mayWrite(command.author.account) ? nil : "no write access to the repository"
    }

    /// What no record shows: the reaction, and the answer where there is no stack.
    private func show(_ command: ReceivedCommand) async throws {
        guard let outcome = command.outcome else { return }
        if let answer = command.answer, try await store.read({ try $0.stack(command.stack) }) == nil {
            let text = CommandText.text(withoutStack: command.stack, answer)
            do { _ = try await client.keepComment(StackComment(stack: command.stack, text: text), on: command.stack.number) } catch let
                error as ForgeError where !error.isRetryable
            {
                logger.warning("the forge does not take an answer", metadata: ["stack": "\(command.stack)", "error": "\(error)"])
            }
        }
        try await react(outcome.reaction, to: command, mustArrive: true)
    }

    /// A reaction is a courtesy: where it can't be had, nothing else is held up.
    private func react(_ reaction: CommentReaction, to command: ReceivedCommand, mustArrive: Bool = false) async throws {
        guard client.capabilities.contains(.reactions) else { return }
        do { try await client.react(reaction, to: command.comment, on: command.stack.number) } catch let error as ForgeError
            where error.kind != .rateLimited && !(mustArrive && error.isRetryable)
        {
            logger.debug("the forge does not take a reaction", metadata: ["stack": "\(command.stack)", "error": "\(error)"])
        }
    }
}
