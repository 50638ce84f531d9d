import Dispatch
public import Foundation
public import Logging
public import Orchestration
public import StagingModel
import Synchronization

/// Fetches refs into one bare mirror a repository, `<directory>/<name>.git`, and reads the files of their commits without a checkout.
///
/// It connects to ``RepositorySettings/url`` and nowhere else: the machine's git configuration and proxies are not consulted, and
/// redirects to another host are refused. Work on one mirror is serial; different mirrors work at once. All calls throw
/// `StepError`, or `CancellationError` as soon as their task is cancelled.
public final class GitRefs: RefSource {
    private let directory: URL
    private let timeLimit: Duration
    private let logger: Logger
    private let queues = Mutex<[RepositoryName: DispatchQueue]>([:])

    /// - Parameters:
    ///   - directory: where the mirrors are; created with the first of them. Used by one process at a time.
    ///   - timeLimit: the longest that a call takes, waiting for earlier work on the same mirror included; after it a retryable error
    ///     is thrown.
    public init(directory: URL, timeLimit: Duration = .seconds(300), logger: Logger) {
        self.directory = directory
        self.timeLimit = timeLimit
        self.logger = logger
    }

    /// Retryable: the server does not answer, answers with an error other than "not found", or takes longer than the time limit. Not
    /// retryable: the ref or the repository does not exist, credentials are asked for, the name or the address is not valid.
    public func fetch(_ ref: String, of repository: RepositorySettings) async throws -> CommitID {
        let (name, address) = (try RefName(ref), try RemoteAddress(repository.url))
        let commit = try await onMirror(of: repository, doing: "fetching \(name) from \(address)") { path, stop in
            if let mirror = try Mirror(at: path) { return try mirror.fetch(name, from: address, stop: stop) }
            try Mirror.create(at: path)
            return try Self.mirror(at: path).fetch(name, from: address, stop: stop)
        }
        logger.debug("fetched", metadata: ["repository": "\(repository.name)", "ref": "\(name)", "commit": "\(commit)"])
        return commit
    }

    /// False when the mirror lacks one of the commits.
    public func contains(_ commit: CommitID, in head: CommitID, of repository: RepositorySettings) async throws -> Bool {
        try await onMirror(of: repository, doing: "looking for \(commit.short)") { path, _ in
            guard let mirror = try Mirror(at: path) else { return false }
            return try mirror.contains(commit, in: head)
        }
    }

    /// Also nil when a part of the path is a file. Retryable: the mirror lacks the commit. Not retryable: a path that leaves the
    /// repository; a folder, a symbolic link or a submodule at the path; a file that is too large.
    public func file(_ path: String, at commit: CommitID, of repository: RepositorySettings, limit: Int) async throws -> [UInt8]? {
        let name = try TreePath(path)
        return try await onMirror(of: repository, doing: "reading \(oneLine(path)) at \(commit.short)") { path, _ in
            try CommitTree(of: commit, in: Self.mirror(at: path)).file(name, limit: limit)
        }
    }

    /// Also throws, not retryable, for a symbolic link or a submodule anywhere in the folder, for names that are not UTF-8, for more than
    /// 32 levels and for more than 10 000 folders.
    public func files(
        below folder: String, at commit: CommitID, of repository: RepositorySettings, count: Int, bytes: Int
    ) async throws -> [String: [UInt8]]? {
        let name = try TreePath(folder, isFolder: true)
        return try await onMirror(of: repository, doing: "reading \(oneLine(folder)) at \(commit.short)") { path, _ in
            try CommitTree(of: commit, in: Self.mirror(at: path)).files(below: name, count: count, bytes: bytes)
        }
    }

    private static func mirror(at path: String) throws -> Mirror {
        guard let mirror = try Mirror(at: path) else {
            throw StepError("there is no mirror at \(path); fetch a ref first", isRetryable: true)
        }
        return mirror
    }

    private func onMirror<T: Sendable>(
        of repository: RepositorySettings, doing: String, _ body: @escaping @Sendable (_ path: String, _ stop: StopFlag) throws -> T
    ) async throws -> T {
        let path = directory.appending(path: "\(repository.name).git").path
        let late = StepError("\(doing) took longer than \(DurationText.text(Int(timeLimit.components.seconds)))", isRetryable: true)
        return try await BlockingCall.run(on: queue(of: repository.name), limit: timeLimit, late: late) { stop in
            do {
                return try body(path, stop)
            } catch let failure as GitFailure {
                throw StepError(
                    "\(doing) failed in the mirror \(path): \(oneLine(failure.message)); if it lasts, remove that folder", isRetryable: true
                )
            }
        }
    }

    private func queue(of name: RepositoryName) -> DispatchQueue {
        queues.withLock { queues in
            if let queue = queues[name] { return queue }
            let queue = DispatchQueue(label: "slingshot.git.\(name)")
            queues[name] = queue
            return queue
        }
    }
}
