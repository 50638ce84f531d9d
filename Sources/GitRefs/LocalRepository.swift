import CLibgit2
import Foundation
public import Orchestration

/// A bare repository on this machine, as far as its `post-receive` hook is concerned: read by `doctor`, never written.
public struct LocalRepository: Hashable, Sendable {
    /// The `post-receive` hook; nil when there is none.
    public var hook: String?
    public var isHookExecutable: Bool
    /// The values of its own configuration's `slingshot.*`, by lower-cased name; each can be there more than once.
    public var settings: [String: [String]]

    /// Nil for an address that is on no disk of this machine. Throws `StepError` when there is no repository, or it can't be read.
    public init?(url: String) throws(StepError) {
        let address = try RemoteAddress(url)
        guard address.scheme == .file, let place = URL(string: address.url) else { return nil }
        let inside = place.appending(path: ".git")
        let folder = FileManager.default.fileExists(atPath: inside.path) ? inside : place
        let file = folder.appending(path: "hooks/post-receive")
        hook = FileManager.default.contents(atPath: file.path).map { String(decoding: $0.prefix(65_536), as: UTF8.self) }
        isHookExecutable = FileManager.default.isExecutableFile(atPath: file.path)
        do throws(GitFailure) { settings = try Self.settings(in: folder.appending(path: "config").path) } catch {
            throw StepError("the configuration of \(address) can't be read: \(oneLine(error.message))", isRetryable: false)
        }
    }

    private static func settings(in file: String) throws(GitFailure) -> [String: [String]] {
        try Libgit2.start()
        var configuration: OpaquePointer?
        try check(git_config_open_ondisk(&configuration, file))
        defer { git_config_free(configuration) }
        var iterator: OpaquePointer?
        try check(git_config_iterator_glob_new(&iterator, try made(configuration), "^slingshot\\."))
        defer { git_config_iterator_free(iterator) }
        var values: [String: [String]] = [:]
        var entry: UnsafeMutablePointer<git_config_entry>?
        while git_config_next(&entry, try made(iterator)) == 0, let found = entry?.pointee {
            let name = String(cString: found.name).dropFirst("slingshot.".count).lowercased()
            values[name, default: []].append(found.value.map { String(cString: $0) } ?? "")
        }
        return values
    }
}
