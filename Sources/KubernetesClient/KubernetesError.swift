/// Why a call did not succeed. Texts are one stable line; ``isRetryable`` says whether the same call can succeed later without
/// anybody changing anything. Cancelling the task throws `CancellationError` instead.
public enum KubernetesError: Error, Hashable, CustomStringConvertible {
    /// The API server answered with an error.
    case status(Status)
    /// There was no whole answer: no connection, a refused handshake, a time-out, a connection that broke.
    case transport(String)
    /// A watch's resource version, or a list's continue token, is too old (HTTP 410, or an `ERROR` event): list again.
    case expired(String)
    /// What was answered is not what was asked for.
    case undecodable(String)
    /// An answer, or one line of a stream, is larger than `limit` bytes.
    case tooLarge(limit: Int)
    /// The cluster serves no such kind.
    case unknownKind(apiVersion: String, kind: String)
    /// Something that can't be the name of an object, or doesn't fit its resource.
    case invalidAddress(String)
    /// The kubeconfig, or the files of the service account, can't be used. The text names the fix.
    case configuration(String)
    /// The program that makes the credentials failed. The text has its exit code and the last line of its standard error.
    case credentials(String)

    /// Worth another try: no answer, no credentials, 409, 410, 429, and everything from 500. A 401 is too, because credentials that
    /// rotate are rejected for a moment; so is a 404 that is not the API server's own, but that of a proxy before it or of a server that
    /// still starts. All other errors stay until the request or the cluster changes.
    public var isRetryable: Bool {
        switch self {
        case .status(let status): [401, 409, 429].contains(status.code) || status.code >= 500 || status.code == 404 && status.reason == nil
        case .transport, .expired, .credentials: true
        case .undecodable, .tooLarge, .unknownKind, .invalidAddress, .configuration: false
        }
    }

    /// The HTTP status of the server's answer; nil when there is none.
    public var code: Int? {
        switch self {
        case .status(let status): status.code
        case .expired: 410
        default: nil
        }
    }

    /// Whether the API server itself says that there is no such object. A 404 without its `Status` is a proxy's, or that of a server that
    /// is still starting: it is no evidence.
    public var isNotFound: Bool { if case .status(let status) = self { status.code == 404 && status.reason == "NotFound" } else { false } }

    public var description: String {
        switch self {
        case .status(let status): status.description
        case .transport(let text): "the API server did not answer: \(text)"
        case .expired(let text): "the list is too old, list again: \(text)"
        case .undecodable(let text): "the API server's answer could not be read: \(text)"
        case .tooLarge(let limit): "the API server's answer is larger than \(limit) bytes"
        case .unknownKind(let apiVersion, let kind): "the cluster serves no \(kind) in \(apiVersion)"
        case .invalidAddress(let text), .configuration(let text), .credentials(let text):
            // They quote what was configured, which may go over several lines.
            String(text.map { $0.isNewline ? " " : $0 })
        }
    }
}
