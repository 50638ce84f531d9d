/// What goes wrong with one request to the API server, or to podman.
public enum Fault: Sendable {
    /// When a connection breaks.
    public enum Moment: String, Sendable, CaseIterable {
        /// The API server never hears of the request.
        case before
        /// The API server did what it was asked, and nobody hears of it.
        case after
        /// The answer breaks off after its first bytes.
        case middle
    }

    /// The answer comes, but so much later.
    case slow(Duration)
    /// Refused with this status, and not forwarded. `retryAfter` is in seconds.
    case status(Int, retryAfter: Int?)
    /// Answered with this JSON as if all were well, and not forwarded: a cache, or a proxy, that says what is not so.
    case lie(String)
    /// The connection breaks, after `action` was done.
    case drop(Moment, action: @Sendable () async -> Void)
    /// The connection breaks so long after the request was passed on, or when its answer comes if that is sooner, after `action` was done:
    /// in the middle of the work.
    case cut(after: Duration, action: @Sendable () async -> Void)

    public static func drop(_ moment: Moment) -> Fault { .drop(moment, action: {}) }
}

/// A request on its way to the API server.
public struct ProxiedRequest: Sendable {
    /// Counts all requests of the proxy from 1.
    public var number: Int
    public var method: String
    /// Path and query.
    public var target: String
    /// What the API server answered; nil when it was not asked, or has not answered yet.
    public var status: Int?

    public init(number: Int, method: String, target: String) {
        self.number = number
        self.method = method
        self.target = target
    }

    /// Whether it asks for a change.
    public var isMutating: Bool { !["GET", "HEAD", "OPTIONS"].contains(method) }

    /// `PATCH /api/v1/namespaces/x?…`, which patterns are matched against.
    public var line: String { "\(method) \(target)" }
}

extension Fault {
    /// A word for it.
    public var text: String {
        switch self {
        case .slow(let delay): "slow by \(delay)"
        case .status(let code, _): "refused with \(code)"
        case .lie: "answered with a lie"
        case .drop(let moment, _): "dropped (\(moment.rawValue))"
        case .cut(let delay, _): "cut after \(delay)"
        }
    }
}
