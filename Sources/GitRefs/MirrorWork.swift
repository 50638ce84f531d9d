import Foundation
import Logging
import Orchestration
import StagingModel

/// Fetching into one mirror, repairing it, and keeping it small. One at a time for each mirror; readers may go on meanwhile.
struct MirrorWork: Sendable {
    let folder: MirrorFolder
    let limits: GitLimits
    /// Where programs are looked for.
    let path: String
    /// How much a mirror may outgrow twice its clean size, in bytes.
    var slack = 256 << 20
    var mostPacks = 16
    let logger: Logger

    /// Brings `target` up to what the address says now, transferring only what the mirror lacks, and returns the commit that it names. A
    /// ref that moved to unrelated history is replaced. A damaged mirror is replaced by a new one.
    func fetch(_ target: FetchTarget, from remote: Remote) async throws -> CommitID {
        try folder.prepare(for: target)
        do {
            return try await transfer(target, from: remote)
        } catch let failure as TransferFailure {
            guard failure.canBeTheMirrors, try await !isSound() else { throw failure.error }
            logger.warning("the mirror is damaged and made anew", metadata: ["mirror": "\(folder.path)", "why": "\(failure.error)"])
            return try await rebuild(target, from: remote)
        }
    }

    /// Replaces the mirror by a new one. Until that has been fetched, the old one stays in its place, as far as it can be read.
    func rebuild(_ target: FetchTarget, from remote: Remote) async throws -> CommitID {
        let successor = folder.successor
        try successor.prepare(for: target)
        let work = MirrorWork(folder: successor, limits: limits, path: path, logger: logger)
        do {
            let commit = try await work.transfer(target, from: remote)
            try successor.replace(folder)
            return commit
        } catch let failure as TransferFailure {
            throw failure.error
        }
    }

    /// Asks the server whether it is there and opens; transfers nothing.
    func reach(_ remote: Remote) async throws {
        try folder.prepare(for: .head)
        let command = GitCommand(
            arguments: ["ls-remote", "--quiet"] + remote.arguments + ["--", remote.address.url, FetchTarget.head.source],
            configuration: remote.configuration, environment: remote.environment)
        let result = try await command.run(in: folder.path, path: path, limits: limits)
        guard result.succeeded else { throw TransferFailure(result, fetching: .head, from: remote, limits: limits).error }
    }

    private func transfer(_ target: FetchTarget, from remote: Remote) async throws -> CommitID {
        let command = GitCommand(
            arguments: [
                "fetch", "--progress", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--no-recurse-submodules",
                "--no-write-commit-graph", "--refmap=",
            ] + remote.arguments + ["--", remote.address.url, "+\(target.source):\(MirrorFolder.refName(target))"],
            configuration: remote.configuration, environment: remote.environment)
        let result = try await command.run(in: folder.path, path: path, limits: limits)
        guard result.succeeded else { throw TransferFailure(result, fetching: target, from: remote, limits: limits) }
        let (path, name) = (folder.path, MirrorFolder.refName(target))
        do {
            guard let commit = try await BlockingCall.run({ try Mirror(at: path).commit(of: name) }) else {
                throw StepError(
                    "\(target) in \(remote.address) does not name a commit; name a branch, a pull request or a tag", isRetryable: false)
            }
            folder.touch(target, at: Date())
            return commit
        } catch let failure as GitFailure {
            throw TransferFailure(failure, in: folder)
        }
    }

    /// Whether everything that the refs reach is there and can be opened.
    private func isSound() async throws -> Bool {
        try await local(["rev-list", "--objects", "--all", "--quiet"])
    }

    /// Whether git itself can read all files of the commit, and its history.
    func isIntact(_ commit: CommitID) async throws -> Bool {
        guard try await local(["archive", "--format=tar", "--output=/dev/null", commit.description]) else { return false }
        return try await isSound()
    }

    /// Runs a command that talks to nobody; false when it fails.
    private func local(_ arguments: [String]) async throws -> Bool {
        var limits = limits
        limits.silence = limits.total
        return try await GitCommand(arguments: arguments).run(in: folder.path, path: path, limits: limits).succeeded
    }
}

extension MirrorWork {
    /// In days; longer than most leases. A commit that is read later than that is fetched again.
    private static let refAge = 14.0

    /// Keeps the mirror's growth bounded, once enough fetches have left a pack each: small packs are merged, and when the mirror has more
    /// than doubled since it was last clean, everything is dropped that no ref of the last two weeks reaches. A command that is killed
    /// half-way has changed nothing; readers that lose a pack under their hands find its objects in the new one.
    func keepSmall(now: Date) async throws {
        guard folder.packCount > mostPacks else { return }
        folder.dropRefs(before: now.addingTimeInterval(-Self.refAge * 86_400))
        let hasOutgrown = folder.size > 2 * folder.cleanSize + slack
        if !hasOutgrown, try await local(["repack", "--geometric=2", "-d", "-q"]) { return }
        // Also drops packs that are damaged, and whose objects were fetched again since.
        if try await local(["repack", "-a", "-d", "-q"]) {
            folder.cleanSize = folder.size
        } else {
            logger.warning("the mirror's packs can't be merged; look at its disk", metadata: ["mirror": "\(folder.path)"])
        }
    }
}
