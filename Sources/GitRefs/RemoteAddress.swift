import Foundation
import Orchestration
import StagingModel

/// The configured address of a repository.
struct RemoteAddress: Hashable, CustomStringConvertible {
    enum Scheme: String { case file, http, https, ssh }

    let scheme: Scheme
    /// What git connects to. A user name is left in ssh addresses only; for the others it is in ``user``.
    let url: String
    /// The user name of an `http` or `https` address.
    let user: String?
    /// Without brackets and port; empty for files.
    let host: String
    /// For people: without user name.
    let description: String

    /// Accepts an absolute path, `file://`, `https://`, `http://`, `ssh://` and ssh's short form `git@host:path`; throws a terminal
    /// error for anything else. `git://` is out because nothing vouches for what it delivers, and a password because it would be a secret
    /// in the configuration.
    init(_ text: String) throws(StepError) {
        let (address, userInfo) = Self.split(text)
        let shown = oneLine(address)
        description = shown
        func refused(_ why: String) -> StepError { StepError("the url \(shown) \(why)", isRetryable: false) }
        guard
            !text.unicodeScalars.contains(where: { $0.value <= 0x20 || $0.value == 0x7F }) || text.hasPrefix("/") && !text.utf8.contains(0)
        else { throw refused("contains white space or control characters; remove them") }
        if text.hasPrefix("/"), let path = text.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) {
            // so that a path with a colon is never taken for ssh's short form
            (scheme, url, user, host) = (.file, "file://" + path, nil, "")
        } else if let end = address.range(of: "://") {
            guard let scheme = Scheme(rawValue: address[..<end.lowerBound].lowercased()) else { throw refused(Self.unsupported) }
            if userInfo?.contains(":") == true { throw refused("has a password in it; put it where the repository's `credentials` say") }
            self.scheme = scheme
            host = Self.host(address[end.upperBound...])
            guard scheme == .file || !host.isEmpty, !host.hasPrefix("-"), userInfo?.hasPrefix("-") != true else {
                throw refused("names no host; correct it")
            }
            let bare = scheme.rawValue + address[end.lowerBound...]
            url = scheme == .ssh ? scheme.rawValue + text[end.lowerBound...] : bare
            user = scheme == .ssh ? nil : userInfo
        } else if let colon = address.firstIndex(of: ":"), colon != address.startIndex, !text.hasPrefix("-"), !address.hasPrefix("-"),
            !text[..<(text.firstIndex(of: ":") ?? text.endIndex)].contains("/")
        {
            (scheme, url, user, host) = (.ssh, text, nil, String(address[..<colon]))
        } else {
            throw refused(Self.unsupported)
        }
    }

    /// Whether a secret may be sent there: nobody on the way can read it.
    var isConfidential: Bool {
        switch scheme {
        case .https: true
        case .http: Loopback.contains(host)
        case .file, .ssh: false
        }
    }

    private static let unsupported = "is not supported; use https://, http://, ssh://, file:// or an absolute path"

    /// RFC 3986, section 3.2.1: the user info is what stands before the last `@` of the authority.
    private static func split(_ text: String) -> (address: String, userInfo: String?) {
        let start = text.range(of: "://")?.upperBound ?? text.startIndex
        let end = text[start...].firstIndex { "/?#".contains($0) } ?? text.endIndex
        guard let at = text[start..<end].lastIndex(of: "@") else { return (text, nil) }
        return (String(text[..<start] + text[text.index(after: at)...]), String(text[start..<at]))
    }

    private static func host(_ rest: Substring) -> String {
        let authority = rest.prefix { !"/?#".contains($0) }
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") { return String(authority[..<end].dropFirst()) }
        return String(authority.prefix { $0 != ":" })
    }
}
