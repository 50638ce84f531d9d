import CLibgit2
import Orchestration
import StagingModel

extension CommitTree {
    /// All files below a folder, by path from the root; nil when there is nothing at the path.
    func files(below folder: TreePath, count: Int, bytes: Int) throws -> [String: [UInt8]]? {
        guard let start = try entry(at: folder) else { return nil }
        guard start.kind == .folder else { throw refusal(folder.description, start.kind, wanted: .folder) }
        var walk = FolderWalk(folder: oneLine(folder.description), at: commit.short, count: count, bytes: bytes)
        walk.pending = [.init(id: start.id, path: folder.description, depth: 1)]
        while let next = walk.pending.popLast() {
            for entry in try entries(of: next.id) {
                let path = try walk.path(of: entry, in: next)
                switch entry.kind {
                case .file:
                    try walk.admit(size: size(of: entry.id))
                    try walk.add(plainContent(of: entry.id, at: path), as: path)
                case .folder:
                    try walk.enter(.init(id: entry.id, path: path, depth: next.depth + 1))
                case .symbolicLink, .submodule:
                    throw refusal(path, entry.kind, wanted: .file)
                }
            }
        }
        return walk.files
    }
}

/// The state and the bounds of reading one folder.
private struct FolderWalk {
    struct Folder {
        var id: git_oid
        var path: String
        var depth: Int
    }

    private static let deepest = 32
    /// A few objects can describe billions of folders, each holding the same one twice.
    private static let mostFolders = 10_000
    private static let longestPath = 4096

    let name: String
    let commit: String
    let count: Int
    let bytes: Int
    var pending: [Folder] = []
    private(set) var files: [String: [UInt8]] = [:]
    private var seen: Set<String> = []
    private var total = 0
    private var folders = 0

    init(folder name: String, at commit: String, count: Int, bytes: Int) {
        self.name = name
        self.commit = commit
        self.count = count
        self.bytes = bytes
    }

    mutating func path(of entry: TreeEntry, in folder: Folder) throws(StepError) -> String {
        guard let name = entry.name, isPlainName(name), folder.path.utf8.count + name.utf8.count < Self.longestPath else {
            throw refused("holds a name that is not valid UTF-8, not plain or too long; rename it", in: oneLine(folder.path))
        }
        let path = "\(folder.path)/\(name)"
        // Two names can differ in bytes and still read the same (Unicode's composed and decomposed forms), or be one file elsewhere.
        guard seen.insert(path.lowercased()).inserted else {
            throw refused("exists twice, or differs from another name only by case; rename one", in: oneLine(path))
        }
        return path
    }

    /// Has to come before the file is loaded.
    mutating func admit(size: Int) throws(StepError) {
        guard files.count < count else { throw refused("holds more than \(count) files; use fewer", in: name) }
        guard size <= bytes - total else { throw refused("holds more than \(bytes) bytes; make its files smaller", in: name) }
        total += size
    }

    mutating func add(_ content: [UInt8], as path: String) { files[path] = content }

    mutating func enter(_ folder: Folder) throws(StepError) {
        folders += 1
        guard folder.depth <= Self.deepest else { throw refused("has more than \(Self.deepest) levels; use fewer", in: name) }
        guard folders <= Self.mostFolders else { throw refused("has more than \(Self.mostFolders) folders; use fewer", in: name) }
        pending.append(folder)
    }

    private func refused(_ why: String, in path: String) -> StepError {
        StepError("\(path) at \(commit) \(why)", isRetryable: false)
    }
}
