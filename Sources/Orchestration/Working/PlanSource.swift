import Planning
public import StagingModel

/// Renders a commit's plan from what the commit holds: its stack file, or else the template that the configuration names.
public struct PlanSource: Sendable {
    let refs: any RefSource
    let addressing: StackAddressing
    let repository: RepositorySettings

    public init(refs: any RefSource, addressing: StackAddressing, repository: RepositorySettings) {
        self.refs = refs
        self.addressing = addressing
        self.repository = repository
    }

    /// Bounds on what is read of a stranger's tree.
    private static let stackFileBytes = 64 * 1024
    private static let manifestFiles = 500
    private static let manifestBytes = 4 * 1024 * 1024

    /// The plan of a stack's commit, as a step of its worker. Of a fork nothing but the commit's id gets into it: all that is rendered is the
    /// `base`'s. Throws ``StepError``.
    func plan(for stack: Stack, commit: CommitID, base: CommitID?) async throws -> Plan {
        guard base != nil || !stack.pullRequest.isFork else {
            throw StepError(
                "of the fork's base, where its stack file is, nothing is on record; push, or create the stack again", isRetryable: false)
        }
        do {
            return try await plan(of: stack.name, pullRequest: stack.pullRequest, commit: commit, base: base)
        } catch let error as PlanningError {
            throw StepError(error.description.replacing("\n", with: "; "), isRetryable: false)
        }
    }

    /// The image that a commit asks to be built, by its name; nil when it asks for none, or can't be read: then its plan says why.
    func image(of commit: CommitID, base: CommitID?) async throws -> String? {
        do { return try await recipe(at: base ?? commit).flatMap { _ in repository.image(of: commit) } } catch let error as StepError
            where !error.isRetryable
        {
            return nil
        }
    }

    /// What the commit's stack file asks to be built. Throws ``StepError``.
    func recipe(at commit: CommitID) async throws -> ImageRecipe? {
        do { return try await stackFile(at: commit)?.build } catch let error as PlanningError {
            throw StepError(error.description.replacing("\n", with: "; "), isRetryable: false)
        }
    }

    private func stackFile(at commit: CommitID) async throws -> StackFile? {
        try await refs.file(StackFile.path, at: commit, of: repository, limit: Self.stackFileBytes).map { try StackFile.parse($0) }
    }

    /// Throws `PlanningError` for what is wrong with the commit, and ``StepError`` for what can't be read of it.
    ///
    /// - Parameter base: where stack file and manifests are read instead of in the commit; nil for the commit itself.
    public func plan(of stack: StackName, pullRequest: PullRequest, commit: CommitID, base: CommitID? = nil) async throws -> Plan {
        let source = base ?? commit
        let stackFile = try await stackFile(at: source)
        var files: [String: [UInt8]] = [:]
        if case .manifests(let folder)? = stackFile?.source {
            let found = try await refs.files(
                below: folder, at: source, of: repository, count: Self.manifestFiles, bytes: Self.manifestBytes)
            guard let found else {
                throw StepError(
                    "\(StackFile.path): the folder \"\(folder)\" does not exist at \(source.short); create it, or name another",
                    isRetryable: false)
            }
            files = found
        }
        return try Planning.plan(
            PlanRequest(
                stack: stack, repository: repository, pullRequest: pullRequest, commit: commit, base: base, addressing: addressing,
                stackFile: stackFile, files: files))
    }
}
