public import StagingModel

/// Breaks inputs in ways that parsers are known to mind. The same generator gives the same breakage.
public struct Mutator: Sendable {
    public var random: SeededGenerator

    public init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    private static let tokens: [String] = [
        "{", "}", "[", "]", ",", ":", ": ", "\"", "'", "\\", "|", ">", "-", "- ", "? ", "#", "&a ", "*a", "<<: *a", "!!str ", "!!binary ",
        "%YAML",
        "---\n", "...\n", "\t", "\n", "\r\n", "\u{0}", "\u{FEFF}", "\u{202E}", "\u{2028}", "𝄞", "\u{301}", "null", "~", "true", "yes", "on",
        ".nan",
        "-.inf", "0x7fffffffffffffff", "9223372036854775808", "-9223372036854775809", "1e999", "0o17", "1_000", "${{ pr.title }}", "${{",
        "}}",
        "$${{", "${{ values.a }}", "\\u0000", "\\ud800", "..", "/", "%2e%2e", "refs/heads/", "https://", "999999999999999999999", "-1", "0",
    ]

    /// Bytes with a few places changed, or spliced with another of `corpus`.
    public mutating func mutate(_ input: [UInt8], corpus: [[UInt8]] = []) -> [UInt8] {
        var bytes = input
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let index = bytes.isEmpty ? 0 : Int.random(in: 0..<bytes.count, using: &random)
            let end = min(bytes.count, index + Int.random(in: 1...40, using: &random))
            switch Int.random(in: 0..<9, using: &random) {
            case 0 where !bytes.isEmpty: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1 where !bytes.isEmpty: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 2: bytes.removeSubrange(index..<end)
            case 3: bytes.insert(contentsOf: Array((Self.tokens.randomElement(using: &random) ?? "").utf8), at: index)
            case 4: bytes.insert(contentsOf: Array(bytes[index..<end]), at: index)
            case 5:
                let other = corpus.randomElement(using: &random) ?? input
                guard !other.isEmpty else { continue }
                bytes = Array(bytes[..<index]) + Array(other[Int.random(in: 0..<other.count, using: &random)...])
            case 6:
                let token = Array((Self.tokens.randomElement(using: &random) ?? "").utf8)
                bytes.insert(contentsOf: (0..<Int.random(in: 2...200, using: &random)).flatMap { _ in token }, at: index)
            case 7: swapLines(&bytes)
            default:
                bytes.replaceSubrange(index..<end, with: Array((Self.tokens.randomElement(using: &random) ?? "").utf8))
            }
        }
        return bytes.count > 300_000 ? Array(bytes.prefix(300_000)) : bytes
    }

    private mutating func swapLines(_ bytes: inout [UInt8]) {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.count > 1 else { return }
        let (a, b) = (Int.random(in: 0..<lines.count, using: &random), Int.random(in: 0..<lines.count, using: &random))
        lines.swapAt(a, b)
        bytes = Array(lines.joined(separator: [UInt8(ascii: "\n")]))
    }

    /// A value with one or two places changed: a field gone, doubled under another name, or with a value of another type or size.
    /// `keys` are names that the reader knows.
    public mutating func mutate(_ value: JSONValue, keys: [String] = []) -> JSONValue {
        if random.once(in: 10) { return odd(keys) }
        switch value {
        case .object(var fields):
            let known = fields.keys.sorted()
            if random.once(in: 6), let key = keys.randomElement(using: &random) {
                fields[key] = random.once(in: 2) ? odd(keys) : fields[known.randomElement(using: &random) ?? key] ?? .null
                return .object(fields)
            }
            guard let key = known.randomElement(using: &random) else { return value }
            if random.once(in: 12) { fields[key] = nil } else { fields[key] = mutate(fields[key] ?? .null, keys: keys) }
            return .object(fields)
        case .array(var items):
            guard let index = items.indices.randomElement(using: &random) else { return .array([odd(keys)]) }
            switch Int.random(in: 0..<6, using: &random) {
            case 0: items.append(items[index])
            case 1: items.remove(at: index)
            default: items[index] = mutate(items[index], keys: keys)
            }
            return .array(items)
        case .string(let text) where random.once(in: 3):
            let index = text.unicodeScalars.indices.randomElement(using: &random) ?? text.startIndex
            let token = Self.tokens.randomElement(using: &random) ?? ""
            return .string(String(text[..<index]) + token + String(text[index...]))
        default: return odd(keys)
        }
    }

    private mutating func odd(_ keys: [String]) -> JSONValue {
        let values: [JSONValue] = [
            .null, true, false, 0, 1, -1, .integer(.max), .integer(.min), .number(0.5), .number(1e300), "", " ", "\u{0}", "\u{202E}x",
            "true", "0",
            [], [:], [[]], [.null], [[:]], ["": ""], .string(String(repeating: "\u{301}", count: 500)), "${{ pr.title }}", "${{ values }}",
            .string(keys.randomElement(using: &random) ?? "x"), .object([keys.randomElement(using: &random) ?? "x": true]),
            .object([keys.randomElement(using: &random) ?? "x": [[:]]]), nested(),
        ]
        return values.randomElement(using: &random) ?? .null
    }

    private mutating func nested() -> JSONValue {
        (0..<Int.random(in: 1...90, using: &random)).reduce("x") { value, _ in random.once(in: 2) ? [value] : ["a": value] }
    }
}
