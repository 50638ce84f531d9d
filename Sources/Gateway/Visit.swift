import Crypto
import Foundation
import StagingModel

/// A request as far as it decides who answers it.
struct Visit: Hashable {
    var host: StackHost
    /// The path as it was sent, percent-encoded.
    var path: String
    var query: String
    var cookies: String
    var authorization: String
    /// Whether the visitor takes HTML.
    var isBrowser: Bool

    /// A cookie's value; the first where there are several of the name.
    func cookie(_ name: String) -> String? {
        for pair in cookies.split(separator: ";", maxSplits: 100) {
            let pair = pair.trimmingCharacters(in: .whitespaces)
            if pair.hasPrefix(name + "=") { return String(pair.dropFirst(name.count + 1)) }
        }
        return nil
    }

    func queryItem(_ name: String) -> String? {
        query.split(separator: "&", maxSplits: 100).first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
    }
}

/// Whether a visitor may look at a stack. Pure.
enum Admittance: Hashable {
    /// `anonymous`: the `Authorization` header was for Slingshot.
    case granted(anonymous: Bool)
    /// A share link was opened: its cookie is to be set.
    case shared(cookie: String)
    case refused(offersPassword: Bool)
}

struct Access {
    let policies: [RepositoryName: AccessPolicy]
    let isSecure: Bool
    let key: SymmetricKey

    /// `__Host-`: browsers take it over TLS only, without a domain, and so from this very host only
    /// (https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes).
    var cookieName: String { isSecure ? "__Host-slingshot" : "slingshot-share" }

    func admittance(of visit: Visit, to stack: Stack, at now: Date) -> Admittance {
        guard let policy = policies[stack.name.repository] else { return .granted(anonymous: false) }
        func isValid(_ text: String?) -> ShareLink? {
            guard let link = text.flatMap({ ShareLink($0) }) else { return nil }
            return link.isValid(for: stack.name, createdAt: stack.createdAt, at: now, key: key) ? link : nil
        }
        if visit.path == ShareLink.path, let link = isValid(visit.queryItem("key")) {
            let age = Int(link.until.timeIntervalSince(now))
            return .shared(
                cookie: "\(cookieName)=\(link.text); Path=/; Max-Age=\(age); HttpOnly; SameSite=Lax" + (isSecure ? "; Secure" : ""))
        }
        if isValid(visit.cookie(cookieName)) != nil { return .granted(anonymous: false) }
        if let basic = policy.basic, isRight(visit.authorization, basic) { return .granted(anonymous: true) }
        return .refused(offersPassword: policy.basic != nil)
    }

    private func isRight(_ authorization: String, _ basic: AccessPolicy.Basic) -> Bool {
        let parts = authorization.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "basic", let given = Data(base64Encoded: String(parts[1])) else { return false }
        return SHA256.hash(data: given) == SHA256.hash(data: Data("\(basic.user):\(basic.password)".utf8))
    }
}
