import Crypto
import Foundation

/// A secret shared with a forge. Never empty, and never printed.
public struct WebhookSecret: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    private let bytes: [UInt8]

    /// Nil when there are no bytes: everybody knows the empty secret.
    public init?(_ bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
        guard !self.bytes.isEmpty else { return nil }
    }

    /// Whether `hexadecimal` is the HMAC-SHA256 (RFC 2104) of `body` under this secret, compared in constant time. False
    /// unless it is exactly 64 hexadecimal digits, of either case.
    func authenticates(_ body: Data, hexadecimal: some StringProtocol) -> Bool {
        let digits = Array(hexadecimal.utf8)
        guard digits.count == 2 * SHA256.byteCount, digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }) else { return false }
        let code = stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: body, using: SymmetricKey(data: bytes))
    }

    /// Whether `token` is the secret itself, compared in constant time: by digests, so that not even its length shows.
    func equals(_ token: String) -> Bool {
        SHA256.hash(data: Data(token.utf8)) == SHA256.hash(data: bytes)
    }

    /// Whether one of `codes` is the HMAC-SHA256 of `prefix` and `body`, compared in constant time, under the key that the Standard Webhooks
    /// specification writes as `whsec_` and base64. A secret of another form is the key itself.
    func authenticates(_ prefix: String, _ body: Data, withOneOf codes: [Data]) -> Bool {
        let expected = standardCode(of: prefix, body)
        return codes.contains { expected == $0 }
    }

    // MARK: What a sender makes of it

    /// The code of which ``authenticates(_:hexadecimal:)`` approves.
    func code(of body: Data) -> String {
        HMAC<SHA256>.authenticationCode(for: body, using: SymmetricKey(data: bytes))
            .map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined()
    }

    /// The code of which ``authenticates(_:_:withOneOf:)`` approves.
    func standardCode(of prefix: String, _ body: Data) -> HMAC<SHA256>.MAC {
        let decoded = isSigningToken ? Data(base64Encoded: Data(bytes.dropFirst(Self.mark.count))) : nil
        let key = decoded.flatMap { $0.isEmpty ? nil : $0 } ?? Data(bytes)
        var code = HMAC<SHA256>(key: SymmetricKey(data: key))
        code.update(data: Data(prefix.utf8))
        code.update(data: body)
        return code.finalize()
    }

    private static let mark = Array("whsec_".utf8)

    /// Whether it has the form in which Standard Webhooks write keys.
    var isSigningToken: Bool { bytes.starts(with: Self.mark) }

    /// The secret itself, for the one forge that sends it.
    var token: String { String(decoding: bytes, as: UTF8.self) }

    public var description: String { "<secret>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
