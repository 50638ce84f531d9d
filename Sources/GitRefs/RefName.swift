import CLibgit2
import Crypto
import Orchestration
import StagingModel

/// A full ref name, `refs/…`, that is well-formed: see git-check-ref-format(1).
struct RefName: Hashable, CustomStringConvertible {
    let description: String

    /// Throws a terminal error for any other text.
    init(_ text: String) throws(StepError) {
        do {
            try Libgit2.start()
        } catch {
            throw StepError("libgit2 can't be started: \(oneLine(error.message))", isRetryable: false)
        }
        var valid: Int32 = 0
        guard text.hasPrefix("refs/"), text.utf8.count <= 1024, !text.utf8.contains(0), git_reference_name_is_valid(&valid, text) == 0,
            valid == 1
        else {
            throw StepError("\"\(oneLine(text))\" is not a full ref name; use one such as refs/pull/7/head", isRetryable: false)
        }
        description = text
    }
}

/// What a server is asked for: a ref, a commit by its id, or only whether it is there.
enum FetchTarget: Hashable, CustomStringConvertible {
    case ref(RefName)
    case commit(CommitID)
    case head

    var description: String {
        switch self {
        case .ref(let name): name.description
        case .commit(let id): "commit \(id)"
        case .head: "HEAD"
        }
    }

    /// What the server is asked for.
    var source: String {
        switch self {
        case .ref(let name): name.description
        case .commit(let id): id.description
        case .head: "HEAD"
        }
    }

    /// The name of the mirror's own ref. It is derived, not taken over, so that refs of a server that come and go (`a`, then `a/b`) and
    /// those that differ only by case never get into each other's way in the file system.
    var key: String {
        SHA256.hash(data: Array(source.utf8)).prefix(20).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
