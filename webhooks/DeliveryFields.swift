import Foundation
import StagingModel

/// What pull requests are made of, as all forges have it.
extension KeyedDecodingContainer {
    /// What `read` makes of the field; nil when it is missing or null.
    func ifPresent<Value>(_ key: Key, _ read: (Key) throws -> Value) throws -> Value? {
        guard contains(key), try !decodeNil(forKey: key) else { return nil }
        return try read(key)
    }

    func pullRequestNumber(_ key: Key) throws -> Int {
        let number = try wholeNumber(key)
        guard (1...9_999_999_999).contains(number) else { throw rejection(of: key, "must be between 1 and 9999999999") }
        return number
    }

    /// The id of a comment, which all forges number.
    func commentID(_ key: Key) throws -> String {
        let id = try wholeNumber(key)
        guard id > 0 else { throw rejection(of: key, "must be 1 or more") }
        return "\(id)"
    }

    func commit(_ key: Key) throws -> CommitID {
        guard let commit = CommitID(try name(key)) else {
            throw rejection(of: key, "must be a full commit id of 40 or 64 lower-case hexadecimal digits")
        }
        return commit
    }

    /// A repository's full name: two parts, or as many as `parts` says, of ASCII letters, digits, `-`, `_` and `.`.
    func fullName(_ key: Key, parts count: ClosedRange<Int> = 2...2) throws -> String {
        let fullName = try name(key)
        let parts = fullName.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard count.contains(parts.count), parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(isIdentifier) }) else {
            throw rejection(of: key, "must be owner/name")
        }
        return fullName
    }

    /// An RFC 3339 time, or, as GitLab has written times too, `2026-11-21 08:00:00 UTC`.
    func time(_ key: Key) throws -> Date {
        let text = try name(key)
        let usual = text.hasSuffix(" UTC") ? text.dropLast(4).replacing(" ", with: "T", maxReplacements: 1) + "Z" : text
        guard let date = Date(rfc3339: usual) else { throw rejection(of: key, "must be an RFC 3339 time") }
        return date.wholeSeconds
    }

    /// The address when it is one of the web, else nothing: pages link to it.
    func webAddress(_ key: Key) throws -> String {
        let text = try text(key)
        guard text.utf8.count <= 2_048, let url = URL(string: text, encodingInvalidCharacters: false) else { return "" }
        guard ["http", "https"].contains(url.scheme?.lowercased()), url.host()?.isEmpty == false else { return "" }
        return text
    }
}
