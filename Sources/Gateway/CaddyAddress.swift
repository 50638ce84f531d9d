/// Where a Caddy is controlled from.
public enum CaddyAddress: Hashable, Sendable, CustomStringConvertible {
    /// The path of a socket.
    case socket(String)
    /// `HOST:PORT`
    case tcp(String)

    /// Reads `unix//run/caddy/admin.socket`, as Caddy writes it, `http://127.0.0.1:2019`, and `127.0.0.1:2019`. Nil when it is something else.
    public init?(_ text: String) {
        for prefix in ["unix://", "unix/"] where text.hasPrefix(prefix + "/") {
            self = .socket(String(text.dropFirst(prefix.count)))
            return
        }
        let authority = text.hasPrefix("http://") ? String(text.dropFirst(7)) : text
        guard let colon = authority.lastIndex(of: ":"), colon != authority.startIndex, UInt16(authority[colon...].dropFirst()) != nil,
            !authority.contains("/"), !authority.contains("@")
        else { return nil }
        self = .tcp(authority)
    }

    public var description: String {
        switch self {
        case .socket(let path): "unix/" + path
        case .tcp(let authority): "http://" + authority
        }
    }
}
