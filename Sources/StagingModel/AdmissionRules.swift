/// Which pull requests of a repository get a stack: the configuration's `when`. Without any, all of them.
public struct AdmissionRules: Codable, Hashable, Sendable {
    /// The label that a pull request needs, written as on the forge.
    public var label: String?
    /// Whether the label is taken off a pull request whose stack has expired, so that adding it again is all that it takes to have another.
    public var removesLabelOnExpiry: Bool
    /// Whether drafts get a stack.
    public var drafts: Bool
    /// Of the base branch.
    public var branches: Patterns?
    /// Of the author's name on the forge.
    public var authors: Patterns?
    /// Of the files that a pull request changes, of which one has to match. Only who has the commits can tell: what is asked of a pull request
    /// alone leaves it out.
    public var paths: Patterns?

    public init(
        label: String? = nil, removesLabelOnExpiry: Bool = false, drafts: Bool = true, branches: Patterns? = nil, authors: Patterns? = nil,
        paths: Patterns? = nil
    ) {
        self.label = label
        self.removesLabelOnExpiry = removesLabelOnExpiry
        self.drafts = drafts
        self.branches = branches
        self.authors = authors
        self.paths = paths
    }

    /// Why the pull request gets no stack; nil when it gets one, as far as its commits don't matter.
    public func exclusion(of pullRequest: PullRequest) -> Exclusion? {
        if let label, !pullRequest.labels.contains(label) { return .missing(label) }
        if !drafts, pullRequest.isDraft { return Exclusion(.drafts, "it is a draft") }
        if let branches, !branches.match(pullRequest.base) {
            return Exclusion(.branches, "its base \(Self.named(pullRequest.base)) is not among `when.branches`")
        }
        if let authors, !authors.match(pullRequest.author) {
            return Exclusion(.authors, "its author \(Self.named(pullRequest.author)) is not among `when.authors`")
        }
        return nil
    }

    private static func named(_ text: String) -> String { text.isEmpty ? "(which the forge did not tell)" : "\"\(text.prefix(100))\"" }
}

/// Why a pull request has no stack, though it is open.
public struct Exclusion: Codable, Hashable, Sendable {
    /// The key of ``AdmissionRules`` that kept it out; or the repository's `forks`.
    public enum Rule: String, Codable, Sendable { case label, drafts, branches, authors, paths, forks }

    public var rule: Rule
    /// Goes after "because": `the label \`preview\` is missing`.
    public var why: String

    public init(_ rule: Rule, _ why: String) {
        self.rule = rule
        self.why = why
    }

    public static func missing(_ label: String) -> Exclusion { Exclusion(.label, "the label `\(label)` is missing") }

    /// One line for people.
    public var text: String { "no stack, because \(why)" }

    public var destroyReason: DestroyReason { rule == .label ? .unlabeled : .excluded }
}
