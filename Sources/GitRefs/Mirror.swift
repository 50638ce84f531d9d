import CLibgit2
import Foundation
import Orchestration
import StagingModel

/// A bare repository that holds what was fetched of one configured repository. It records no address: each fetch is told the
/// configured one. Used from one thread at a time.
struct Mirror: ~Copyable {
    let repository: OpaquePointer
    let path: String

    /// Opens the mirror at `path`; nil when there is none yet. A terminal error when something else is there.
    init?(at path: String) throws(StepError) {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            try Libgit2.start()
            var repository: OpaquePointer?
            try check(git_repository_open_bare(&repository, path))
            self.repository = try made(repository)
            self.path = path
        } catch {
            throw Self.damaged(path, error)
        }
    }

    /// Makes an empty mirror at `path`. It is made aside and renamed, so that a crash never leaves half of one under its name.
    static func create(at path: String) throws(StepError) {
        let target = URL(filePath: path)
        let folder = target.deletingLastPathComponent()
        let partial = folder.appending(path: ".\(target.lastPathComponent).partial")
        do {
            try Libgit2.start()
            let files = FileManager.default
            // Other users of the machine have no business in the code of a private repository.
            try files.createDirectory(at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            if files.fileExists(atPath: partial.path) { try files.removeItem(at: partial) }
            var repository: OpaquePointer?
            try check(git_repository_init(&repository, partial.path, 1))
            git_repository_free(repository)
            try files.moveItem(at: partial, to: target)
        } catch {
            let reason = (error as? GitFailure)?.message ?? error.localizedDescription
            throw StepError(
                "the mirror \(path) can't be created: \(oneLine(reason)); check the state folder's rights and space", isRetryable: true)
        }
    }

    deinit { git_repository_free(repository) }

    private static func damaged(_ path: String, _ failure: GitFailure) -> StepError {
        StepError(
            "the mirror \(path) can't be opened: \(oneLine(failure.message)); remove that folder, and it is fetched anew",
            isRetryable: false)
    }
}

extension Mirror {
    /// Whether `commit` is `head` or one of its ancestors; false when the mirror lacks one of them.
    func contains(_ commit: CommitID, in head: CommitID) throws -> Bool {
        var (ancestor, descendant) = (try objectID(commit), try objectID(head))
        guard try isCommit(ancestor), try isCommit(descendant) else { return false }
        if commit == head { return true }
        return try check(git_graph_descendant_of(repository, &descendant, &ancestor)) == 1
    }

    func objectID(_ commit: CommitID) throws -> git_oid {
        // libgit2 1.5 would silently take the first 40 digits of a SHA-256 id.
        guard commit.description.utf8.count == 40 else {
            throw StepError("\(commit.short) is a SHA-256 commit id, which libgit2 can't read; use a SHA-1 repository", isRetryable: false)
        }
        var id = git_oid()
        try check(git_oid_fromstr(&id, commit.description))
        return id
    }

    func isCommit(_ id: git_oid) throws -> Bool {
        do throws(GitFailure) {
            return try header(of: id).type == GIT_OBJECT_COMMIT
        } catch  where error.isNotFound {
            return false
        }
    }

    /// The type and the size in bytes of an object, without loading it.
    func header(of id: git_oid) throws(GitFailure) -> (type: git_object_t, size: Int) {
        var odb: OpaquePointer?
        try check(git_repository_odb(&odb, repository))
        defer { git_odb_free(odb) }
        var (id, size, type) = (id, 0, GIT_OBJECT_INVALID)
        try check(git_odb_read_header(&size, &type, odb, &id))
        return (type, size)
    }
}

extension CommitID {
    init(_ id: git_oid) throws(GitFailure) {
        var id = id
        guard let text = git_oid_tostr_s(&id), let commit = CommitID(String(cString: text)) else {
            throw GitFailure(code: GIT_ERROR.rawValue, area: 0, message: "libgit2 returned no object id")
        }
        self = commit
    }
}
