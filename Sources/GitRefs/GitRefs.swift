public import Foundation
public import Logging
public import Orchestration
public import StagingModel
import Synchronization
import SystemPackage

/// Fetches refs into one bare mirror a repository, `<directory>/<name>.git`, and reads the files of their commits without a checkout.
///
/// Fetching is the program `git`, in a process that can be ended; reading is libgit2. It connects to ``RepositorySettings/url`` and nowhere
/// else: the machine's git and ssh configuration and proxies are not consulted, and redirects are refused. Fetches into one mirror are
/// serial, in the order in which they came; reading goes on meanwhile. A mirror is a cache: a damaged one is made anew, and a commit
/// that one lacks is fetched when it is read. All calls throw `StepError`, or `CancellationError` as soon as their task is cancelled.
public final class GitRefs: BuildContextSource, ChangeSource {
    private let directory: URL
    private let limits: GitLimits
    private let machine: [String: String]
    private let login: GitLoginSource
    private let logger: Logger
    private let turnstiles = Mutex<[RepositoryName: Turnstile]>([:])

    /// - Parameters:
    ///   - directory: where the mirrors are; created with the first of them. Used by one process at a time.
    ///   - machine: the environment, of which `PATH`, `SSH_AUTH_SOCK` and `SSL_CERT_FILE` are used.
    ///   - login: makes what each fetch over HTTP presents itself with.
    public init(
        directory: URL, limits: GitLimits = GitLimits(), machine: [String: String] = ProcessInfo.processInfo.environment, logger: Logger,
        login: @escaping GitLoginSource
    ) {
        self.directory = directory
        self.limits = limits
        self.machine = machine
        self.login = login
        self.logger = logger
    }

    /// Throws a `StepError` that says what is wrong with an address, or with credentials for it.
    public static func check(url: String, credentials: GitCredentials?) throws(StepError) {
        try Remote.check(RemoteAddress(url), credentials)
    }

    /// Retryable: the server does not answer, answers with an error other than "not found", or takes longer than the limits; the disk is
    /// full. Not retryable: the ref or the repository does not exist, it refuses the credentials, the name or the address is not valid.
    public func fetch(_ ref: String, of repository: RepositorySettings) async throws -> CommitID {
        let (name, address) = (try RefName(ref), try RemoteAddress(repository.url))
        let commit = try await alone(with: repository, doing: "fetching \(name) from \(address)") { work, remote in
            let commit = try await work.fetch(.ref(name), from: remote)
            try await work.keepSmall(now: Date())
            return commit
        }
        logger.debug("fetched", metadata: ["repository": "\(repository.name)", "ref": "\(name)", "commit": "\(commit)"])
        return commit
    }

    /// Asks the repository's server for its HEAD, and takes nothing. Throws what a fetch would throw.
    public func reach(_ repository: RepositorySettings) async throws {
        let address = try RemoteAddress(repository.url)
        try await alone(with: repository, doing: "asking \(address)") { work, remote in try await work.reach(remote) }
    }

    /// False when the mirror lacks one of the commits.
    public func contains(_ commit: CommitID, in head: CommitID, of repository: RepositorySettings) async throws -> Bool {
        try await read(head, of: repository, doing: "looking for \(commit.short)") { try $0.contains(commit, in: head) }
    }

    /// Retryable: the mirror has lost the base since it was fetched. Also throws, not retryable, for more than 128 levels, 50 000 folders or a million entries of folders that differ, and when it takes
    /// longer than the limits.
    public func changes(of commit: CommitID, since base: CommitID, touch paths: Patterns, in repository: RepositorySettings) async throws
        -> Bool
    {
        let doing = "comparing \(commit.short) with its base at \(base.short)"
        return try await within(limits.comparison, doing, isRetryable: false) {
            try await self.read(commit, of: repository, doing: doing) { mirror in
                do { return try TreeComparison(of: commit, since: base, in: mirror).touches(paths) } catch let lacks as MirrorLacks
                    where lacks.commit == base
                {
                    // Fetching the commit does not bring it; whoever fetched it can do so again.
                    throw StepError("\(doing) failed: the mirror has lost the base", isRetryable: true)
                }
            }
        }
    }

    /// Also nil when a part of the path is a file. Not retryable: a path that leaves the repository; a folder, a symbolic link, a submodule
    /// or a pointer to Git LFS at the path; a file that is too large.
    public func file(_ path: String, at commit: CommitID, of repository: RepositorySettings, limit: Int) async throws -> [UInt8]? {
        let name = try TreePath(path)
        return try await read(commit, of: repository, doing: "reading \(oneLine(path)) at \(commit.short)") { mirror in
            try CommitTree(of: commit, in: mirror).file(name, limit: limit)
        }
    }

