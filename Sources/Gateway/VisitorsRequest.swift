import Foundation
import HTTPTypes
import Hummingbird

/// What Caddy tells of the visitor's request.
extension Request {
    /// The visitor's method, which Caddy hides behind its own.
    fileprivate var visitorsMethod: String { headers[.slingshotMethod] ?? "GET" }

    /// Path and query as the visitor sent them, also where they are the end of a whole address (RFC 9112, 3.2.2).
    var visitorsTarget: (path: String, query: String) {
        var target = (headers[.slingshotTarget] ?? "/")[...]
        if !target.hasPrefix("/"), let authority = target.range(of: "://") {
            target = target[authority.upperBound...].drop { $0 != "/" && $0 != "?" }
        }
        let path = target.prefix { $0 != "?" }
        return (path.isEmpty ? "/" : String(path), String(target.dropFirst(path.count + 1)))
    }

    var isFromBrowser: Bool {
        ["GET", "HEAD"].contains(visitorsMethod) && (headers[.accept] ?? "").lowercased().contains("text/html")
    }
}

extension Visit {
    init(_ request: Request, host: StackHost) {
        let target = request.visitorsTarget
        self.init(
            host: host, path: target.path, query: target.query,
            cookies: request.headers[values: .cookie].joined(separator: "; "), authorization: request.headers[.authorization] ?? "",
            isBrowser: request.isFromBrowser)
    }
}
