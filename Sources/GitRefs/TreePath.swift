import Orchestration

/// A relative path inside a commit, `deploy/preview`. It comes from a stranger's stack file.
struct TreePath: Hashable, CustomStringConvertible {
    let names: [String]

    /// Throws a terminal error for a path that is empty, absolute, longer than 1024 bytes, or has an empty name, `.`, `..`, `.git` or
    /// a control character in it. One `/` at the end is fine for a folder.
    init(_ text: String, isFolder: Bool = false) throws(StepError) {
        let path = isFolder && text.hasSuffix("/") ? text.dropLast() : text[...]
        let names = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard path.utf8.count <= 1024, names.allSatisfy(isPlainName) else {
            throw StepError(
                "the path \"\(oneLine(text))\" is not valid; name it from the root of the repository, without . and ..", isRetryable: false)
        }
        self.names = names
    }

    var description: String { names.joined(separator: "/") }
}

/// Whether a name can stand for one file or folder and nothing else. Git itself makes no `.git` entries, in any case.
func isPlainName(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && name.lowercased() != ".git"
        && !name.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F || $0 == "/" }
}
