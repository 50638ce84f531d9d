import Foundation
import StagingModel

/// What becomes of a stack by what its forge says when it is asked, and by its silence. Pure.
extension Stack {
    /// Whether the forge has to be asked first, because nobody told what has to be known of the pull request.
    mutating func askForge(of repository: RepositorySettings) {
        unasked = repository.reachesForge && !pullRequest.untold.isEmpty ? true : nil
    }

    /// For the history, where something is not known and there is nobody to ask. What a commit's whole id is, its fetch tells.
    func untoldNote(of repository: RepositorySettings) -> String {
        let isKnown = !pullRequest.base.isEmpty && !pullRequest.author.isEmpty
        guard !isKnown, !repository.reachesForge, repository.forge.hasAPI else { return "" }
        let what = pullRequest.untold.joined(separator: ", ")
        return "; nobody told the pull request's \(what), and there are no `credentials` to ask its forge with"
    }

    /// Takes the answer onto the record, and holds it against the repository's rules. Returns what to tell the history.
    mutating func told(_ answer: ForgePullRequest, by repository: RepositorySettings) -> String {
        let asked = pullRequest.untold
        // A delivery may have been faster than the answer.
        let isOlder = knowsNewer(than: answer.updatedAt)
        (unasked, failure) = (nil, nil)
        pullRequest = pullRequest.learning(answer.pullRequest, isOlder: isOlder)
        if !isOlder, answer.state != .open {
            end(.closed, message: "the forge says that the pull request is \(answer.state.rawValue)")
            return message
        }
        requireApproval(by: repository.forks)
        if let exclusion = exclusion(by: repository) {
            exclude(exclusion)
            return message
        }
        return "the forge told the pull request's \(asked.joined(separator: ", "))"
    }

    /// Why the pull request gets no stack, now that more is known of it. Who asked for it by name overrides `when`, and not `forks`: that it is
    /// a fork was not known then.
    private func exclusion(by repository: RepositorySettings) -> Exclusion? {
        if pullRequest.isFork, repository.forks == .deny {
            return Exclusion(
                .forks, "it comes from a fork, and forks are denied for \(repository.name); `forks: approval` lets in what is approved")
        }
        return exempt == true ? nil : repository.when.exclusion(of: pullRequest)
    }

    /// Tries after which it goes on without what is good to know.
    private static let tries = 3

    /// What it means that the forge did not answer; nil to go on without. An answer that decides whether the pull request may have a stack is
    /// waited for as long as there may be one.
    func unanswered(_ error: ForgeError, for step: Step, of repository: RepositorySettings) -> StepError? {
        if exempt != true, repository.when.authors != nil, pullRequest.author.isEmpty {
            let fix = "`slingshot create \(name.repository) \(name.number)` launches it all the same"
            return StepError("`when.authors` can't be answered: \(error.message); \(fix)", isRetryable: error.isRetryable)
        }
        guard error.isRetryable else { return nil }
        if pullRequest.base.isEmpty, ref == nil {
            let fix = "`slingshot create \(name.repository) \(name.number) --ref …` launches it all the same"
            return StepError("nobody knows whether the pull request comes from a fork: \(error.message); \(fix)", isRetryable: true)
        }
        let tried = (failure.flatMap { $0.step == step.name ? $0.attempts : nil } ?? 0) + 1
        return tried < Self.tries ? StepError(error.message, isRetryable: true) : nil
    }

    /// It goes on without the answer. Returns what to tell the history.
    mutating func untold(because error: ForgeError) -> String {
        (unasked, failure) = (nil, nil)
        return "nobody told the pull request's \(pullRequest.untold.joined(separator: ", ")), and it goes on without: \(error.message)"
    }
}
