public import Foundation

/// One line of a stack's history. Append-only.
public struct StackEvent: Codable, Hashable, Sendable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// A forge told something, and what was made of it.
        case delivery
        /// A person or a tool asked for something through the API.
        case request
        /// The orchestrator, or the lease, decided something.
        case decision
        /// A step began.
        case step
        /// A step ended well.
        case outcome
        /// A step failed.
        case failure
    }

    /// The ``name`` of what is about telling the forge, and not about the stack.
    public static let feedback = "feedback"

    /// Its place in the history of all stacks; 0 until it is stored.
    public var id: Int64
    public var stack: StackName
    public var at: Date
    public var kind: Kind
    /// A short stable word for programs: `apply`, `ready`, `extend`, `destroyed`.
    public var name: String
    /// One line for people.
    public var message: String

    public init(id: Int64 = 0, stack: StackName, at: Date, kind: Kind, name: String, message: String) {
        self.id = id
        self.stack = stack
        self.at = at
        self.kind = kind
        self.name = name
        self.message = message
    }
}
