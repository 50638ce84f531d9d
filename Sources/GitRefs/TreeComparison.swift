import CLibgit2
import Glibc
import Orchestration
import StagingModel

/// What a commit changes against its merge base with another, found by walking both trees side by side: what is the same has the same id and is
/// not entered. `git_diff_tree_to_tree` can't be stopped in a tree of folders that hold nothing but folders, of which a few objects can
/// describe billions; so the walk is here, and its bounds with it.
struct TreeComparison: ~Copyable {
    /// A folder as the two sides have it; nil for none.
    private struct Folder {
        var old: git_oid?
        var new: git_oid?
        /// Ends with a slash; empty for the root.
        var path: [UInt8]
        var depth: Int
    }

    private struct Entry {
        var name: [UInt8]
        var id: git_oid
        var mode: git_filemode_t
        var isFolder: Bool { mode == GIT_FILEMODE_TREE }

        func isSame(as other: Entry?) -> Bool {
            guard var theirs = other?.id, other?.mode == mode else { return false }
            var own = id
            return git_oid_equal(&own, &theirs) == 1
        }
    }

    /// A history of a million commits takes libgit2 a few seconds; this many entries about one.
    private static let mostEntries = 1_000_000
    private static let mostFolders = 50_000
    private static let deepest = 128
    private static let longestPath = 4_096

    private let mirror: Mirror
    private let commit: CommitID
    private var pending: [Folder]
    private var (folders, entries) = (0, 0)

    /// Throws ``MirrorLacks`` for a commit that is not there, and a terminal error when the two share no history.
    init(of commit: CommitID, since base: CommitID, in mirror: consuming Mirror) throws {
        let new = try mirror.rootTree(of: commit)
        guard let ancestor = try mirror.mergeBase(of: commit, and: base) else {
            throw StepError(
                "\(commit.short) shares no history with its base at \(base.short); rebase it onto that", isRetryable: false)
        }
        pending = [Folder(old: try mirror.rootTree(of: ancestor), new: new, path: [], depth: 1)]
        self.commit = commit
        self.mirror = mirror
    }

    /// Whether a file that differs is among `paths`. Links and submodules count as files.
    consuming func touches(_ paths: Patterns) throws -> Bool {
        while let folder = pending.popLast() {
            var old = Dictionary(try load(folder.old).map { ($0.name, $0) }) { $1 }
            // In the tree's order, so that the same commits meet the same bound.
            for entry in try load(folder.new) {
                let before = old.removeValue(forKey: entry.name)
                if !entry.isSame(as: before), try look(at: folder, before, entry, paths) { return true }
            }
            for entry in old.values.sorted(by: { $0.name.lexicographicallyPrecedes($1.name) }) {
                if try look(at: folder, entry, nil, paths) { return true }
            }
        }
        return false
    }

    /// True when a file of that name matches; folders are put off.
    private mutating func look(at folder: Folder, _ old: Entry?, _ new: Entry?, _ paths: Patterns) throws -> Bool {
        let sides = [old, new].compactMap(\.self)
        let path = folder.path + (sides.first?.name ?? [])
        guard path.count < Self.longestPath else { throw tooLarge("a path of more than \(Self.longestPath) bytes") }
        if sides.contains(where: \.isFolder) {
            guard folder.depth < Self.deepest else { throw tooLarge("more than \(Self.deepest) levels") }
            let (oldFolder, newFolder) = (old.flatMap { $0.isFolder ? $0.id : nil }, new.flatMap { $0.isFolder ? $0.id : nil })
            pending.append(Folder(old: oldFolder, new: newFolder, path: path + [UInt8(ascii: "/")], depth: folder.depth + 1))
        }
        return sides.contains { !$0.isFolder } && paths.match(path)
    }

    private mutating func load(_ id: git_oid?) throws -> [Entry] {
        guard let id else { return [] }
        folders += 1
        guard folders <= Self.mostFolders else { throw tooLarge("more than \(Self.mostFolders) folders") }
        let tree = try mirror.tree(id, of: commit)
        defer { git_tree_free(tree) }
        let count = git_tree_entrycount(tree)
        entries += count
        guard entries <= Self.mostEntries else { throw tooLarge("folders with more than \(Self.mostEntries) files") }
        return (0..<count).compactMap { index in
            guard let entry = git_tree_entry_byindex(tree, index), let name = git_tree_entry_name(entry) else { return nil }
            return Entry(
                name: Array(UnsafeRawBufferPointer(start: name, count: strlen(name))), id: git_tree_entry_id(entry).pointee,
                mode: git_tree_entry_filemode(entry))
        }
    }

    private func tooLarge(_ what: String) -> StepError {
        StepError("what \(commit.short) changes has \(what), which is not compared", isRetryable: false)
    }
}

extension Mirror {
    /// The best common ancestor; nil when the histories have none. Throws ``MirrorLacks`` for a commit that is not there.
    func mergeBase(of one: CommitID, and other: CommitID) throws -> CommitID? {
        var (first, second, base) = (try objectID(one), try objectID(other), git_oid())
        for (commit, id) in [(one, first), (other, second)] where try !isCommit(id) { throw MirrorLacks(commit: commit) }
        let code = git_merge_base(&base, repository, &first, &second)
        if code == GIT_ENOTFOUND.rawValue { return nil }
        try check(code)
        return try CommitID(base)
    }
}
