import Foundation
import StagingModel

/// What becomes of a command whose author may give it.
struct CarriedOut {
    /// The record as it has to be stored, but for the answer; nil when there is none.
    var stack: Stack?
    var answer: CommandAnswer
    var event: StackEvent?
}

/// Decides that. Pure; a command is held to what everybody's requests are.
func carriedOut(
    _ received: ReceivedCommand, _ pullRequest: ForgePullRequest?, current: Stack?, settings: RepositorySettings?, policy: LaunchPolicy,
    now: Date
) -> CarriedOut {
    let (name, command) = (received.stack, received.command)
    func answer(_ text: String, isRefusal: Bool = false) -> CommandAnswer {
        CommandAnswer(to: command, by: received.author.name, isRefusal: isRefusal, text)
    }
    func refused(_ why: String) -> CarriedOut { CarriedOut(stack: current, answer: answer(why, isRefusal: true)) }
    do {
        if case .redeploy = command { try refuseLaunch(of: pullRequest, after: current, settings) }
        guard let request = StackRequest(command) else {
            return CarriedOut(stack: current, answer: answer(words(on: command, current, now), isRefusal: command.verb == nil))
        }
        var (stack, message) = try request.applied(to: current, name, of: settings, policy: policy, now: now)
        if case .redeploy = command, let settings { stack.take(pullRequest, of: settings) }
        let requester = "\(received.author.name) on \(stack.forge)"
        return CarriedOut(
            stack: stack, answer: answer(words(on: command, stack, now)), event: request.event(of: name, message, by: requester, at: now))
    } catch let refusal as RequestRefusal {
        return refused(refusal.inComment)
    } catch {
        return refused("\(error)")
    }
}

extension StackRequest {
    /// Nil for a command that changes nothing.
    fileprivate init?(_ command: CommentCommand) {
        switch command {
        case .extend(let seconds): self = .extend(.by(seconds: seconds))
        case .redeploy: self = .create(ref: nil, commit: nil)
        case .destroy: self = .destroy
        case .approve(let commit): self = .approve(commit)
        case .status, .help, .unclear: return nil
        }
    }
}

/// What deliveries would not launch either.
private func refuseLaunch(of pullRequest: ForgePullRequest?, after current: Stack?, _ settings: RepositorySettings?) throws {
    guard let pullRequest else { return }
    if let current, current.destroyReason == .closed, current.knowsNewer(than: pullRequest.updatedAt) {
        throw RequestRefusal.notLaunchable("the pull request was closed meanwhile; reopen it first")
    }
    if pullRequest.state != .open {
        throw RequestRefusal.notLaunchable("the pull request is \(pullRequest.state.rawValue); reopen it first")
    }
    if pullRequest.pullRequest.isFork, let settings, let refusal = refusal(ofForksBy: settings) {
        throw RequestRefusal.notLaunchable(refusal)
    }
}

extension Stack {
    /// The pull request as its forge has it now: nobody may have told of it before, and whether it is a fork's decides what is held.
    fileprivate mutating func take(_ told: ForgePullRequest?, of settings: RepositorySettings) {
        guard let told, !knowsNewer(than: told.updatedAt) else { return }
        let moved = told.pullRequest.head != nil && told.pullRequest.head != pullRequest.head
        let wasFork = pullRequest.isFork
        pullRequest = told.pullRequest.completed(from: pullRequest, moved: moved)
        // Once it was from a fork, it is.
        pullRequest.isFork = pullRequest.isFork || wasFork
        forgeUpdatedAt = told.updatedAt ?? forgeUpdatedAt
        requireApproval(by: settings.forks)
        askForge(of: settings)
    }
}

/// The answer, given the stack as it is afterwards.
private func words(on command: CommentCommand, _ stack: Stack?, _ now: Date) -> String {
    switch command {
    case .status: "this is how it is, \(now.words)"
    case .extend: "it lives until \(stack?.lease.expiresAt?.words ?? "its pull request is closed")"
    case .redeploy: "the newest commit was asked for" + (stack?.awaitsApproval == true ? ", and waits until it is approved" : "")
    case .destroy: stack?.phase == .destroyed ? "it was gone already" : "its end was asked for"
    case .approve(let commit): "\(commit.short) may have its stack"
    case .help: "these are the commands"
    case .unclear(.several): "a comment is one command, and this one has more; write one a comment"
    case .unclear(.unknownVerb): "there is no such command; these are the commands"
    case .unclear(.wrongArguments): "this is not how it is written; these are the commands"
    }
}

extension RequestRefusal {
    /// For people who have a pull request before them, and no command line.
    fileprivate var inComment: String {
        let again = "`\(CommentCommand.redeploy.text)`"
        return switch self {
        case .unknownStack: "the pull request has no stack; a push launches one, or \(again)"
        case .notRunning(_, let phase): "it is \(phase.rawValue), so that can't be done; a push launches it anew, or \(again)"
        case .unknownRepository, .badNumber, .notApprovable, .notLaunchable: description
        }
    }
}
