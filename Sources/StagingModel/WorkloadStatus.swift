/// How one workload of a stack is doing, now.
public struct WorkloadStatus: Codable, Hashable, Sendable {
    public enum State: String, Codable, Sendable { case ready, progressing, failing }

    /// `Deployment`, `Job`, `Pod` …
    public var kind: String
    public var name: String
    /// How many of `desired` are ready: pods, a Job's completions, or 1 for what is one thing.
    public var ready: Int
    public var desired: Int
    public var state: State
    /// What is awaited, or what is wrong, in one line; absent when it is ready.
    public var message: String?

    public init(kind: String, name: String, ready: Int, desired: Int, state: State, message: String? = nil) {
        self.kind = kind
        self.name = name
        self.ready = ready
        self.desired = desired
        self.state = state
        self.message = message
    }
}
