import Foundation
import StagingModel

// What the configuration's `when` does to a delivery. Pure. `when.paths` is left to the step that has the commits: `ChangedPaths`.

/// Whether a person asked for the stack that runs, in spite of the same rules: what kept its pull request out then has no say.
func exempts(_ current: Stack?, from rules: AdmissionRules, at now: Date) -> Bool {
    guard let current, current.isRunning(at: now), current.exempt == true else { return false }
    // Of one that nobody told of yet, nothing is known that could have let it in.
    return current.pullRequest.base.isEmpty || rules.exclusion(of: current.pullRequest) != nil
}

/// A pull request gets no stack: what there is of one goes, and why is kept on record, so that people can ask, and what changes it is seen.
func exclude(_ stack: inout Stack, _ exclusion: Exclusion, isNew: Bool, by change: PullRequestEvent.Change) -> Admission {
    let ran = !isNew && stack.wanted == .running
    if ran || isNew {
        // Also when nobody knows of one: with a database that was lost, the engine may have it, so the worker looks.
        stack.exclude(exclusion)
        return Admission(action: ran ? .destroy : .ignored, reason: exclusion.text, stack: stack)
    }
    switch stack.destroyReason {
    case .closed where !change.opens: return Admission(action: .ignored, reason: exclusion.text, stack: stack)
    case .closed, .unlabeled, .excluded: stack.wanted = .gone(exclusion.destroyReason)
    // Why it ended is told on.
    case .expired, .requested, .replaced, nil: break
    }
    stack.exclusion = exclusion
    if exclusion.rule == .label { stack.expiredLabel = nil }
    if stack.phase == .destroyed { stack.message = exclusion.text }
    return Admission(action: .ignored, reason: exclusion.text, stack: stack)
}

/// Whether the event of a pull request that nothing keeps out gives it a stack, where it has none.
func launches(_ event: PullRequestEvent, instead current: Stack?, by rules: AdmissionRules) -> Bool {
    if event.change.opens { return true }
    guard let current else {
        switch event.change {
        case .updated: return true
        // It was opened before anybody listened.
        case .labeled: return rules.label != nil
        case .readyForReview: return !rules.drafts
        case .opened, .reopened, .pushed, .edited, .unlabeled, .draft, .closed, .merged: return false
        }
    }
    if event.change == .updated, movesHead(event, of: current) { return true }
    guard let exclusion = current.exclusion, current.destroyReason != .closed else { return false }
    // What its commits change depends on its base alone.
    return exclusion.rule != .paths || event.pullRequest.base != current.pullRequest.base
}

extension Exclusion {
    /// Whether it may turn out to be none once the forge was asked, which the stack does before anything else.
    func awaitsAnswer(of pullRequest: PullRequest, in repository: RepositorySettings) -> Bool {
        rule == .authors && pullRequest.author.isEmpty && repository.reachesForge
    }
}

extension PullRequestEvent.Change {
    /// Whether it gives an open pull request a stack, whatever was before.
    fileprivate var opens: Bool {
        switch self {
        case .opened, .reopened, .pushed: true
        case .edited, .updated, .labeled, .unlabeled, .draft, .readyForReview, .closed, .merged: false
        }
    }
}

extension Stack {
    /// Nothing of this stack is wanted, because its pull request gets none.
    mutating func exclude(_ exclusion: Exclusion) {
        end(exclusion.destroyReason, message: exclusion.text)
        self.exclusion = exclusion
    }
}
