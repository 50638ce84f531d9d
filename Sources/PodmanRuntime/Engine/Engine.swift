import Foundation
import Logging
import Orchestration

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Whether podman, at the other end of the socket, is one that stacks can run on.
actor Engine {
    private let client: PodmanClient
    private let logger: Logger
    private let folder: URL
    private var known: EngineFacts?
    private var profile: String?

    /// - Parameter folder: for what is written for podman to read.
    init(client: PodmanClient, folder: URL, logger: Logger) {
        self.client = client
        self.folder = folder
        self.logger = logger
    }

    /// Looks once, and sets the machine's firewall each time: somebody may have flushed it. Throws `StepError`, which names the fix.
    func check() async throws {
        // a user's podman has its bridges in a namespace that is made with the first container; its firewall is the keeper's
        if try await !facts().isRootless { try await Firewall.ensure() }
    }

    /// The profile of system calls for containers, a file; nil where podman uses none. Throws `StepError` when it can't be written.
    func seccompProfile() async throws -> String? {
        if let profile { return profile }
        guard let podmans = try await facts().seccompProfile else { return nil }
        do { profile = try SeccompProfile.write(into: folder, from: podmans) } catch {
            throw StepError("\(folder.path) can't be written: \(error.localizedDescription); correct `state`", isRetryable: true)
        }
        return profile
    }

    /// What podman said when it was first asked, and was found good. Throws `StepError`, which names the fix, and ``PodmanError``.
    func facts() async throws -> EngineFacts {
        if let known { return known }
        // Of an old version not all of what is read further down may be there.
        struct Version: Decodable {
            var version: String
            private enum CodingKeys: String, CodingKey { case version = "Version" }
        }
        let version: Version = try await client.get("/version")
        if let problem = EngineFacts.problem(version: version.version) { throw StepError(problem, isRetryable: true) }
        let facts = EngineFacts(info: try await client.get("/info"))
        let problem = facts.problem(caller: Int(geteuid())) { path in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
        }
        if let problem { throw StepError(problem, isRetryable: true) }
        if known == nil {
            for warning in facts.warnings {
                logger.warning("podman will do, but not all is as it could be", metadata: ["reason": "\(warning)"])
            }
        }
        known = facts
        return facts
    }
}
