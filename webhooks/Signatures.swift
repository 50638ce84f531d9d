import Foundation

/// The schemes by which more than one forge signs.
extension Delivery {
    /// Whether `header` has the HMAC-SHA256 of the body in hexadecimal digits, after `prefix`.
    func hasCode(in header: String, after prefix: String = "", of secret: WebhookSecret) throws(DeliveryRejection) -> Bool {
        guard let signature = self.header(header.lowercased()) else { throw .unsigned(header: header) }
        return signature.hasPrefix(prefix) && secret.authenticates(body, hexadecimal: signature.dropFirst(prefix.count))
    }

    /// Whether one of the signatures of `webhook-signature` is that of the id, the time and the body, by Standard Webhooks 1.0 ("Signature
    /// scheme"): `v1,` and base64 each, with a space between. A right one of another time than now is ``DeliveryRejection/stale``.
    func hasStandardSignature(of secret: WebhookSecret) throws(DeliveryRejection) -> Bool {
        guard let signatures = header("webhook-signature") else { throw .unsigned(header: "webhook-signature") }
        guard let id = try identifier("webhook-id") else { throw .malformed(field: "webhook-id", why: "is missing") }
        guard let time = header("webhook-timestamp") else { throw .malformed(field: "webhook-timestamp", why: "is missing") }
        guard time.utf8.count <= 15, time.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let seconds = TimeInterval(time) else {
            throw .malformed(field: "webhook-timestamp", why: "must be seconds since 1970")
        }
        let codes = signatures.split(separator: " ").filter { $0.hasPrefix("v1,") }.compactMap {
            Data(base64Encoded: String($0.dropFirst(3)))
        }
        guard secret.authenticates("\(id).\(time).", body, withOneOf: codes) else { return false }
        guard abs(receivedAt.timeIntervalSince1970 - seconds) <= Self.tolerance else { throw .stale }
        return true
    }

    /// Seconds by which a signature's time may differ from now: what the specification's own libraries allow.
    static let tolerance: TimeInterval = 5 * 60
}
