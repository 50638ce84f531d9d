import Foundation

/// Reads the JSON of a verified delivery. Verified is not harmless: its sender may be broken, and what people wrote is in it.
enum DeliveryJSON {
    /// The most values, keys included, that a payload may hold. `JSONDecoder` spends some 25 times the size of a body that is nothing
    /// but `0,0,0…`, so without this 25 MB would cost 600 MB. Real payloads hold a few thousand.
    static let mostValues = 250_000

    /// The decoded value; any fault is ``DeliveryRejection/malformed(field:why:)`` with the path of the field.
    static func decode<Value: Decodable>(_ type: Value.Type, from body: Data) throws(DeliveryRejection) -> Value {
        // JSONDecoder reads other encodings too, and checks only the texts that are asked for; RFC 8259 knows UTF-8 only.
        guard (try? UTF8Span(validating: body.span)) != nil else { throw .malformed(field: "body", why: "must be valid UTF-8") }
        try checkSize(body.span)
        do {
            return try JSONDecoder().decode(type, from: body)
        } catch let rejection as DeliveryRejection {
            throw rejection
        } catch let error as DecodingError {
            throw DeliveryRejection(error)
        } catch {
            throw .malformed(field: "body", why: "must be valid JSON")
        }
    }

    /// Counts what separates values. Anything that is no JSON is left to the decoder, which stops there; nesting too, which it
    /// limits to 512.
    private static func checkSize(_ bytes: Span<UInt8>) throws(DeliveryRejection) {
        var values = 0
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case 0: throw .malformed(field: "body", why: "must be valid JSON")  // UTF-16 and UTF-32 have these
            case UInt8(ascii: "\""): index = try endOfText(in: bytes, from: index + 1)
            case UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "{"):
                values += 1
                guard values <= mostValues else { throw .malformed(field: "body", why: "must hold at most \(mostValues) values") }
            default: break
            }
            index += 1
        }
    }

    /// The index of the quote that ends the text, or the end. Most of a payload is text, so eight bytes are looked at together.
    private static func endOfText(in bytes: Span<UInt8>, from start: Int) throws(DeliveryRejection) -> Int {
        var index = start
        while index < bytes.count {
            while index + 8 <= bytes.count, !holdsSpecial(bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)) {
                index += 8
            }
            guard index < bytes.count else { break }
            switch bytes[index] {
            case 0: throw .malformed(field: "body", why: "must be valid JSON")
            case UInt8(ascii: "\""): return index
            case UInt8(ascii: "\\"): index += 2
            default: index += 1
            }
        }
        return index
    }

    /// Whether a quote, a backslash or a zero is among the eight bytes: a byte of the word is zero exactly where subtracting one from each
    /// borrows, and xor turns the byte that is looked for into that zero.
    private static func holdsSpecial(_ word: UInt64) -> Bool {
        func holdsZero(_ word: UInt64) -> Bool { (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080 != 0 }
        return holdsZero(word) || holdsZero(word ^ 0x2222_2222_2222_2222) || holdsZero(word ^ 0x5C5C_5C5C_5C5C_5C5C)
    }
}

extension DeliveryRejection {
    /// The fault in this package's words: the decoder's own change between versions, and quote what a stranger sent.
    fileprivate init(_ error: DecodingError) {
        self =
            switch error {
            case .keyNotFound(let key, let context): .malformed(field: fieldPath(context.codingPath + [key]), why: "is missing")
            case .valueNotFound(_, let context): .malformed(field: fieldPath(context.codingPath), why: "must not be null")
            case .typeMismatch(let type, let context): .malformed(field: fieldPath(context.codingPath), why: "must be \(word(for: type))")
            case .dataCorrupted(let context) where context.codingPath.isEmpty: .malformed(field: "body", why: "must be valid JSON")
            case .dataCorrupted(let context): .malformed(field: fieldPath(context.codingPath), why: "holds a value that can't be read")
            @unknown default: .malformed(field: "body", why: "must be valid JSON")
            }
    }
}

private func word(for type: any Any.Type) -> String {
    switch type {
    case is String.Type: "a text"
    case is Bool.Type: "true or false"
    case is Int.Type: "a whole number"
    case is [Any].Type: "a list"
    default: "an object"
    }
}

/// `pull_request.labels[0].name`; the whole payload is the `body`.
private func fieldPath(_ keys: [any CodingKey]) -> String {
    guard !keys.isEmpty else { return "body" }
    return keys.reduce(into: "") { path, key in
        if let index = key.intValue {
            path += "[\(index)]"
        } else {
            path += path.isEmpty ? key.stringValue : ".\(key.stringValue)"
        }
    }
}

extension KeyedDecodingContainer {
    func text(_ key: Key) throws -> String {
        try scalar(String.self, key, "must be a text of valid escapes")
    }

    func wholeNumber(_ key: Key) throws -> Int {
        try scalar(Int.self, key, "must be a whole number")
    }

    /// For a lone surrogate or a number with a fraction the decoder throws an error of its own, and would say of the whole body that it is
    /// no JSON.
    private func scalar<Value: Decodable>(_ type: Value.Type, _ key: Key, _ why: String) throws -> Value {
        do {
            return try decode(type, forKey: key)
        } catch let error as DecodingError {
            throw error
        } catch {
            throw rejection(of: key, why)
        }
    }

    /// A text that names something: 1 to 1,024 characters, none of them a control character.
    func name(_ key: Key) throws -> String {
        let text = try text(key)
        guard !text.isEmpty, text.unicodeScalars.prefix(longest + 1).count <= longest, !text.unicodeScalars.contains(where: isControl)
        else {
            throw rejection(of: key, "must be 1 to 1,024 characters without control characters")
        }
        return text
    }

    /// The beginning of a comment: 65,536 characters, the most that GitHub and most others take.
    func comment(_ key: Key) throws -> String {
        let text = try text(key)
        return text.utf8.count <= longestComment ? text : String(String.UnicodeScalarView(text.unicodeScalars.prefix(longestComment)))
    }

    func line(_ key: Key) throws -> String { Webhooks.line(of: try text(key)) }

    func rejection(of key: Key, _ why: String) -> DeliveryRejection {
        .malformed(field: fieldPath(codingPath + [key]), why: why)
    }
}

/// The most Unicode scalars that are kept of one text.
private let longest = 1_024
private let longestComment = 65_536

/// A text for people, as one line: cut to 1,024 characters, control characters turned into spaces. Scalars are counted, because one grapheme
/// can be megabytes of combining marks.
func line(of text: String) -> String {
    var line = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(longest) {
        line.append(isControl(scalar) ? " " : scalar)
    }
    return String(line)
}

private func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control
}
