public import Foundation

/// What an engine shows of one stack. Silence (an error, a time-out) is no observation: it throws.
public enum Observation: Hashable, Sendable {
    /// The engine says that there is no such namespace.
    case absent
    /// A namespace with the labels of this stack.
    case present(ObservedStack)
    /// A namespace of that name without the labels of this stack. Never touched. The text says what was found.
    case foreign(String)
}

/// A namespace that carries a stack's labels: enough to reap it, or to adopt it into an empty database.
public struct ObservedStack: Codable, Hashable, Sendable {
    public var name: StackName
    public var namespace: String
    public var uid: String
    public var isTerminating: Bool
    /// Nil when the annotations carry none that can be read.
    public var lease: Lease?
    public var annotations: [String: String]

    public init(name: StackName, namespace: String, uid: String, isTerminating: Bool, lease: Lease?, annotations: [String: String]) {
        self.name = name
        self.namespace = namespace
        self.uid = uid
        self.isTerminating = isTerminating
        self.lease = lease
        self.annotations = annotations
    }
}

/// How the workloads of a stack are doing.
public enum Readiness: Hashable, Sendable {
    case ready
    /// On its way; the text says what is awaited.
    case progressing(String)
    /// An image is not in its registry yet; the text says which. It goes on when somebody pushes it.
    case waitingForImage(String)
    /// Something is wrong that waiting alone rarely mends; the text is the diagnosis.
    case failing(String)

    /// What is awaited, or what is wrong; nil when it is ready.
    public var text: String? {
        switch self {
        case .ready: nil
        case .progressing(let text), .waitingForImage(let text), .failing(let text): text
        }
    }
}

/// Proof of a teardown: what existed, and that the engine said it is gone.
public struct TeardownReceipt: Codable, Hashable, Sendable {
    public var namespace: String
    public var uid: String
    /// How many objects of each kind existed when the teardown began.
    public var removed: [String: Int]
    public var startedAt: Date
    public var goneAt: Date

    public init(namespace: String, uid: String, removed: [String: Int], startedAt: Date, goneAt: Date) {
        self.namespace = namespace
        self.uid = uid
        self.removed = removed
        self.startedAt = startedAt
        self.goneAt = goneAt
    }
}
