/// Why a call to podman did not succeed. Texts are one stable line.
enum PodmanError: Error, Hashable, CustomStringConvertible {
    /// podman answered with an error: its `message`, and the `cause` that it wraps.
    case status(code: Int, message: String, cause: String)
    /// Nobody answers at the socket. The text names the fix.
    case unreachable(String)
    /// The connection broke, or there was no whole answer in time.
    case transport(String)
    /// What was answered is not what was asked for.
    case undecodable(String)

    /// Worth another try: no answer, a conflict, and everything from 500, because podman says 500 for most that fails.
    var isRetryable: Bool {
        switch self {
        case .status(let code, _, _): code == 409 || code >= 500
        case .unreachable, .transport: true
        case .undecodable: false
        }
    }

    var isNotFound: Bool { if case .status(404, _, _) = self { true } else { false } }

    /// Whether something is gone that podman had just seen: 404, or 500 with the reason in words.
    var isAboutWhatWent: Bool {
        guard case .status(let code, let message, let cause) = self else { return false }
        return code == 404 || code == 500 && [message, cause].contains { $0.contains("no such ") || $0.contains("container not known") }
    }

    /// Whether something of that name is there already. podman answers 409 for pods and networks, 500 for volumes and containers.
    var isTaken: Bool {
        guard case .status(let code, let message, let cause) = self else { return false }
        return code == 409 || code == 500 && [message, cause].contains { $0.contains("already exists") || $0.contains("already in use") }
    }

    var description: String {
        switch self {
        case .status(_, let message, let cause): "podman says: \(message.oneLine(limit: 400))\(Self.fix(message + cause))"
        case .unreachable(let text): text
        case .transport(let text): "podman did not answer: \(text.oneLine(limit: 200))"
        case .undecodable(let text): "podman's answer could not be read: \(text)"
        }
    }

    /// What a person can do about some of what podman says.
    private static func fix(_ text: String) -> String {
        text.contains("no space left on device")
            ? "; free some disk (podman system df says what takes it), or put podman's storage on a larger one" : ""
    }
}

extension String {
    /// Text from elsewhere on one line: runs of white space and control characters become a space, and what is over `limit` characters
    /// is cut.
    func oneLine(limit: Int) -> String {
        let words = unicodeScalars.split {
            $0.properties.isWhitespace || $0.properties.generalCategory == .control || $0.properties.generalCategory == .format
        }
        let line = words.map { String($0) }.joined(separator: " ")
        return line.count <= limit ? line : line.prefix(limit - 1) + "…"
    }
}
