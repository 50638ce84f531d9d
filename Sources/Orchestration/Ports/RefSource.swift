public import StagingModel

/// Where commits come from. Implemented by `GitRefs`.
///
/// Throws ``StepError``: a server that does not answer is retryable, a ref that does not exist is not.
public protocol RefSource: Sendable {
    /// Fetches one ref of the repository's configured address, and returns the commit that it names now.
    func fetch(_ ref: String, of repository: RepositorySettings) async throws -> CommitID

    /// Whether the mirror has the commit, and reaches it from `head`.
    func contains(_ commit: CommitID, in head: CommitID, of repository: RepositorySettings) async throws -> Bool

    /// The content of one file of a commit; nil when the commit has no such file. Symbolic links, submodules and files larger
    /// than `limit` bytes throw.
    func file(_ path: String, at commit: CommitID, of repository: RepositorySettings, limit: Int) async throws -> [UInt8]?

    /// All regular files below a folder of a commit, by path from the root of the tree; nil when there is no such folder. More than
    /// `count` files, or more than `bytes` bytes together, throw.
    func files(below folder: String, at commit: CommitID, of repository: RepositorySettings, count: Int, bytes: Int) async throws
        -> [String: [UInt8]]?
}

/// Who can also tell what a pull request changes. Implemented by `GitRefs`.
public protocol ChangeSource: RefSource {
    /// Whether one of the files that `commit` has otherwise than its merge base with `base`, or has not, is among `paths`; of a file that
    /// moved, both names count.
    ///
    /// - Throws: not retryable when the two share no history, and when there is more to compare than the bounds allow.
    func changes(of commit: CommitID, since base: CommitID, touch paths: Patterns, in repository: RepositorySettings) async throws -> Bool
}
