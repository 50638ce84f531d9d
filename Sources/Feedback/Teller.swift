import Foundation
import Logging
import Orchestration
import StagingModel

/// Brings what one repository's forge knows to what the records say.
struct Teller: Sendable {
    let repository: RepositoryName
    let client: any ForgeClient
    let store: any StackStore
    let clock: any WallClock
    let metrics: FeedbackMetrics
    let logger: Logger

    /// Tells all that is due, one stack after the other, as forges ask of those who write. Throws what the store throws, and
    /// `CancellationError`.
    func pass() async throws -> Outlook {
        let start = clock.now
        for name in try await store.read({ [repository] in try $0.feedbackDue(of: repository, at: start) }) {
            if let end = try await tell(name) { return Outlook(next: end, closedUntil: end) }
        }
        return Outlook(next: try await store.read { [repository] in try $0.nextFeedback(of: repository, after: start) })
    }

    /// Returns until when the forge takes nothing more; nil while it does.
    private func tell(_ name: StackName) async throws -> Date? {
        let (stack, row) = try await store.read { (try $0.stack(name), try $0.feedback(of: name)) }
        guard let stack, let row else {
            try await store.write { try $0.removeFeedback(of: name) }
            return nil
        }
        var telling = Telling(stack, told: row.told, client: client, now: clock.now)
        try await telling.run()
        for (part, outcome) in telling.outcomes { metrics.ended(part, outcome) }
        for refusal in telling.refusals {
            logger.warning("the forge does not take what it is told of a stack", metadata: ["stack": "\(name)", "error": "\(refusal)"])
        }
        for failure in telling.failures {
            logger.notice("the forge could not be told of a stack; trying again", metadata: ["stack": "\(name)", "error": "\(failure)"])
        }
        try await write(telling, after: row)
        return telling.limitedUntil
    }

    /// Whoever dies before this tells the same once more, which changes nothing.
    private func write(_ telling: Telling, after row: StackFeedback) async throws {
        let (stack, told, refusals, now) = (telling.stack, telling.told, telling.refusals, clock.now.wholeSeconds)
        let wasTold = telling.outcomes.contains { $0.outcome == .told }
        // Not in the transaction, which others wait for.
        let open = Report(stack, told: told, deployments: client.capabilities.contains(.deployments)).open(told)
        let pauses = open.map { told.pause(of: $0, at: now) }
        try await store.write { transaction in
            guard let current = try transaction.stack(stack.name) else { return try transaction.removeFeedback(of: stack.name) }
            var row = row
            row.told = told
            if wasTold { row.schedule.toldAt = now }
            // What changed meanwhile is looked at next.
            let isSame = current == stack
            row.schedule.tried(at: now, pauses: pauses + (isSame ? [] : [nil]), changedAt: isSame ? nil : current.updatedAt)
            try transaction.save(row)
            for refusal in refusals {
                try transaction.append(
                    StackEvent(stack: stack.name, at: now, kind: .failure, name: StackEvent.feedback, message: refusal))
            }
        }
        if open.isEmpty, wasTold, let since = row.schedule.pendingSince { metrics.caughtUp(from: since, to: now) }
    }
}

extension ToldFeedback {
    /// Until when a part is not tried again, after a failure; nil when it may be.
    fileprivate func pause(of part: FeedbackPart, at now: Date) -> Date? {
        let end =
            switch part {
            case .comment: comment.notBefore
            case .status: status.notBefore
            case .deployment: deployment.notBefore
            }
        return end.flatMap { $0 > now ? $0 : nil }
    }
}
