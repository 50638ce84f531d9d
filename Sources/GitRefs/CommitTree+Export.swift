import CLibgit2
import Orchestration
import StagingModel
import SystemPackage

extension CommitTree {
    /// A file is loaded whole.
    private static let largestFile = 256 << 20
    private static let longestPath = 4_096
    private static let deepest = 64

    private struct Folder {
        var id: git_oid
        /// Inside the archive; empty for its root.
        var path: String
        var depth: Int
    }

    /// Writes everything below a folder as a tar archive; the whole tree for nil.
    ///
    /// Times are made of the contents: what is the same has the same time in every commit, so that podman finds a layer of it again, and what
    /// differs has another, so that no web server takes it for what a browser has already.
    func export(_ folder: TreePath?, to file: String, limits: BuildContextLimits) throws {
        let start = try start(folder)
        let output = try FileDescriptor.open(
            FilePath(file), .writeOnly, options: [.create, .truncate], permissions: [.ownerReadWrite])
        try output.closeAfter {
            var (entries, bytes) = (0, 0)
            var pending = [Folder(id: start, path: "", depth: 1)]
            while let next = pending.popLast() {
                for entry in try self.entries(of: next.id) {
                    let path = try path(of: entry, in: next.path)
                    entries += 1
                    guard entries <= limits.entries else {
                        throw refused("holds more than \(limits.entries) files; name a smaller folder as `context`", in: folder)
                    }
                    switch entry.kind {
                    case .file:
                        let size = try size(of: entry.id)
                        bytes += size
                        guard size <= Self.largestFile else {
                            throw terminal(
                                "\(oneLine(path)) at \(commit.short) is larger than \(Self.largestFile >> 20) MiB; make it smaller")
                        }
                        guard bytes <= limits.bytes else {
                            throw refused("holds more than \(limits.bytes >> 20) MiB; name a smaller folder as `context`", in: folder)
                        }
                        try write(entry, path, size: size, to: output)
                    case .symbolicLink:
                        guard try size(of: entry.id) < Self.longestPath else {
                            throw terminal("\(oneLine(path)) at \(commit.short) is a link to a name that is too long; shorten it")
                        }
                        let target = try withContent(of: entry.id) { Array($0) }
                        let header = TarHeader(
                            path: Array(path.utf8), kind: .symbolicLink(to: target), mode: 0o777, modified: entry.id.time)
                        try output.writeAll(header.bytes)
                    case .folder, .submodule:
                        let header = TarHeader(path: Array(path.utf8), kind: .folder, mode: 0o755, modified: git_oid().time)
                        try output.writeAll(header.bytes)
                        guard entry.kind == .folder else { continue }
                        guard next.depth < Self.deepest else {
                            throw refused("has more than \(Self.deepest) levels; use fewer", in: folder)
                        }
                        pending.append(Folder(id: entry.id, path: path, depth: next.depth + 1))
                    }
                }
            }
            try output.writeAll(TarHeader.end)
        }
    }

    private func start(_ folder: TreePath?) throws -> git_oid {
        guard let folder else { return root }
        guard let entry = try entry(at: folder) else {
            throw terminal("the folder \(folder) does not exist at \(commit.short); create it, or name another as `context`")
        }
        guard entry.kind == .folder else { throw refusal(folder.description, entry.kind, wanted: .folder) }
        return entry.id
    }

    private func write(_ entry: TreeEntry, _ path: String, size: Int, to output: FileDescriptor) throws {
        let header = TarHeader(
            path: Array(path.utf8), kind: .file(size: size), mode: entry.isExecutable ? 0o755 : 0o644, modified: entry.id.time)
        try output.writeAll(header.bytes)
        try withContent(of: entry.id) { _ = try output.writeAll($0) }
        try output.writeAll(TarHeader.padding(after: size))
    }

    private func path(of entry: TreeEntry, in folder: String) throws -> String {
        let path = (folder.isEmpty ? "" : folder + "/") + (entry.name ?? "")
        guard let name = entry.name, isPlainName(name), path.utf8.count < Self.longestPath else {
            throw terminal(
                "\(oneLine(folder.isEmpty ? "the root" : folder)) at \(commit.short) holds a name that is not valid UTF-8, not plain or too long; rename it"
            )
        }
        return path
    }

    private func refused(_ why: String, in folder: TreePath?) -> StepError {
        terminal("\(folder.map { oneLine($0.description) } ?? "the tree") at \(commit.short) \(why)")
    }
}

extension git_oid {
    /// An instant between 2001 and 2018 that the content decides.
    fileprivate var time: Int {
        let number = withUnsafeBytes(of: self) { $0.prefix(4).reduce(0) { $0 << 8 | Int($1) } }
        return 978_307_200 + number / 8
    }
}
