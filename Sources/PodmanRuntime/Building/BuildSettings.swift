/// What the server's configuration says about building images.
public struct BuildSettings: Hashable, Sendable {
    /// Where a build gets what it downloads.
    public enum Access: Hashable, Sendable {
        /// Public addresses, and of all others only these, in CIDR notation.
        case internet(reaching: [String])
        /// Nothing; base images have to be on the machine already.
        case none
    }

    /// Where images go that a cluster runs.
    public struct Registry: Hashable, Sendable {
        public var isInsecure: Bool
        public var user: String?
        public var password: String?

        public init(isInsecure: Bool = false, user: String? = nil, password: String? = nil) {
            self.isInsecure = isInsecure
            self.user = user
            self.password = password
        }
    }

    /// Seconds that one build may take, without the time that it waits for another.
    public var timeout: Int
    /// Bytes that the machine's disk may lose while a build runs.
    public var size: Int64
    /// Bytes that have to be left on the disk; no build begins with less.
    public var floor: Int64
    /// Bytes of memory for each step.
    public var memory: Int64
    /// Thousandths of a processor for each step.
    public var cpu: Int
    public var access: Access
    /// Images of this machine, under `localhost/`, that a build may begin with.
    public var localImages: Set<String>

    public init(
        timeout: Int = 900, size: Int64 = 10 << 30, floor: Int64 = 2 << 30, memory: Int64 = 2 << 30, cpu: Int = 2_000,
        access: Access = .internet(reaching: []), localImages: Set<String> = []
    ) {
        self.timeout = timeout
        self.size = size
        self.floor = floor
        self.memory = memory
        self.cpu = cpu
        self.access = access
        self.localImages = localImages
    }
}
