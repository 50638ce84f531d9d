import Foundation
import Orchestration
public import StagingModel

/// Reads a secret, at each call anew. What it throws is shown to people.
public typealias SecretReader = @Sendable (SecretReference) throws -> String

/// What one request presents itself with.
struct ForgeCredential: Hashable, Sendable {
    /// The header's value.
    var authorization: String
    /// What must not get into a text.
    var secrets: [String]
    /// Tells whose credentials they are from somebody else's.
    var owner: String
    /// The same for git.
    var git: GitLogin
}

/// Makes requests known to the forge.
protocol ForgeAuthority: Sendable {
    /// Throws ``ForgeError`` or `CancellationError`.
    func current() async throws -> ForgeCredential
    /// After a 401: whether there is another credential by now.
    func renews(_ refused: ForgeCredential) async -> Bool
}

/// A token, or a password, as the configuration names it. Read for each request, so that one that is renewed counts at once.
struct StoredCredentials: ForgeAuthority {
    var forge: Forge
    /// Nil for a token.
    var username: String?
    var reference: SecretReference
    var read: SecretReader

    func current() throws -> ForgeCredential {
        let secret: String
        do { secret = try read(reference) } catch { throw ForgeError(.misconfigured, "\(error)") }
        guard !secret.isEmpty, secret.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw ForgeError(.misconfigured, "a token of `credentials` is empty, or has characters that no token has; correct it")
        }
        guard let username else {
            let git: GitLogin =
                forge == .bitbucketServer ? .bearer(secret) : .basic(username: forge.gitUser, password: secret)
            return ForgeCredential(authorization: "Bearer \(secret)", secrets: [secret], owner: secret, git: git)
        }
        let basic = Data("\(username):\(secret)".utf8).base64EncodedString()
        // An Atlassian API token goes with the account's mail address to the API, and with this name to git.
        let gitUser = forge == .bitbucket && username.contains("@") ? "x-bitbucket-api-token-auth" : username
        return ForgeCredential(
            authorization: "Basic \(basic)", secrets: [secret, basic], owner: basic, git: .basic(username: gitUser, password: secret))
    }

    func renews(_ refused: ForgeCredential) -> Bool {
        guard let now = try? current() else { return false }
        return now != refused
    }
}
