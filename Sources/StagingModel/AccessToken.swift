public import Foundation

/// What the bearer of a token may do through the API. Each role may do what those before it may.
public enum Role: String, Codable, Sendable, CaseIterable, Comparable {
    /// Look.
    case viewer
    /// Create, extend and destroy stacks.
    case `operator`
    /// Give out tokens.
    case admin

    public static func < (one: Role, other: Role) -> Bool { one.rank < other.rank }

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .operator: 1
        case .admin: 2
        }
    }
}

/// A token of the API, without the token: only its digest is kept.
public struct AccessToken: Codable, Hashable, Sendable {
    /// Unique; stands in the history beside what its bearer asked for.
    public var name: String
    public var role: Role
    /// SHA-256 of the token, 32 bytes. The token itself is 256 random bits, so that nothing slower is needed.
    public var digest: [UInt8]
    public var createdAt: Date
    /// Nil when it does not expire.
    public var expiresAt: Date?
    /// Nil until it was used; to the minute.
    public var lastUsedAt: Date?

    public init(name: String, role: Role, digest: [UInt8], createdAt: Date, expiresAt: Date? = nil, lastUsedAt: Date? = nil) {
        self.name = name
        self.role = role
        self.digest = digest
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
    }

    public func isExpired(at now: Date) -> Bool { expiresAt.map { $0 <= now } ?? false }

    /// Whether `text` can name a token: 1 to 40 of `a-z`, `0-9`, `-`, `.` and `_`, beginning with a letter or digit.
    public static func isName(_ text: String) -> Bool {
        guard (1...40).contains(text.utf8.count), let first = text.utf8.first, first != UInt8(ascii: "-"), first != UInt8(ascii: "."),
            first != UInt8(ascii: "_")
        else { return false }
        return text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || [0x2D, 0x2E, 0x5F].contains($0) }
    }
}
