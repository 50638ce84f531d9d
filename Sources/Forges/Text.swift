import Crypto

extension String {
    /// Text from elsewhere on one line: runs of white space and control characters become a space, and what is over `limit` is cut.
    func oneLine(limit: Int) -> String {
        let words = unicodeScalars.split {
            $0.properties.isWhitespace || $0.properties.generalCategory == .control || $0.properties.generalCategory == .format
        }
        return words.map { String($0) }.joined(separator: " ").cut(to: limit)
    }

    /// At most `limit` code points, which is what forges count.
    func cut(to limit: Int) -> String {
        guard unicodeScalars.count > limit else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.prefix(limit - 1))) + "…"
    }

    /// 40 hexadecimal digits that stand for a text that is too long for a key.
    var digest: String {
        SHA256.hash(data: Array(utf8)).prefix(20).map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined()
    }
}
