/// A tar archive (POSIX ustar) of regular files and of the folder itself, owned by root.
struct Tar {
    private(set) var bytes: [UInt8] = []

    /// The longest path of a file, in bytes.
    static let longestPath = 100

    mutating func add(_ file: PodmanFile) {
        header(file.path, mode: file.mode, size: file.content.count, type: "0")
        bytes += file.content
        pad()
    }

    /// The folder that the archive is unpacked into.
    mutating func addRoot(mode: Int) { header("./", mode: mode, size: 0, type: "5") }

    /// With the two empty blocks that end it.
    var whole: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

    private mutating func header(_ path: String, mode: Int, size: Int, type: Character) {
        var block: [UInt8] = []
        func field(_ text: String, _ length: Int) {
            let content = Array(text.utf8.prefix(length))
            block += content + [UInt8](repeating: 0, count: length - content.count)
        }
        func octal(_ number: Int, _ length: Int) {
            let digits = String(number, radix: 8)
            field(String(repeating: "0", count: max(0, length - 1 - digits.count)) + digits, length)
        }
        field(path, 100)
        octal(mode, 8)
        octal(0, 8)
        octal(0, 8)
        octal(size, 12)
        octal(0, 12)
        field("        ", 8)  // the checksum counts as spaces
        field(String(type), 1)
        field("", 100)
        field("ustar", 6)
        field("00", 2)
        field("", 512 - 265)
        let sum = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
        let checksum = Array((String(repeating: "0", count: max(0, 6 - sum.count)) + sum).utf8) + [0, 0x20]
        block.replaceSubrange(148..<156, with: checksum)
        bytes += block
    }

    private mutating func pad() { bytes += [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512) }
}
