public import StagingModel

/// Makes images of commits. Implemented in `PodmanRuntime`.
///
/// Every operation can be repeated, throws ``StepError``, and honours task cancellation: when it returns or throws, nothing of it runs on.
public protocol ImageBuilder: Sendable {
    /// Makes the image, unless it is there already. `onProgress` is told, when it changes, what is waited for or done, in one line; the
    /// output itself is kept for ``output(of:last:)``.
    ///
    /// - Throws: not retryable for what the commit caused; the text then ends with the last lines of the output.
    func build(_ request: BuildRequest, onProgress: @Sendable (String) async throws -> Void) async throws -> BuildOutcome

    /// Removes what was built and is of no use any more: images whose names are not among `images`, the outputs of other stacks than `stacks`,
    /// and what an interrupted build left. Returns how many images were removed. An image that a container uses stays.
    func prune(keeping images: Set<String>, outputsOf stacks: Set<StackName>) async throws -> Int

    /// The last lines of a stack's current or last build, at most `count`; none when nothing is known of one.
    func output(of stack: StackName, last count: Int) async -> [LogLine]

    /// The lines of the build that is under way, from now on; ends with it, and at once when none is.
    func follow(_ stack: StackName) async -> AsyncStream<LogLine>
}

/// What to build, and under which name.
public struct BuildRequest: Sendable {
    public var stack: StackName
    public var repository: RepositorySettings
    public var commit: CommitID
    public var recipe: ImageRecipe
    /// The image's whole name. The same name always stands for the same content.
    public var image: String

    public init(stack: StackName, repository: RepositorySettings, commit: CommitID, recipe: ImageRecipe, image: String) {
        self.stack = stack
        self.repository = repository
        self.commit = commit
        self.recipe = recipe
        self.image = image
    }
}

/// How an image came to be there.
public enum BuildOutcome: Hashable, Sendable {
    case built
    /// It was there before.
    case found
}

/// Where the files of a build come from. Implemented by `GitRefs`.
public protocol BuildContextSource: RefSource {
    /// Writes a folder of a commit to `file` as a tar archive, its paths relative to the folder; the whole tree for an empty path.
    /// Symbolic links are written as links and never followed, submodules as empty folders.
    ///
    /// - Throws: ``StepError``, not retryable, when there is no such folder, when it holds more than the limits, or names that no file can have.
    func export(
        _ folder: String, at commit: CommitID, of repository: RepositorySettings, to file: String, limits: BuildContextLimits
    ) async throws
}

/// How much a build may be sent.
public struct BuildContextLimits: Hashable, Sendable {
    /// Files, folders and links together.
    public var entries: Int
    /// Of all files together.
    public var bytes: Int

    public init(entries: Int = 100_000, bytes: Int = 1 << 30) {
        self.entries = entries
        self.bytes = bytes
    }
}
