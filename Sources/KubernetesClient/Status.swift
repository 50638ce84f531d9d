/// The API server's account of a failure (`meta/v1` `Status`).
public struct Status: Decodable, Hashable, Sendable, CustomStringConvertible {
    /// One of the reasons in ``Details/causes``.
    public struct Cause: Decodable, Hashable, Sendable {
        /// Machine-readable: `FieldValueInvalid`, `NamespaceTerminating`.
        public var reason: String?
        public var message: String?
        /// The path of the field that is meant: `spec.template.spec.containers[0].image`.
        public var field: String?

        public init(reason: String? = nil, message: String? = nil, field: String? = nil) {
            self.reason = reason
            self.message = message
            self.field = field
        }
    }

    /// What the failure is about.
    public struct Details: Decodable, Hashable, Sendable {
        public var name: String?
        public var group: String?
        /// The resource's plural name, in most answers: `namespaces`.
        public var kind: String?
        public var causes: [Cause]?
        public var retryAfterSeconds: Int?

        public init(name: String? = nil, group: String? = nil, kind: String? = nil, causes: [Cause]? = nil, retryAfterSeconds: Int? = nil) {
            self.name = name
            self.group = group
            self.kind = kind
            self.causes = causes
            self.retryAfterSeconds = retryAfterSeconds
        }
    }

    /// The HTTP status code.
    public var code: Int
    /// Machine-readable, in one word: `NotFound`, `Conflict`.
    public var reason: String?
    /// For people; may hold several lines.
    public var message: String
    public var details: Details?

    public init(code: Int, reason: String? = nil, message: String, details: Details? = nil) {
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
    }

    private enum CodingKeys: CodingKey { case code, reason, message, details }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        code = try container.decodeIfPresent(Int.self, forKey: .code) ?? 0
        reason = try container.decodeIfPresent(String.self, forKey: .reason)
        message = try container.decodeIfPresent(String.self, forKey: .message) ?? ""
        details = try container.decodeIfPresent(Details.self, forKey: .details)
    }

    /// Whether a cause of this reason is among the details.
    public func hasCause(_ reason: String) -> Bool { details?.causes?.contains { $0.reason == reason } ?? false }

    public var description: String {
        let text = message.isEmpty ? "no message" : message
        return "\(code) \(reason ?? "error"): \(text)"
    }
}
