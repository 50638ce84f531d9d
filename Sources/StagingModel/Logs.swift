/// Which lines of a stack's containers are asked for.
public struct LogQuery: Hashable, Sendable {
    /// A Service of the stack, or a workload that has none; nil for all containers of the stack.
    public var service: String?
    /// Only containers of this name.
    public var container: String?
    /// Only what was written at this instant or later: RFC 3339.
    public var since: String?
    /// So many lines from the end of each container.
    public var tail: Int
    /// The run before the current one, of containers that were restarted.
    public var previous: Bool
    /// What the stack's last build said, instead of containers.
    public var build: Bool
    /// Goes on with what is written from now on, in pods that come later too.
    public var follow: Bool

    public static let usualTail = 1_000
    public static let largestTail = 10_000

    public init(
        service: String? = nil, container: String? = nil, since: String? = nil, tail: Int = usualTail, previous: Bool = false,
        follow: Bool = false, build: Bool = false
    ) {
        self.service = service
        self.container = container
        self.since = since
        self.tail = tail
        self.previous = previous
        self.follow = follow
        self.build = build
    }
}

/// One line that a container wrote.
public struct LogLine: Codable, Hashable, Sendable {
    public var pod: String
    public var container: String
    /// When the engine took it: RFC 3339 in UTC, with the fraction that the engine knows.
    public var time: String
    /// As it was written, control characters included, without its end. A line over 16 KiB comes in pieces.
    public var text: String

    public init(pod: String, container: String, time: String, text: String) {
        self.pod = pod
        self.container = container
        self.time = time
        self.text = text
    }
}
