import Foundation
public import Orchestration
public import StagingModel

/// Where a forge's API is: the only host that is ever asked. Comes from the configuration, never from a payload or an answer.
public struct ForgeAddress: Hashable, Sendable, CustomStringConvertible {
    /// Without a slash at the end: `https://api.github.com`, `https://gitlab.example.com/api/v4`.
    public let description: String

    /// Throws ``ForgeError/Kind/misconfigured`` for anything but https, http on loopback included.
    public init(_ text: String) throws(ForgeError) {
        guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty, parts.user == nil, parts.password == nil,
            parts.query == nil, parts.fragment == nil
        else {
            throw ForgeError(.misconfigured, "the API's address must be a plain URL, such as https://git.example.com/api/v4")
        }
        guard parts.scheme == "https" || parts.scheme == "http" && Loopback.contains(host) else {
            throw ForgeError(.misconfigured, "a token is only sent over https; correct the API's address")
        }
        description = text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    /// The API of the forge that has the repository at `url`, as git is given it: where each forge documents it.
    public init(of forge: Forge, repositoryAt url: String) throws(ForgeError) {
        guard let site = Site(url) else {
            throw ForgeError(.misconfigured, "the repository's url names no host whose API could be asked; set its `api`")
        }
        let base: String? =
            switch forge {
            case .github where site.host == "github.com": "https://api.github.com"
            case .github where site.host.hasSuffix(".ghe.com"): "https://api.\(site.host)"
            case .github: "\(site.origin)/api/v3"
            case .gitlab: "\(site.origin)/api/v4"
            case .gitea, .forgejo: "\(site.origin)/api/v1"
            case .bitbucket: "https://api.bitbucket.org/2.0"
            case .bitbucketServer: "\(site.origin)\(site.folder(before: "/scm/"))/rest"
            case .generic: nil
            }
        guard let base else { throw ForgeError(.misconfigured, "\(forge.name) has no API") }
        try self.init(base)
    }

    /// Scheme, host and path of what git is given.
    private struct Site {
        var origin: String
        var host: String
        var path: String

        init?(_ url: String) {
            guard url.contains("://") else {
                // ssh's short form, git@host:path
                guard let colon = url.firstIndex(of: ":"), !url.hasPrefix("/") else { return nil }
                host = String(url[..<colon].split(separator: "@").last ?? "").lowercased()
                origin = "https://\(host)"
                path = ""
                return
            }
            guard let parts = URLComponents(string: url), let name = parts.host, !name.isEmpty else { return nil }
            host = name.lowercased()
            path = parts.path
            switch parts.scheme {
            case "https", "http": origin = "\(parts.scheme ?? "https")://\(host)" + (parts.port.map { ":\($0)" } ?? "")
            case "ssh": origin = "https://\(host)"
            default: return nil
            }
        }

        func folder(before marker: String) -> String { path.range(of: marker).map { String(path[..<$0.lowerBound]) } ?? "" }
    }
}
