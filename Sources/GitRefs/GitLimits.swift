/// How much a server, or a stranger's commits behind it, may cost.
public struct GitLimits: Hashable, Sendable {
    /// The longest that one call takes, waiting for earlier work on the same mirror included.
    public var total: Duration = .seconds(3600)
    /// The longest that a server may say nothing.
    public var silence: Duration = .seconds(120)
    /// The longest that two commits are compared.
    public var comparison: Duration = .seconds(120)
    /// The largest file that git may write, in bytes; what one fetch brings is one file.
    public var fileBytes = 16 << 30
    /// The largest memory of one process of git, in bytes; packs that it maps are not counted.
    public var memoryBytes = 2 << 30

    public init() {}
}
