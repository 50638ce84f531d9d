/// Where a stack is in its life, as people see it.
public enum Phase: String, Codable, Sendable, CaseIterable {
    case queued, waiting, building, deploying, ready, failed, sleeping, destroying, destroyed
}

/// What a stack that is `waiting` waits for.
public enum WaitReason: String, Codable, Sendable, CaseIterable {
    /// A person who approves the commit of a fork.
    case approval
    /// An image that is not in its registry yet.
    case image
}

extension Stack {
    /// Nil in every other phase.
    public var waitReason: WaitReason? { phase == .waiting ? awaitsApproval ? .approval : .image : nil }
}

/// Why a stack goes, or went.
public enum DestroyReason: String, Codable, Sendable, CaseIterable {
    case expired, closed, unlabeled, requested, replaced
    /// Another of the configuration's rules than the label's keeps the pull request out.
    case excluded

    /// For people, after "it was destroyed".
    public var words: String {
        switch self {
        case .expired: "because its lease had ended"
        case .closed: "because its pull request was closed"
        case .unlabeled: "because its pull request lost the label"
        case .requested: "because somebody asked for it"
        case .replaced: "because another stack replaced it"
        case .excluded: "because the configuration gives its pull request none"
        }
    }
}
