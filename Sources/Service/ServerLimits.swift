public import NIOCore

/// What a sender gets before anybody has verified it.
public struct ServerLimits: Sendable {
    /// How long a connection may be silent between requests, or take for a request's header.
    public var idle: TimeAmount = .seconds(30)
    /// How long a request's body may take.
    public var body: TimeAmount = .seconds(60)
    /// How long a client may let an answer wait.
    public var answer: TimeAmount = .seconds(30)
    /// Connections at the same time. One more takes the place of the one that has been idle longest.
    public var connections = 1_024
    /// Connections of one source at the same time; trusted proxies excepted.
    public var connectionsOfSender = 256
    /// Bytes of all header fields together.
    public var headerBytes = 32 * 1024
    public var headerCount = 100

    public init() {}
}
