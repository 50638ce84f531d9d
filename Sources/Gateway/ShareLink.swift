public import Crypto
public import Foundation
public import StagingModel

/// A link that lets whoever has it look at one stack, until an instant. The visitor's cookie has the same content.
public struct ShareLink: Hashable, Sendable {
    public static let path = "/.slingshot/share"

    public let until: Date
    private let signature: String

    /// Signs for the stack that was created then: the next one of the same pull request needs a link of its own.
    public init(to stack: StackName, createdAt: Date, until: Date, key: SymmetricKey) {
        self.until = until.wholeSeconds
        signature = Self.sign(stack, createdAt, until.wholeSeconds, key)
    }

    /// Reads ``text``; nil when it is something else. Says nothing about its validity.
    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count <= 12, let seconds = UInt32(parts[0]), parts[1].utf8.count == 64 else { return nil }
        until = Date(timeIntervalSince1970: TimeInterval(seconds))
        signature = String(parts[1])
    }

    public var text: String { "\(Int(until.timeIntervalSince1970)).\(signature)" }

    public func url(below stack: String) -> String { "\(stack)\(Self.path)?key=\(text)" }

    func isValid(for stack: StackName, createdAt: Date, at now: Date, key: SymmetricKey) -> Bool {
        // Digests compare in constant time.
        let expected = SHA256.hash(data: Data(Self.sign(stack, createdAt, until, key).utf8))
        return now < until && SHA256.hash(data: Data(signature.utf8)) == expected
    }

    private static func sign(_ stack: StackName, _ createdAt: Date, _ until: Date, _ key: SymmetricKey) -> String {
        let text = "share \(stack) \(Int(createdAt.timeIntervalSince1970)) \(Int(until.timeIntervalSince1970))"
        return HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key).map { byte in
            let digits = Array("0123456789abcdef")
            return String([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
        }.joined()
    }
}
