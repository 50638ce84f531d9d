/// How long the client waits for the server before a call fails with a retryable ``KubernetesError/transport(_:)``.
public struct Timeouts: Hashable, Sendable {
    /// For a connection, TLS and a proxy's answer included.
    public var connect: Duration
    /// From a request to the head of its answer, a new connection and a wait for a free one included.
    public var head: Duration
    /// Between two pieces of an answer.
    public var stall: Duration
    /// For the whole body of an answer, however steadily it drips. Checked when a piece comes.
    public var body: Duration
    /// A watch that says nothing for so long is asked for again where it was: the server sends a bookmark every minute.
    public var watchIdle: Duration
    /// A followed log may be silent for a long time. TCP's keep-alive finds out earlier that its peer is gone.
    public var logIdle: Duration
    /// An HTTP/2 connection is asked for a sign of life so often …
    public var ping: Duration
    /// … and is closed when there is none for so long.
    public var pong: Duration

    public init(
        connect: Duration = .seconds(10), head: Duration = .seconds(30), stall: Duration = .seconds(30), body: Duration = .seconds(120),
        watchIdle: Duration = .seconds(150), logIdle: Duration = .seconds(900), ping: Duration = .seconds(30), pong: Duration = .seconds(15)
    ) {
        self.connect = connect
        self.head = head
        self.stall = stall
        self.body = body
        self.watchIdle = watchIdle
        self.logIdle = logIdle
        self.ping = ping
        self.pong = pong
    }
}
