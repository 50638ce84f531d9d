/// What opens a repository that is not public, and its forge's API. It names where secrets are, and holds none.
public enum GitCredentials: Codable, Hashable, Sendable {
    /// An access token: the password of HTTP's basic authentication for git, a bearer token for the API.
    case token(SecretReference)
    /// An account's name and its app password or API token, as Bitbucket has them.
    case password(username: String, SecretReference)
    /// A GitHub App, whose tokens are made as they are needed.
    case githubApp(GitHubApp)
    /// Paths of a private key (nil: the agent's keys and the account's own) and of the known hosts (nil: the account's and the machine's).
    case ssh(key: String?, knownHosts: String?)
}

/// A GitHub App that is installed where the repository is.
public struct GitHubApp: Codable, Hashable, Sendable {
    /// The App's id or client id.
    public var id: String
    /// An RSA key in PEM, as GitHub hands it out.
    public var privateKey: SecretReference
    /// Nil asks GitHub which installation the repository has.
    public var installation: Int64?

    public init(id: String, privateKey: SecretReference, installation: Int64? = nil) {
        self.id = id
        self.privateKey = privateKey
        self.installation = installation
    }
}

/// Where a secret is kept. Secrets are never inline in the configuration.
public enum SecretReference: Codable, Hashable, Sendable {
    case environment(String)
    case file(String)
}
