/// A repository's configured name: a DNS label (RFC 1123) of at most 40 characters that does not end in `-` and digits,
/// so that `<name>-<number>` reads one way only.
public struct RepositoryName: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    /// Nil when the text breaks the rule above.
    public init?(_ text: String) {
        guard isDNSLabel(text, longest: 40) else { return nil }
        if let dash = text.lastIndex(of: "-"), text[text.index(after: dash)...].allSatisfy(\.isASCIIDigit) { return nil }
        description = text
    }
}

/// The name of a stack: one pull request of one configured repository, `shop-42`.
public struct StackName: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let repository: RepositoryName
    /// The pull request's number, from 1.
    public let number: Int

    public init?(repository: RepositoryName, number: Int) {
        guard (1...9_999_999_999).contains(number) else { return nil }
        self.repository = repository
        self.number = number
    }

    /// Reads `<repository>-<number>`; nil when it is something else (a leading zero included).
    public init?(_ text: String) {
        guard let dash = text.lastIndex(of: "-") else { return nil }
        let digits = text[text.index(after: dash)...]
        guard digits.first != "0", digits.allSatisfy(\.isASCIIDigit), let number = Int(digits) else { return nil }
        guard let repository = RepositoryName(String(text[..<dash])) else { return nil }
        self.init(repository: repository, number: number)
    }

    public var description: String { "\(repository)-\(number)" }

    public static func < (a: StackName, b: StackName) -> Bool {
        (a.repository.description, a.number) < (b.repository.description, b.number)
    }
}

extension RepositoryName: Codable {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let name = RepositoryName(text) else { throw invalid("repository name", text, decoder) }
        self = name
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension StackName: Codable {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let name = StackName(text) else { throw invalid("stack name", text, decoder) }
        self = name
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

private func invalid(_ what: String, _ text: String, _ decoder: any Decoder) -> DecodingError {
    .dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "\"\(text)\" is not a \(what)"))
}

/// RFC 1123: lower-case letters, digits and `-`, alphanumeric at both ends, at most 63 characters.
public func isDNSLabel(_ text: String, longest: Int = 63) -> Bool {
    guard let first = text.utf8.first, let last = text.utf8.last, text.utf8.count <= longest else { return false }
    func alphanumeric(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) }
    return alphanumeric(first) && alphanumeric(last) && text.utf8.allSatisfy { alphanumeric($0) || $0 == 0x2D }
}

extension Character {
    var isASCIIDigit: Bool { isASCII && isWholeNumber }
}
