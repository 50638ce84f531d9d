/// What opens a repository that is not public. It names where secrets are, and holds none.
public enum GitCredentials: Codable, Hashable, Sendable {
    /// An access token, sent as the password of HTTP's basic authentication.
    case token(SecretReference)
    /// Paths of a private key (nil: the agent's keys and the account's own) and of the known hosts (nil: the account's and the machine's).
    case ssh(key: String?, knownHosts: String?)
}

/// Where a secret is kept. Secrets are never inline in the configuration.
public enum SecretReference: Codable, Hashable, Sendable {
    case environment(String)
    case file(String)
}
