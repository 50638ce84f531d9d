public import Foundation
public import StagingModel

/// How people reach the stacks.
public struct GatewaySettings: Sendable {
    /// Who speaks TLS with people's browsers, and with which certificate.
    public enum TLS: Hashable, Sendable {
        /// Plain HTTP.
        case off
        /// A certificate for each host at its first visit, from Let's Encrypt or ZeroSSL; only for hosts of stacks.
        case onDemand
        /// A certificate of the operator's, which is good for `*.<domain>`: paths of its PEM files.
        case files(certificate: String, key: String)
        /// Caddy's own authority, which nobody trusts by itself: for trying things out.
        case `internal`
    }

    /// Who meets the visitors.
    public enum Caddy: Hashable, Sendable {
        /// A child of this process.
        case own
        /// One that the machine has already, and that serves others too.
        case shared(CaddyAddress)
    }

    /// `HOST:PORT`, where HOST may be empty for all addresses.
    public var listen: String
    public var domain: String
    public var tls: TLS
    /// For sockets, certificates and the key of share links; only the user that runs this may look into it.
    public var directory: URL
    public var caddy: Caddy
    /// Where Caddy asks what to do with a request: the path of a socket. In ``directory`` when nil.
    public var socket: String?
    /// The group of a Caddy that runs as another user. It may open ``socket``.
    public var group: String?
    /// Who may look, by repository; everybody where there is none.
    public var access: [RepositoryName: AccessPolicy]

    public init(
        listen: String, domain: String, tls: TLS, directory: URL, caddy: Caddy = .own, socket: String? = nil, group: String? = nil,
        access: [RepositoryName: AccessPolicy] = [:]
    ) {
        self.listen = listen
        self.domain = domain
        self.tls = tls
        self.directory = directory
        self.caddy = caddy
        self.socket = socket
        self.group = group
        self.access = access
    }

    /// Caddy's control.
    var adminSocket: String { directory.appending(path: "caddy.sock").path }
    var pagesSocket: String { socket ?? directory.appending(path: "pages.sock").path }
    var routes: RouteFolder { RouteFolder(settings: self) }
    var isSecure: Bool { tls != .off }
    /// Bytes: `sun_path` in unix(7).
    static let longestSocketPath = 107
    var hasPathsThatFit: Bool { max(adminSocket.utf8.count, pagesSocket.utf8.count) <= Self.longestSocketPath }
}

/// Who may look at a repository's stacks: whoever has a share link, and whoever knows the password, where one is set.
public struct AccessPolicy: Hashable, Sendable {
    public struct Basic: Hashable, Sendable {
        public var user: String
        public var password: String

        public init(user: String, password: String) {
            self.user = user
            self.password = password
        }
    }

    public var basic: Basic?

    public init(basic: Basic? = nil) { self.basic = basic }
}

/// The gateway can't work. The text names the fix.
public enum GatewayError: Error, Hashable, CustomStringConvertible {
    /// Another try can't help.
    case caddyMissing
    /// Another try can help, once the cause is mended: a port that is taken, for example.
    case refused(String)
    /// Another try can't help.
    case pathTooLong(String)

    public var description: String {
        switch self {
        case .caddyMissing:
            "`routing: {kind: gateway}` needs Caddy, and there is no program `caddy` on PATH; install Debian's package `caddy`"
        case .refused(let text): text
        case .pathTooLong(let path): "\(path) is too long for a socket (107 bytes at most); choose a shorter `state`"
        }
    }
}
