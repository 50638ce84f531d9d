import StagingModel

/// The configuration's `when.paths`: what a pull request changes, which its commits alone can tell. What they say is the same however often
/// they are asked, so a crash in between costs no more than asking again.
struct ChangedPaths {
    let refs: any ChangeSource
    let repository: RepositorySettings

    /// Why the stack's pull request gets none with this commit as its head; nil when it gets one. Throws ``StepError``: that it can't be told is
    /// no answer.
    func exclusion(of stack: Stack, at commit: CommitID) async throws -> Exclusion? {
        guard let paths = repository.when.paths, stack.exempt != true else { return nil }
        let base = stack.pullRequest.base
        guard !base.isEmpty else {
            throw unanswered("nobody told the pull request's base branch", stack.name)
        }
        do {
            let tip = try await refs.fetch("refs/heads/\(base)", of: repository)
            let isTouched = try await refs.changes(of: commit, since: tip, touch: paths, in: repository)
            return isTouched ? nil : Exclusion(.paths, "nothing that it changes matches `when.paths`")
        } catch let error as StepError where !error.isRetryable {
            throw unanswered(error.message, stack.name)
        }
    }

    private func unanswered(_ why: String, _ stack: StackName) -> StepError {
        let fix = "`slingshot create \(stack.repository) \(stack.number)` launches it all the same"
        return StepError("`when.paths` can't be answered: \(why); \(fix)", isRetryable: false)
    }
}
