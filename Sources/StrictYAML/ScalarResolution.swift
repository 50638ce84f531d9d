import StagingModel

/// What a plain scalar means, as the Kubernetes tools read it: `sigs.k8s.io/yaml` with its fork of go-yaml v2 (`resolve.go`).
/// So `yes`, `on` and `y` are booleans and `0644` is octal; timestamps, which JSON does not know, stay text.
///
/// Nil for what JSON can't say: infinity and not-a-number.
func resolvePlainScalar(_ text: String) -> JSONValue? {
    guard let first = text.utf8.first else { return .null }
    switch first {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
        switch text {
        case ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF": return nil
        default: return number(text) ?? .string(text)
        }
    default: break
    }
    switch text {
    case "true", "True", "TRUE", "yes", "Yes", "YES", "y", "Y", "on", "On", "ON": return .bool(true)
    case "false", "False", "FALSE", "no", "No", "NO", "n", "N", "off", "Off", "OFF": return .bool(false)
    case "null", "Null", "NULL", "~": return .null
    default: return .string(text)
    }
}

private func number(_ text: String) -> JSONValue? {
    // Most texts that begin like a number are none: quantities (`500m`), versions, addresses.
    guard text.utf8.count <= 400 else { return nil }
    let digits = text.utf8.contains(UInt8(ascii: "_")) ? text.filter { $0 != "_" } : text
    return integer(digits) ?? decimal(digits)
}

/// Go's `strconv.ParseInt(text, 0, 64)`: a prefix or a leading zero names the base.
private func integer(_ text: String) -> JSONValue? {
    var digits = text.utf8[...]
    var sign = ""
    if let first = digits.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
        sign = first == UInt8(ascii: "-") ? "-" : ""
        digits = digits.dropFirst()
    }
    guard let first = digits.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return nil }
    var radix = 10
    if first == UInt8(ascii: "0"), digits.count > 1 {
        switch digits.dropFirst().first {
        case UInt8(ascii: "x"), UInt8(ascii: "X"): (radix, digits) = (16, digits.dropFirst(2))
        case UInt8(ascii: "o"), UInt8(ascii: "O"): (radix, digits) = (8, digits.dropFirst(2))
        case UInt8(ascii: "b"), UInt8(ascii: "B"): (radix, digits) = (2, digits.dropFirst(2))
        default: (radix, digits) = (8, digits.dropFirst())
        }
        // A second sign behind a prefix is no number.
        guard let next = digits.first, isWordByte(next), next != UInt8(ascii: "-") else { return nil }
    }
    guard let magnitude = UInt64(Substring(digits), radix: radix) else { return nil }
    if let value = Int64("\(sign)\(magnitude)") { return .integer(value) }
    return sign.isEmpty ? .number(Double(magnitude)) : nil
}

/// go-yaml's `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`.
private func decimal(_ text: String) -> JSONValue? {
    var rest = text.utf8[...]
    func skipDigits() -> Int {
        let count = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
        rest = rest.dropFirst(count)
        return count
    }
    func skip(_ a: Character, _ b: Character) -> Bool {
        guard let first = rest.first, first == a.asciiValue || first == b.asciiValue else { return false }
        rest = rest.dropFirst()
        return true
    }
    _ = skip("-", "+")
    var digits = skipDigits()
    if skip(".", ".") { digits += skipDigits() }
    guard digits > 0 else { return nil }
    if skip("e", "E") {
        _ = skip("-", "+")
        guard skipDigits() > 0 else { return nil }
    }
    guard rest.isEmpty, let value = Double(text.hasSuffix(".") ? String(text.dropLast()) : text), value.isFinite else { return nil }
    return .number(value)
}
