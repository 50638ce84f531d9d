import StagingModel

/// A tar archive of regular files and of the folder itself, in memory.
struct Tar {
    private(set) var bytes: [UInt8] = []

    /// The longest path of a file, in bytes.
    static let longestPath = 100

    mutating func add(_ file: PodmanFile) {
        bytes += TarHeader(path: Array(file.path.utf8), kind: .file(size: file.content.count), mode: file.mode).bytes
        bytes += file.content
        bytes += TarHeader.padding(after: file.content.count)
    }

    /// The folder that the archive is unpacked into.
    mutating func addRoot(mode: Int) { bytes += TarHeader(path: Array("./".utf8), kind: .folder, mode: mode).bytes }

    /// With the two empty blocks that end it.
    var whole: [UInt8] { bytes + TarHeader.end }
}
