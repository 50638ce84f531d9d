/// A stack as one engine has it. There is one, but for a stack that moves from engine to engine.
public struct Placement: Codable, Hashable, Sendable {
    /// The engine: a key of the configuration's `runtimes`.
    public var runtime: String
    /// Nil while it is not known whether the engine has anything of the stack.
    public var namespaceUID: String?
    public var deployed: Stack.Deployed?
    /// What was last written on the namespace; nil when that is not known.
    public var lease: Lease?

    public init(runtime: String, namespaceUID: String?, deployed: Stack.Deployed? = nil, lease: Lease? = nil) {
        self.runtime = runtime
        self.namespaceUID = namespaceUID
        self.deployed = deployed
        self.lease = lease
    }
}

extension Stack {
    /// What still stands on other engines, the latest first: it goes once the stack is ready where it has to run, or is not wanted.
    public var copies: [Placement] {
        get { previous ?? [] }
        set { previous = newValue.isEmpty ? nil : newValue }
    }

    /// Where it has to run, and then where it ran before.
    public var placements: [Placement] { [Placement(runtime: runtime, namespaceUID: namespaceUID, deployed: deployed)] + copies }
}
