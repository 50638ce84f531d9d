/// Why a delivery was not accepted. Each text is one stable line that names the fix, and says nothing secret.
///
/// Sending the same delivery again never helps before somebody has changed something.
public enum DeliveryRejection: Error, Hashable, CustomStringConvertible {
    /// The body is larger than `limit` bytes.
    case tooLarge(limit: Int)
    /// No adapter is registered for the forge that the route names.
    case unknownForge(String)
    /// The header that carries the signature is missing or empty.
    case unsigned(header: String)
    /// The signature is of no secret that is configured, or not of the secret of the repository that the delivery is about:
    /// one text for both, so that it tells nothing about other repositories' secrets.
    case wrongSignature
    /// The signature is right, and of a time too far from now: a delivery of old, sent once more, or a clock that is wrong.
    case stale
    /// The body is not JSON, going by its content type.
    case unsupportedMediaType
    /// A header or a field of the payload is missing or wrong. `field` is the header's name or the field's path.
    case malformed(field: String, why: String)
    /// Verified, but about a repository that the server's configuration does not name.
    case unknownRepository(String)

    /// The HTTP status code of the answer.
    public var status: Int {
        switch self {
        case .malformed: 400
        case .unsigned, .wrongSignature, .stale: 401
        case .unknownForge, .unknownRepository: 404
        case .tooLarge: 413
        case .unsupportedMediaType: 415
        }
    }

    /// A short stable word for programs: the `code` of the answer's problem document (RFC 9457).
    public var code: String {
        switch self {
        case .tooLarge: "body-too-large"
        case .unknownForge: "unknown-forge"
        case .unsigned: "unsigned"
        case .wrongSignature: "wrong-signature"
        case .stale: "stale"
        case .unsupportedMediaType: "unsupported-media-type"
        case .malformed: "malformed"
        case .unknownRepository: "unknown-repository"
        }
    }

    public var description: String {
        switch self {
        case .tooLarge(let limit):
            "the body is larger than \(limit) bytes, more than any forge sends; check what posts to this address"
        case .unknownForge(let forge):
            "there is no webhook route for \(forge); use the route of the forge that sends the deliveries"
        case .unsigned(let header):
            "the delivery has no \(header) header; set the webhook's secret to the repository's webhookSecret"
        case .wrongSignature:
            "the signature matches no secret configured for the repository; set the webhook's secret to the repository's webhookSecret"
        case .stale:
            "the delivery was signed more than five minutes before or after now; set the clocks right, or sign it anew"
        case .unsupportedMediaType:
            "the body is not JSON; set the webhook's content type to application/json"
        case .malformed(let field, let why):
            "\(field) \(why)"
        case .unknownRepository(let name):
            "the repository \(name) is not configured; add it to the server's repositories (correct `repository` and `url` there when it was renamed or moved), or remove this webhook"
        }
    }
}
