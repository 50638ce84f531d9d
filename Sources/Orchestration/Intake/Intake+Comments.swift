import Foundation
public import StagingModel

/// Comments on pull requests, as far as they command.
extension Intake {
    /// The most commands of one repository that wait at a time: each costs requests to its forge, and everybody can write comments.
    static let mostWaiting = 50
    /// How many of them may be one author's: who writes many keeps nobody else waiting.
    static let mostOfOne = 10
    /// How often somebody who may not command is told so within an hour. From then on their comments cost nothing.
    static let mostDenied = 5

    /// Stores the command in a comment, for whoever asks the forge whether its author may, and carries it out: `CommandService`. A comment
    /// that was read before is no command again, whatever its delivery is called.
    public func receive(_ event: CommentEvent, delivery key: DeliveryKey, repository: RepositoryName) async throws -> DeliveryOutcome {
        guard let settings = repositories[repository] else { throw RequestRefusal.unknownRepository(repository.description) }
        let name = StackName(repository: repository, number: event.number)
        func outcome(_ action: DeliveryOutcome.Action, _ reason: String) -> DeliveryOutcome {
            DeliveryOutcome(delivery: key.id, stack: action == .command ? name : nil, action: action, reason: reason)
        }
        // Most comments end here, at no cost.
        guard let command = CommentCommand(comment: event.text) else { return outcome(.ignored, "because the comment holds no command") }
        if let refusal = settings.refusal(of: event) { return outcome(.ignored, refusal) }
        guard let name else { return outcome(.ignored, "because \(event.number) is no pull request's number") }
        let now = clock.now.wholeSeconds
        let received = ReceivedCommand(stack: name, comment: event.comment, author: event.author, command: command, receivedAt: now)
        let accepted = outcome(.command, "\(command.text) is carried out if its author may write to the repository")
        let (repeated, full, many, denied) = (
            outcome(.ignored, "because the comment was read before"),
            outcome(.ignored, "because \(Self.mostWaiting) commands of \(repository) wait already; write it again later"),
            outcome(.ignored, "because \(Self.mostOfOne) commands of its author wait already; write it again later"),
            outcome(.ignored, "because its author was refused \(Self.mostDenied) times within an hour")
        )
        return try await store.write { transaction in
            if let known = try transaction.outcome(ofDelivery: key) { return known }
            if try transaction.command(event.comment, of: repository) != nil { return repeated }
            let (author, hour) = (event.author.account, now.addingTimeInterval(-3_600))
            guard try transaction.deniedCommands(by: author, of: repository, since: hour) < Self.mostDenied else { return denied }
            let open = try transaction.openCommands(of: repository)
            guard open.count < Self.mostWaiting else { return full }
            guard open.count(where: { $0.author.account == author }) < Self.mostOfOne else { return many }
            try transaction.save(received)
            try transaction.remember(accepted, ofDelivery: key, at: now)
            return accepted
        }
    }

    /// Carries the command out by the rules that hold for everybody, and notes what became of it, in one transaction: it happens once, whoever
    /// dies when. One that is settled already is left as it is.
    ///
    /// - Parameter pullRequest: as its forge has it now, where the command needs that.
    public func carryOut(_ command: ReceivedCommand, _ pullRequest: ForgePullRequest?) async throws -> ReceivedCommand {
        let now = clock.now.wholeSeconds
        let (settled, changed) = try await store.write { [policy, repositories] transaction in
            guard var known = try transaction.command(command.comment, of: command.stack.repository) else { return (command, false) }
            guard known.outcome == nil else { return (known, false) }
            let current = try transaction.stack(known.stack)
            let result = carriedOut(
                known, pullRequest, current: current, settings: repositories[known.stack.repository], policy: policy, now: now)
            known.settle(result.answer.isRefusal ? .refused : .done, at: now)
            if result.stack == nil { known.answer = result.answer }
            try transaction.save(known)
            guard var stack = result.stack else { return (known, false) }
            stack.answer = result.answer
            stack.updatedAt = now
            try transaction.save(stack, wakeAt: now)
            if let event = result.event { try transaction.append(event) }
            return (known, true)
        }
        if changed { wake(command.stack) }
        return settled
    }

    /// Notes that nothing comes of the command: its author may not, or nobody could find out.
    public func dismiss(_ command: ReceivedCommand, _ outcome: ReceivedCommand.Outcome, because reason: String) async throws
        -> ReceivedCommand
    {
        let now = clock.now.wholeSeconds
        return try await store.write { transaction in
            guard var known = try transaction.command(command.comment, of: command.stack.repository) else { return command }
            guard known.outcome == nil else { return known }
            known.settle(outcome, at: now)
            try transaction.save(known)
            guard try transaction.stack(known.stack) != nil else { return known }
            let event = StackEvent(
                stack: known.stack, at: now, kind: .request, name: known.command.verb ?? "command",
                message: "\(known.command.text) by \(known.author.name): \(reason)")
            // Who says the same again and again does not fill the history.
            let told = try transaction.events(of: known.stack, after: nil, limit: 20)
            if !told.contains(where: { $0.message == event.message }) { try transaction.append(event) }
            return known
        }
    }
}

extension ReceivedCommand {
    /// What is left is to show it.
    fileprivate mutating func settle(_ outcome: Outcome, at now: Date) {
        (self.outcome, failures, dueAt) = (outcome, 0, now)
    }
}

extension RepositorySettings {
    /// Why a comment that holds a command is not read as one; nil when it is.
    fileprivate func refusal(of event: CommentEvent) -> String? {
        if event.author.isBot { return "because programs don't command" }
        guard reachesForge else {
            return "because nobody can tell who may command; set the `credentials` of \(name), with which its forge is asked"
        }
        return nil
    }
}
