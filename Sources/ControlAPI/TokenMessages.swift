public import Foundation
public import StagingModel

/// A token of the API as `GET /api/v1/tokens` shows it: all but the token.
public struct TokenView: Codable, Hashable, Sendable {
    public var name: String
    public var role: Role
    public var createdAt: Date
    /// Absent when it does not expire.
    public var expiresAt: Date?
    /// Absent until it was used; to the minute.
    public var lastUsedAt: Date?

    public init(_ token: AccessToken) {
        name = token.name
        role = token.role
        createdAt = token.createdAt
        expiresAt = token.expiresAt
        lastUsedAt = token.lastUsedAt
    }
}

/// `GET /api/v1/tokens`.
public struct TokenList: Codable, Hashable, Sendable {
    public var tokens: [TokenView]

    public init(tokens: [TokenView]) { self.tokens = tokens }
}

/// `POST /api/v1/tokens`.
public struct CreateTokenRequest: Codable, Hashable, Sendable {
    public var name: String
    public var role: Role
    /// How long it is good for, `30d`; for ever when absent.
    public var expires: String?

    public init(name: String, role: Role, expires: String? = nil) {
        self.name = name
        self.role = role
        self.expires = expires
    }
}

/// The answer to `POST /api/v1/tokens`: the one time that the token itself is shown.
public struct CreatedToken: Codable, Hashable, Sendable {
    public var token: String
    public var name: String
    public var role: Role
    public var createdAt: Date
    public var expiresAt: Date?

    public init(token: String, view: TokenView) {
        self.token = token
        name = view.name
        role = view.role
        createdAt = view.createdAt
        expiresAt = view.expiresAt
    }
}

/// `GET /readyz`, when it is ready.
public struct Readiness: Codable, Hashable, Sendable {
    public enum Reach: String, Codable, Sendable { case reachable, unreachable, unknown }

    public var status = "ready"
    /// Each configured runtime, and whether it answered when it was last asked. One that does not, takes nothing from readiness: deliveries
    /// are stored until it is back.
    public var runtimes: [String: Reach]

    public init(runtimes: [String: Reach]) { self.runtimes = runtimes }
}
