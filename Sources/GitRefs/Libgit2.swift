import CLibgit2
import Orchestration

/// The C library, started once a process.
enum Libgit2 {
    /// Starts the library; later calls do nothing. Has to come before every other call into it.
    static func start() throws(GitFailure) {
        if let failure { throw failure }
    }

    private static let failure: GitFailure? = {
        do throws(GitFailure) {
            try check(git_libgit2_init())
            // The machine's git configuration has no say in how a mirror is read. An empty path means "nowhere"; NULL would mean "the default".
            for level in [GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL] {
                try check(slingshot_git_set_search_path(level, ""))
            }
            // The state folder may belong to another user, as a mounted volume's does. What the check guards against, commands in a
            // stranger's repository configuration (CVE-2022-24765), can't happen: libgit2 runs none.
            try check(slingshot_git_set_owner_validation(0))
            return nil
        } catch {
            return error
        }
    }()
}

/// An error as libgit2 reports it.
struct GitFailure: Error, Hashable {
    /// A `git_error_code`.
    var code: Int32
    /// A `git_error_t`: the part of libgit2 that failed.
    var area: UInt32
    /// For people; can hold text that a server sent.
    var message: String

    var isNotFound: Bool { code == GIT_ENOTFOUND.rawValue }
}

/// Throws what libgit2 says about the call that just failed on this thread.
@discardableResult
func check(_ code: Int32) throws(GitFailure) -> Int32 {
    guard code < 0 else { return code }
    guard let error = git_error_last() else { throw GitFailure(code: code, area: 0, message: "libgit2 failed with code \(code)") }
    let message = error.pointee.message.map { String(cString: $0) } ?? ""
    throw GitFailure(code: code, area: UInt32(error.pointee.klass), message: message)
}

/// What libgit2 made where it reported success.
func made(_ pointer: OpaquePointer?) throws(GitFailure) -> OpaquePointer {
    guard let pointer else { throw GitFailure(code: GIT_ERROR.rawValue, area: 0, message: "libgit2 returned nothing") }
    return pointer
}

/// A text from outside, fit for a one-line message: no control characters, at most 300 characters.
func oneLine(_ text: String) -> String {
    let printable = text.unicodeScalars.map { $0.properties.isControl ? " " : Character($0) }
    return printable.count > 300 ? String(printable.prefix(299)) + "…" : String(printable)
}

extension Unicode.Scalar.Properties {
    /// Control, format (which can reorder a line) and line or paragraph separator.
    fileprivate var isControl: Bool {
        switch generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
