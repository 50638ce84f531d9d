import Foundation
import Logging
public import Orchestration
public import StagingModel
import Synchronization

/// Builds images with podman on this machine, each in a ``Workshop``.
public struct PodmanBuilder: ImageBuilder {
    let client: PodmanClient
    let engine: Engine
    let prefix: String
    let settings: BuildSettings
    let context: any BuildContextSource
    /// Shared by all builders of the server.
    let queue: Turnstile
    /// For the outputs of builds, and what builds need while they run.
    let folder: URL
    let clock: any WallClock
    let logger: Logger
    let alive = Alive()

    /// The namespaces of the builds under way.
    final class Alive: Sendable {
        private let names = Mutex<Set<String>>([])
        var all: Set<String> { names.withLock { $0 } }
        func add(_ name: String) { names.withLock { _ = $0.insert(name) } }
        func remove(_ name: String) { names.withLock { _ = $0.remove(name) } }
    }

    var log: BuildLog { BuildLog(folder: folder) }

    public func build(_ request: BuildRequest, onProgress: @Sendable (String) async throws -> Void) async throws -> BuildOutcome {
        try await translatingErrors(about: "image \(request.image)") {
            if try await exists(request.image) { return .found }
            let hasToWait = queue.isFull
            if hasToWait { try await onProgress("waiting for another build") }
            return try await queue.pass {
                // another stack of the same commit may have built it meanwhile
                if try await exists(request.image) { return .found }
                if hasToWait { try await onProgress("building the image of \(request.commit.short)") }
                try await make(request)
                return .built
            }
        }
    }

    public func output(of stack: StackName, last count: Int) async -> [LogLine] { log.tail(stack, count: count) }

    public func prune(keeping images: Set<String>, outputsOf stacks: Set<StackName>) async throws -> Int {
        log.forget(allBut: stacks)
        return try await translatingErrors(about: "images") {
            try await WorkshopSweep(client: client, prefix: prefix, logger: logger).removeAll(except: alive.all, below: folder)
            return try await ImagePruning(client: client, prefix: prefix).prune(keeping: images, isBuilding: !alive.all.isEmpty)
        }
    }

    private func make(_ request: BuildRequest) async throws {
        try await engine.check()
        // its workshop would need mounts and process spaces that a confined service of a user can't have
        guard try await !engine.facts().isRootless else {
            throw StepError(
                "`build` needs root's podman, and this one is a user's; name an image that can be pulled, or see docs/one-box.md for root's",
                isRetryable: true)
        }
        let namespace = prefix + request.stack.description
        alive.add(namespace)
        defer { alive.remove(namespace) }
        do { try log.begin(request.stack) } catch {
            throw StepError("the build's output can't be kept in \(folder.path): \(error.localizedDescription)", isRetryable: true)
        }
        let workshop = Workshop(
            client: client, namespace: namespace, prefix: prefix, access: settings.access,
            folder: folder.appending(path: Workshop.folderName(namespace), directoryHint: .isDirectory), logger: logger)
        try await workshop.run { podman in
            let archive = workshop.folder.appending(path: "context.tar")
            try await context.export(
                request.recipe.context, at: request.commit, of: request.repository, to: archive.path, limits: BuildContextLimits())
            try await build(request, archive, namespace: namespace, with: podman)
        }
    }

    private func build(_ request: BuildRequest, _ archive: URL, namespace: String, with podman: PodmanClient) async throws {
        let query = BuildQuery.items(request, namespace: namespace, prefix: prefix, settings: settings)
        var output = BuildOutput()
        do {
            try await podman.objects(.post, "/build", query, .file(archive)) { object in
                try log.append(output.add(object), of: request.stack, at: clock.now)
            }
        } catch let error as PodmanError {
            throw StepError("the build broke off: \(error.description)", isRetryable: error.isRetryable)
        }
        try log.append(output.finish(), of: request.stack, at: clock.now)
        guard let reason = output.failure else { return }
        let text = BuildFailure.text(reason, lines: log.tail(request.stack, count: 40).map(\.text))
        throw StepError(text, isRetryable: false)
    }

    private func exists(_ image: String) async throws -> Bool { try await Images(client: client).exists(image) }
}
