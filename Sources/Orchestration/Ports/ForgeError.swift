public import Foundation

/// Why a forge did not do what it was asked. Texts are one stable line that names the fix, and hold no secret.
public struct ForgeError: Error, Hashable, CustomStringConvertible {
    public enum Kind: String, Hashable, Sendable {
        /// The credentials are not known there, or are used up. A person has to renew them.
        case unauthorized
        /// The credentials lack a right. The text names it.
        case forbidden
        /// No such thing, or it is not shown to these credentials; forges don't tell which.
        case notFound
        /// The repository is at another address now.
        case moved
        /// The forge does not take what was sent.
        case refused
        /// Too many requests; nothing is sent before ``ForgeError/retryAt``. Retryable.
        case rateLimited
        /// No answer, a broken one, or one of the forge's own faults. Retryable.
        case unavailable
        /// The answer is not what the forge documents, or larger than the bounds.
        case unreadable
        /// The forge has no such thing.
        case unsupported
        /// The configuration can't be used.
        case misconfigured
    }

    public var kind: Kind
    public var message: String
    /// The earliest instant at which another try makes sense, where the forge says one.
    public var retryAt: Date?

    public init(_ kind: Kind, _ message: String, retryAt: Date? = nil) {
        self.kind = kind
        self.message = message
        self.retryAt = retryAt
    }

    /// Whether the same call can succeed later without anybody changing anything.
    public var isRetryable: Bool { kind == .rateLimited || kind == .unavailable }

    public var description: String { message }
}
