public import StagingModel

/// What one fetch over HTTP presents itself with.
public enum GitLogin: Hashable, Sendable {
    /// HTTP's basic authentication. A user name in the repository's address goes before this one.
    case basic(username: String, password: String)
    case bearer(String)
}

/// Makes the login for a fetch of the repository. Asked at each, so that a renewed token counts from then on; nil when its credentials are
/// none that HTTP knows. Throws ``StepError`` or `CancellationError`.
public typealias GitLoginSource = @Sendable (RepositorySettings) async throws -> GitLogin?
