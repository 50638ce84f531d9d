/// Where a stack is in its life, as people see it.
public enum Phase: String, Codable, Sendable, CaseIterable {
    case queued, waiting, building, deploying, ready, failed, sleeping, destroying, destroyed
}

/// Why a stack goes, or went.
public enum DestroyReason: String, Codable, Sendable, CaseIterable {
    case expired, closed, unlabeled, requested, replaced
    /// Another of the configuration's rules than the label's keeps the pull request out.
    case excluded
}
