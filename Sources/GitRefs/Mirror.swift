import CLibgit2
import Orchestration
import StagingModel

/// What was fetched of one configured repository, opened for reading. Used from one thread at a time. A ``GitFailure`` of any of its calls
/// means that the mirror is damaged, or was replaced meanwhile.
struct Mirror: ~Copyable {
    let repository: OpaquePointer

    init(at path: String) throws(GitFailure) {
        try Libgit2.start()
        var repository: OpaquePointer?
        try check(git_repository_open_bare(&repository, path))
        self.repository = try made(repository)
    }

    deinit { git_repository_free(repository) }
}

/// The mirror has no such commit; fetching brings it.
struct MirrorLacks: Error {
    var commit: CommitID
}

extension Mirror {
    /// Whether `commit` is `head` or one of its ancestors; false when the mirror lacks one of them.
    func contains(_ commit: CommitID, in head: CommitID) throws -> Bool {
        var (ancestor, descendant) = (try objectID(commit), try objectID(head))
        guard try isCommit(ancestor), try isCommit(descendant) else { return false }
        if commit == head { return true }
        return try check(git_graph_descendant_of(repository, &descendant, &ancestor)) == 1
    }

    /// The commit that a ref names, directly or by an annotated tag; nil when it names something else.
    func commit(of ref: String) throws(GitFailure) -> CommitID? {
        var reference: OpaquePointer?
        try check(git_reference_lookup(&reference, repository, ref))
        defer { git_reference_free(reference) }
        var commit: OpaquePointer?
        let code = git_reference_peel(&commit, reference, GIT_OBJECT_COMMIT)
        if code == GIT_EPEEL.rawValue || code == GIT_EINVALIDSPEC.rawValue { return nil }
        try check(code)
        defer { git_object_free(commit) }
        guard let id = git_object_id(commit) else { return nil }
        return try CommitID(id.pointee)
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

    func isCommit(_ id: git_oid) throws(GitFailure) -> Bool {
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
