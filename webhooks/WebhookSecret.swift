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

    public var description: String { "<secret>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