    /// Also throws, not retryable, for a symbolic link or a submodule anywhere in the folder, for names that are not plain UTF-8 or that
    /// differ from another only by case, for more than 32 levels and for more than 10 000 folders.
    public func files(
        below folder: String, at commit: CommitID, of repository: RepositorySettings, count: Int, bytes: Int
    ) async throws -> [String: [UInt8]]? {
        let name = try TreePath(folder, isFolder: true)
        return try await read(commit, of: repository, doing: "reading \(oneLine(folder)) at \(commit.short)") { mirror in
            try CommitTree(of: commit, in: mirror).files(below: name, count: count, bytes: bytes)
        }
    }

    /// Also throws, not retryable, for names that are not plain UTF-8, for more than 64 levels, and for a file of more than 256 MiB.
    public func export(
        _ folder: String, at commit: CommitID, of repository: RepositorySettings, to file: String, limits: BuildContextLimits
    ) async throws {
        let name = folder.isEmpty ? nil : try TreePath(folder, isFolder: true)
        try await read(commit, of: repository, doing: "exporting \(oneLine(folder)) at \(commit.short)") { mirror in
            do { try CommitTree(of: commit, in: mirror).export(name, to: file, limits: limits) } catch let error as Errno {
                throw StepError("the build's files can't be written to \(file): \(error)", isRetryable: true)
            }
        }
    }

    /// Reads at once. Where that fails, because the mirror lacks something, is damaged or was replaced meanwhile, it reads again when
    /// nobody fetches; then fetches the commit; then makes the mirror anew, if git itself finds it damaged too.
    private func read<T: Sendable>(
        _ commit: CommitID, of repository: RepositorySettings, doing: String, _ body: @escaping @Sendable (consuming Mirror) throws -> T
    ) async throws -> T {
        let path = folder(of: repository).path
        let attempt = { @Sendable () async throws -> Reading<T> in
            do {
                return .value(try await BlockingCall.run { try body(Mirror(at: path)) })
            } catch is MirrorLacks {
                return .failed("it is not there")
            } catch let failure as GitFailure {
                return .failed(oneLine(failure.message))
            }
        }
        if case .value(let value) = try await attempt() { return value }
        return try await alone(with: repository, doing: doing) { work, remote in
            if case .value(let value) = try await attempt() { return value }
            _ = try await work.fetch(.commit(commit), from: remote)
            var reading = try await attempt()
            if case .failed = reading, try await !work.isIntact(commit) {
                _ = try await work.rebuild(.commit(commit), from: remote)
                reading = try await attempt()
            }
            switch reading {
            case .value(let value): return value
            // Trying again would only fetch everything again: it is the commit that is odd.
            case .failed(let why): throw StepError("\(doing) failed: \(why); push a commit that git makes", isRetryable: false)
            }
        }
    }

    private enum Reading<T: Sendable> {
        case value(T)
        case failed(String)
    }

    private func folder(of repository: RepositorySettings) -> MirrorFolder {
        MirrorFolder(url: directory.appending(path: "\(repository.name).git", directoryHint: .isDirectory))
    }

    private func alone<T: Sendable>(
        with repository: RepositorySettings, doing: String,
        _ body: @escaping @Sendable (_ work: MirrorWork, _ remote: Remote) async throws -> T
    ) async throws -> T {
        let address = try RemoteAddress(repository.url)
        let work = MirrorWork(
            folder: folder(of: repository), limits: limits, path: machine["PATH"] ?? "/usr/local/bin:/usr/bin:/bin", logger: logger)
        let turnstile = turnstile(of: repository.name)
        return try await within(limits.total, doing, isRetryable: true) { [machine, login] in
            try await turnstile.pass {
                let remote = try await Remote(address, repository.credentials, machine: machine) { try await login(repository) }
                return try await body(work, remote)
            }
        }
    }

    /// Does `body`, and throws `StepError` when it takes longer than `limit`.
    private func within<T: Sendable>(
        _ limit: Duration, _ doing: String, isRetryable: Bool, _ body: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        try await withThrowingTaskGroup(of: T.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: limit)
                throw StepError("\(doing) took longer than \(limit)", isRetryable: isRetryable)
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { throw CancellationError() }
            return value
        }
    }

    private func turnstile(of name: RepositoryName) -> Turnstile {
        turnstiles.withLock { turnstiles in
            if let turnstile = turnstiles[name] { return turnstile }
            let turnstile = Turnstile()
            turnstiles[name] = turnstile
            return turnstile
        }
    }
}
