/// The header of one entry of a tar archive (POSIX ustar, with pax records for what does not fit), owned by root.
public struct TarHeader: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        case file(size: Int)
        case folder
        case symbolicLink(to: [UInt8])
    }

    public var path: [UInt8]
    public var kind: Kind
    /// Permission bits.
    public var mode: Int
    /// Seconds since 1970.
    public var modified: Int

    public init(path: [UInt8], kind: Kind, mode: Int, modified: Int = 0) {
        self.path = path
        self.kind = kind
        self.mode = mode
        self.modified = modified
    }

    /// The two empty blocks that end an archive.
    public static let end = [UInt8](repeating: 0, count: 1024)

    /// What has to follow a content of `size` bytes.
    public static func padding(after size: Int) -> [UInt8] { [UInt8](repeating: 0, count: (512 - size % 512) % 512) }

    /// Whole blocks, to be followed by the content of a file and its ``padding(after:)``.
    public var bytes: [UInt8] {
        // the slash tells old readers that it is a folder
        let name = kind == .folder && path.last != UInt8(ascii: "/") ? path + [UInt8(ascii: "/")] : path
        var records = Self.record("path", name)
        switch kind {
        case .file(let size): return records + Self.block(name, mode: mode, size: size, modified: modified, type: "0", link: [])
        case .folder: return records + Self.block(name, mode: mode, size: 0, modified: modified, type: "5", link: [])
        case .symbolicLink(let target):
            records += Self.record("linkpath", target)
            return records + Self.block(name, mode: mode, size: 0, modified: modified, type: "2", link: target)
        }
    }

    /// A pax header with one record, for a value that the fixed field has no room for.
    private static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
        guard value.count > 100 else { return [] }
        // "LENGTH key=value\n", where LENGTH counts itself
        let rest = key.utf8.count + value.count + 3
        var length = rest + String(rest).utf8.count
        length = rest + String(length).utf8.count
        let content = Array("\(length) \(key)=".utf8) + value + [UInt8(ascii: "\n")]
        return block(Array("pax".utf8), mode: 0o644, size: content.count, modified: 0, type: "x", link: [])
            + content + padding(after: content.count)
    }

    private static func block(_ path: [UInt8], mode: Int, size: Int, modified: Int, type: Character, link: [UInt8]) -> [UInt8] {
        var block: [UInt8] = []
        func field(_ bytes: some Collection<UInt8>, _ length: Int) {
            let content = bytes.prefix(length)
            block += content
            block += [UInt8](repeating: 0, count: length - content.count)
        }
        func octal(_ number: Int, _ length: Int) {
            let digits = String(number, radix: 8)
            field((String(repeating: "0", count: max(0, length - 1 - digits.count)) + digits).utf8, length)
        }
        field(path, 100)
        octal(mode, 8)
        octal(0, 8)
        octal(0, 8)
        octal(size, 12)
        octal(modified, 12)
        field("        ".utf8, 8)  // the checksum counts as spaces
        field(String(type).utf8, 1)
        field(link, 100)
        field("ustar".utf8, 6)
        field("00".utf8, 2)
        field([], 512 - 265)
        let sum = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
        block.replaceSubrange(148..<156, with: Array((String(repeating: "0", count: max(0, 6 - sum.count)) + sum).utf8) + [0, 0x20])
        return block
    }
}
