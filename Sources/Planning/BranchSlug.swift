import Crypto

/// A branch's name as a DNS label (RFC 1123): lower-case letters, digits and `-`, at most 63 characters.
///
/// A name that is one already stays as it is. Every other one is changed, and gets a 5-character hash of the uncut name; so does
/// a name that looks as if it had one. So two branches never get the same slug but by a collision of the hash.
func branchSlug(_ branch: String) -> String {
    var slug: [UInt8] = []
    for byte in branch.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): slug.append(byte)
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): slug.append(byte | 0x20)
        default: if slug.last != dash { slug.append(dash) }
        }
    }
    let isUnchanged = slug.elementsEqual(branch.utf8) && slug.first != dash && slug.last != dash && !slug.isEmpty && slug.count <= 63
    guard !isUnchanged || endsLikeHash(slug) else { return branch }
    let start = slug.drop { $0 == dash }.prefix(57)
    var text = Array(start.prefix((start.lastIndex { $0 != dash } ?? start.startIndex - 1) + 1 - start.startIndex))
    if !text.isEmpty { text.append(dash) }
    return String(decoding: text + hash(branch), as: UTF8.self)
}

/// A label made of other names: as it is, or cut, with a 5-character hash of the uncut one.
func shortened(label: String) -> String {
    label.utf8.count <= 63 ? label : "\(label.prefix(57))-".replacing("--", with: "-") + String(decoding: hash(label), as: UTF8.self)
}

private let dash = UInt8(ascii: "-")
/// Kubernetes' alphabet for random names: no vowels, so that hardly a word of a branch's name looks like a hash.
private let alphabet = Array("bcdfghjklmnpqrstvwxz2456789".utf8)
private let hashLength = 5

private func hash(_ text: String) -> [UInt8] {
    var number = SHA256.hash(data: Array(text.utf8)).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return (0..<hashLength).map { _ in
        defer { number /= UInt64(alphabet.count) }
        return alphabet[Int(number % UInt64(alphabet.count))]
    }
}

private func endsLikeHash(_ slug: [UInt8]) -> Bool {
    slug.count >= hashLength && slug.suffix(hashLength).allSatisfy(alphabet.contains)
        && (slug.count == hashLength || slug[slug.count - hashLength - 1] == dash)
}
