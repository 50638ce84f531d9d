import StagingModel

/// Finds the commit that a stack's revision stands for: what the ref says *now*, not what a delivery said when it was sent.
struct CommitSource {
    let refs: any RefSource
    let repository: RepositorySettings

    /// A forge may send its delivery before its ref has moved. So often, with the usual backoff, the ref is looked at again before
    /// it is believed.
    private static let patience = 3

    func commit(for stack: Stack) async throws -> CommitID {
        guard let ref = stack.ref ?? repository.forge.headRef(of: stack.pullRequest) else {
            throw StepError(
                "\(repository.forge.name) serves no ref for this pull request that could be fetched; name one with `slingshot create \(stack.name.repository) \(stack.name.number) --ref refs/heads/…`",
                isRetryable: false)
        }
        let attempts = stack.failure.flatMap { $0.step == Step.fetch(revision: 0).name ? $0.attempts : nil } ?? 0
        let mayLag = stack.ref == nil && attempts < Self.patience
        let head: CommitID
        do {
            head = try await refs.fetch(ref, of: repository)
        } catch let error as StepError where mayLag {
            throw StepError(error.message, isRetryable: true)
        }
        if let pinned = stack.pinnedCommit {
            guard try await refs.contains(pinned, in: head, of: repository) else {
                throw StepError("commit \(pinned) is not reachable from \(ref); name a commit of that ref", isRetryable: false)
            }
            return pinned
        }
        guard mayLag, !stack.pullRequest.names(head) else { return head }
        // A commit that the delivery named, and that the ref has left behind since, is older. Of the first digits alone nobody can tell.
        if let told = stack.pullRequest.head, try await refs.contains(told, in: head, of: repository) { return head }
        let told = stack.pullRequest.head?.short ?? stack.pullRequest.shortHead ?? ""
        throw StepError("\(ref) still names \(head.short), not \(told) as the delivery said", isRetryable: true)
    }

    /// Where the stack file of a fork's pull request is: the base branch as it is now. Nil for a pull request of the repository's own.
    func base(of stack: Stack) async throws -> CommitID? {
        guard stack.pullRequest.isFork else { return nil }
        guard !stack.pullRequest.base.isEmpty else {
            throw StepError("nobody told the pull request's base branch, where the stack file of a fork is", isRetryable: false)
        }
        return try await refs.fetch("refs/heads/\(stack.pullRequest.base)", of: repository)
    }
}
