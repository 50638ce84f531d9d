import CLibgit2
import Orchestration
import StagingModel

/// The files of one commit, read from a mirror without a checkout. Everything in it is a stranger's: sizes are looked at before
/// anything is loaded.
struct CommitTree: ~Copyable {
    private let mirror: Mirror
    let commit: CommitID
    let root: git_oid

    /// Throws ``MirrorLacks`` for a commit that is not there.
    init(of commit: CommitID, in mirror: consuming Mirror) throws {
        root = try mirror.rootTree(of: commit)
        self.commit = commit
        self.mirror = mirror
    }

    /// The content of a regular file of at most `limit` bytes; nil when there is nothing at the path.
    func file(_ path: TreePath, limit: Int) throws -> [UInt8]? {
        guard let entry = try entry(at: path) else { return nil }
        guard entry.kind == .file else { throw refusal(path.description, entry.kind, wanted: .file) }
        guard try size(of: entry.id) <= limit else {
            throw terminal("\(oneLine(path.description)) at \(commit.short) is larger than \(limit) bytes; make it smaller")
        }
        return try plainContent(of: entry.id, at: path.description)
    }

    /// Nil when there is nothing at the path; throws when a link or a submodule stands in its way.
    func entry(at path: TreePath) throws -> TreeEntry? {
        var found = TreeEntry(id: root, kind: .folder, name: nil)
        for (depth, name) in path.names.enumerated() {
            guard found.kind == .folder else {
                if found.kind == .file { return nil }
                throw refusal(path.names[..<depth].joined(separator: "/"), found.kind, wanted: .folder)
            }
            guard let next = try entry(name, in: found.id) else { return nil }
            found = next
        }
        return found
    }

    private func entry(_ name: String, in folder: git_oid) throws -> TreeEntry? {
        let tree = try mirror.tree(folder, of: commit)
        defer { git_tree_free(tree) }
        return git_tree_entry_byname(tree, name).map(TreeEntry.init)
    }

    func entries(of folder: git_oid) throws -> [TreeEntry] {
        let tree = try mirror.tree(folder, of: commit)
        defer { git_tree_free(tree) }
        return (0..<git_tree_entrycount(tree)).compactMap { git_tree_entry_byindex(tree, $0).map(TreeEntry.init) }
    }

    func size(of file: git_oid) throws -> Int { try mirror.header(of: file).size }

    /// Of a file that holds what it seems to: not a pointer to content that is elsewhere.
    func plainContent(of id: git_oid, at path: String) throws -> [UInt8] {
        let content = try content(of: id)
        // https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: the version is a pointer's first line
        guard !content.starts(with: "version https://git-lfs.github.com/spec/".utf8) else {
            throw terminal("\(oneLine(path)) at \(commit.short) is a pointer to Git LFS, which is not read; commit the file itself")
        }
        return content
    }

    private func content(of id: git_oid) throws -> [UInt8] { try withContent(of: id) { Array($0) } }

    /// Calls `body` with a blob's bytes, as they are.
    func withContent<T>(of id: git_oid, _ body: (UnsafeRawBufferPointer) throws -> T) throws -> T {
        var (id, blob): (git_oid, OpaquePointer?) = (id, nil)
        try check(git_blob_lookup(&blob, mirror.repository, &id))
        defer { git_blob_free(blob) }
        return try body(UnsafeRawBufferPointer(start: git_blob_rawcontent(blob), count: Int(git_blob_rawsize(blob))))
    }

    func refusal(_ path: String, _ kind: TreeEntry.Kind, wanted: TreeEntry.Kind) -> StepError {
        terminal("\(oneLine(path)) at \(commit.short) is a \(kind.rawValue); commit a \(wanted.rawValue) in its place")
    }

    func terminal(_ message: String) -> StepError { StepError(message, isRetryable: false) }
}

extension Mirror {
    private static let longestTree = 4 << 20

    /// One folder of the commit, to be freed by the caller.
    func tree(_ id: git_oid, of commit: CommitID) throws -> OpaquePointer {
        guard try header(of: id).size <= Self.longestTree else {
            throw StepError("a folder at \(commit.short) has too many entries; split it", isRetryable: false)
        }
        var (id, tree): (git_oid, OpaquePointer?) = (id, nil)
        try check(git_tree_lookup(&tree, repository, &id))
        return try made(tree)
    }

    func rootTree(of commit: CommitID) throws -> git_oid {
        var id = try objectID(commit)
        guard try isCommit(id) else {
            throw MirrorLacks(commit: commit)
        }
        guard try header(of: id).size <= 1 << 20 else {
            throw StepError("the commit \(commit.short) has a message of more than 1 MiB; shorten it", isRetryable: false)
        }
        var object: OpaquePointer?
        try check(git_commit_lookup(&object, repository, &id))
        defer { git_commit_free(object) }
        guard let tree = git_commit_tree_id(object) else {
            throw GitFailure(code: GIT_ERROR.rawValue, area: 0, message: "the commit \(commit.short) has no tree")
        }
        return tree.pointee
    }
}

/// One name in a tree object.
struct TreeEntry {
    enum Kind: String {
        case file = "regular file"
        case folder
        case symbolicLink = "symbolic link"
        case submodule
    }

    var id: git_oid
    var kind: Kind
    /// Nil when it is not valid UTF-8.
    var name: String?
    var isExecutable = false
}

extension TreeEntry {
    init(_ entry: OpaquePointer) {
        id = git_tree_entry_id(entry).pointee
        name = git_tree_entry_name(entry).flatMap { String(validatingCString: $0) }
        isExecutable = git_tree_entry_filemode(entry) == GIT_FILEMODE_BLOB_EXECUTABLE
        kind =
            switch git_tree_entry_filemode(entry) {
            case GIT_FILEMODE_TREE: .folder
            case GIT_FILEMODE_LINK: .symbolicLink
            case GIT_FILEMODE_COMMIT: .submodule
            default: .file
            }
    }
}
