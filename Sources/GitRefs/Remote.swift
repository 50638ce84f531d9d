import Foundation
import Orchestration
import StagingModel

/// A configured repository as a fetch reaches it: the address, and what opens it, resolved for this one fetch.
struct Remote {
    let address: RemoteAddress
    /// Of git; can hold a secret, and so goes into variables of the process, never into its arguments.
    let configuration: [(name: String, value: String)]
    let environment: [String: String]
    let arguments: [String]
    let hasCredentials: Bool

    /// `login` is asked for HTTP only. Throws a terminal ``StepError`` when credentials and address don't go together, and what `login`
    /// throws.
    init(
        _ address: RemoteAddress, _ credentials: GitCredentials?, machine: [String: String], login: () async throws -> GitLogin?
    ) async throws {
        try Self.check(address, credentials)
        var configuration = [
            ("protocol.allow", "never"), ("protocol.\(address.scheme.rawValue).allow", "always"), ("submodule.recurse", "false"),
            // Packs stay packs: few files, each complete or absent.
            ("fetch.unpackLimit", "1"), ("fetch.writeCommitGraph", "false"),
            // A power cut can lose what was fetched; then it is mended as other damage is. So a fetch need not wait for the disk.
            ("core.fsync", "none"),
        ]
        var environment: [String: String] = [:]
        var arguments: [String] = []
        switch address.scheme {
        case .http, .https:
            // With it would go the token.
            configuration.append(("http.followRedirects", "false"))
            environment["GIT_SSL_CAINFO"] = machine["SSL_CERT_FILE"]
            if credentials != nil, let login = try await login() {
                configuration.append(("http.extraHeader", "Authorization: \(login.authorization(user: address.user))"))
            }
        case .ssh:
            environment["GIT_SSH_VARIANT"] = "ssh"
            environment["GIT_SSH_COMMAND"] = Self.sshCommand(credentials)
            environment["SSH_AUTH_SOCK"] = machine["SSH_AUTH_SOCK"]
        case .file:
            // A local source may belong to another user: the administrator named it. `git upload-pack` runs nothing that its configuration
            // names. Variables would not reach it: git removes them between repositories.
            arguments.append("--upload-pack=git -c safe.directory=* upload-pack")
        }
        self.address = address
        self.configuration = configuration
        self.environment = environment
        self.arguments = arguments
        hasCredentials = credentials != nil
    }

    /// Throws a terminal ``StepError`` when the credentials can't be used with the address.
    static func check(_ address: RemoteAddress, _ credentials: GitCredentials?) throws(StepError) {
        switch credentials {
        case nil: return
        case .token?, .password?, .githubApp?:
            // Files are asked for nothing: then the credentials are for the forge's API alone.
            guard address.isConfidential || address.scheme == .file else {
                throw StepError("a token is only sent over https; correct the url \(address)", isRetryable: false)
            }
        case .ssh(let key, let knownHosts)?:
            guard address.scheme == .ssh else {
                throw StepError("ssh credentials need an ssh url, not \(address); correct one of the two", isRetryable: false)
            }
            for path in [key, knownHosts].compactMap(\.self) where !path.hasPrefix("/") || path.contains(where: { "\"\\$\n".contains($0) })
            {
                throw StepError(
                    "the path \(oneLine(path)) must be absolute, without quotation marks, backslashes and $", isRetryable: false)
            }
        }
    }

    /// Nothing of the account's ssh configuration is used, nothing is asked, no host is trusted that is not known, and nothing is
    /// forwarded.
    private static func sshCommand(_ credentials: GitCredentials?) -> String {
        var options = [
            "BatchMode=yes", "StrictHostKeyChecking=yes", "UpdateHostKeys=no", "PreferredAuthentications=publickey",
            "ClearAllForwardings=yes", "ForwardAgent=no", "ControlPath=none", "ConnectTimeout=30", "ServerAliveInterval=15",
            "ServerAliveCountMax=4",
        ]
        if case .ssh(let key, let knownHosts)? = credentials {
            if let key { options += ["IdentitiesOnly=yes", "IdentityAgent=none", "IdentityFile=\(quoted(key))"] }
            if let knownHosts { options += ["UserKnownHostsFile=\(quoted(knownHosts))", "GlobalKnownHostsFile=/dev/null"] }
        }
        let words = ["ssh", "-F", "none"] + options.flatMap { ["-o", $0] }
        return words.map { "'" + $0.replacing("'", with: "'\\''") + "'" }.joined(separator: " ")
    }

    /// For ssh_config(5), in whose paths `%` is special.
    private static func quoted(_ path: String) -> String { "\"" + path.replacing("%", with: "%%") + "\"" }
}

extension GitLogin {
    /// The header's value. `user` is the user name that the address has, if any.
    fileprivate func authorization(user: String?) -> String {
        switch self {
        case .basic(let username, let password): "Basic \(Data("\(user ?? username):\(password)".utf8).base64EncodedString())"
        case .bearer(let token): "Bearer \(token)"
        }
    }
}
