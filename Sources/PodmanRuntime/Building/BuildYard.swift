public import Foundation
import Orchestration
import StagingModel
import Synchronization

/// What all builders of a server share: the queue of builds, which of them are under way, and their outputs.
public final class BuildYard: Sendable {
    /// For the outputs of builds, and what builds need while they run.
    let folder: URL
    let queue: Turnstile
    let log: BuildLog
    private let names = Mutex<Set<String>>([])

    /// - Parameter places: how many builds may run at a time.
    public init(folder: URL, places: Int) {
        self.folder = folder
        queue = Turnstile(places: places)
        log = BuildLog(folder: folder)
    }

    /// No build begins while layers are looked through that nothing is made of yet.
    private let gate = Turnstile()

    /// Whether the build of a namespace is under way, by the namespace or by its workshop's folder: what is its own is nobody's to clear away.
    func isAlive(_ name: String) -> Bool { names.withLock { $0.contains { $0 == name || Workshop.folderName($0) == name } } }

    func building<T>(_ namespace: String, _ body: () async throws -> T) async throws -> T {
        try await gate.pass { names.withLock { _ = $0.insert(namespace) } }
        defer { names.withLock { _ = $0.remove(namespace) } }
        return try await body()
    }

    /// Runs `body` when nothing is being built, and lets nothing begin meanwhile. Returns nil when something is.
    func unlessBuilding<T>(_ body: () async throws -> T) async throws -> T? {
        try await gate.pass {
            guard names.withLock({ $0.isEmpty }) else { return nil }
            return try await body()
        }
    }
}
