import Crypto
public import Foundation
public import StagingModel

/// One webhook request as it arrived. Nothing in it is to be trusted before ``WebhookReceiver`` has verified it.
public struct Delivery: Sendable {
    /// The forge that the route names, `github`.
    public let forge: String
    /// By lower-cased name. Headers of one name are joined with `, ` (RFC 9110, section 5.3), so a second signature spoils
    /// the first instead of hiding it.
    public let headers: [String: String]
    /// The raw bytes, exactly as they were signed.
    public let body: Data
    /// When it came in: signatures with a time count for a while only.
    public let receivedAt: Date

    public init(forge: String, headers: some Sequence<(name: String, value: String)>, body: Data, receivedAt: Date) {
        self.init(
            forge: forge, lowerCased: Dictionary(headers.map { ($0.name.lowercased(), $0.value) }) { "\($0), \($1)" }, body: body,
            receivedAt: receivedAt)
    }

    /// The delivery with its body, once that has come in.
    public func with(body: Data) -> Delivery { Delivery(forge: forge, lowerCased: headers, body: body, receivedAt: receivedAt) }

    private init(forge: String, lowerCased headers: [String: String], body: Data, receivedAt: Date) {
        self.forge = forge
        self.headers = headers
        self.body = body
        self.receivedAt = receivedAt
    }

    /// A header's value; nil when it is missing or empty.
    func header(_ name: String) -> String? {
        headers[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A header that holds an identifier: 1 to 100 ASCII letters, digits, `-`, `_` or `.`; nil when it is missing or empty.
    func identifier(_ name: String) throws(DeliveryRejection) -> String? {
        guard let text = header(name) else { return nil }
        guard text.utf8.count <= 100, text.utf8.allSatisfy(isIdentifier) else {
            throw .malformed(field: name, why: "must be 1 to 100 letters, digits, '-', '_' or '.'")
        }
        return text
    }

    /// A header that names an event: 1 to 100 ASCII letters, digits, spaces, `-`, `_`, `.` or `:`.
    func event(_ name: String) throws(DeliveryRejection) -> String {
        guard let text = header(name) else { throw .malformed(field: name, why: "is missing") }
        guard text.utf8.count <= 100, text.utf8.allSatisfy({ isIdentifier($0) || $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: ":") })
        else {
            throw .malformed(field: name, why: "must be 1 to 100 letters, digits, spaces, '-', '_', '.' or ':'")
        }
        return text
    }

    /// An id for a delivery whose forge gives it none: what was said before, word for word, is the same delivery once more.
    var digest: String {
        "sha256-" + SHA256.hash(data: body).map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined()
    }
}

/// ASCII letters and digits, `-`, `_` and `.`.
func isIdentifier(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
    default: false
    }
}

/// What a delivery says, in words that no single forge owns.
public enum ForgeMessage: Hashable, Sendable {
    /// The forge tries the webhook out. `text` is the greeting that it sends along, if any.
    case ping(repository: String?, text: String?)
    case pullRequest(PullRequestEvent)
    /// Somebody commented on a pull request.
    case comment(CommentEvent)
    /// Nothing to do, and why: "because …".
    case ignored(repository: String?, reason: String)

    /// The full name of the repository that it is about; nil when it is about none, as a ping of an organization's webhook.
    public var repository: String? {
        switch self {
        case .ping(let repository, _), .ignored(let repository, _): repository
        case .pullRequest(let event): event.repository
        case .comment(let event): event.repository
        }
    }
}

/// A delivery whose signature was verified, for a repository whose own secret it was signed with. Only ``WebhookReceiver``
/// makes one.
public struct VerifiedDelivery: Sendable {
    public let forge: String
    /// The webhook's id on its forge; empty when the forge does not say.
    public let hook: String
    /// The delivery's id. Unique together with forge and hook; a redelivery keeps it.
    public let id: String
    /// The configured repository; nil when the message is about none.
    public let repository: RepositoryName?
    public let message: ForgeMessage
}
