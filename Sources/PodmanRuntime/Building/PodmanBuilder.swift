import Foundation
import Logging
public import Orchestration
public import StagingModel

/// Builds images with podman on this machine, each in a ``Workshop``, and pushes them where a cluster is to run them.
public struct PodmanBuilder: ImageBuilder {
    let client: PodmanClient
    let engine: Engine
    let prefix: String
    /// The names of all its images begin with this.
    let names: String
    let settings: BuildSettings
    /// Nil when the images stay on this machine.
    let registry: BuildSettings.Registry?
    let context: any BuildContextSource
    let yard: BuildYard
    let clock: any WallClock
    let logger: Logger

    public func build(_ request: BuildRequest, onProgress: @Sendable (String) async throws -> Void) async throws -> BuildOutcome {
        try await translatingErrors(about: "image \(request.image)") {
            let outcome = try await find(request, onProgress)
            if let registry {
                try await onProgress("pushing \(request.image)")
                try await ImagePush(client: client, registry: registry).push(request.image)
            }
            return outcome
        }
    }

    private func find(_ request: BuildRequest, _ onProgress: @Sendable (String) async throws -> Void) async throws -> BuildOutcome {
        if try await exists(request.image) { return .found }
        let hasToWait = yard.queue.isFull
        if hasToWait { try await onProgress("waiting for another build") }
        return try await yard.queue.pass {
            // another stack of the same commit may have built it meanwhile
            if try await exists(request.image) { return .found }
            if hasToWait { try await onProgress("building the image of \(request.commit.short)") }
            try await yard.building(prefix + request.stack.description) { try await make(request) }
            return .built
        }
    }

    public func output(of stack: StackName, last count: Int) async -> [LogLine] { yard.log.tail(stack, count: count) }

    public func follow(_ stack: StackName) async -> AsyncStream<LogLine> { yard.log.follow(stack) }

    public func prune(keeping images: Set<String>, outputsOf stacks: Set<StackName>) async throws -> Int {
        yard.log.forget(allBut: stacks)
        return try await translatingErrors(about: "images") {
            try await WorkshopSweep(client: client, prefix: prefix, logger: logger).removeAll(below: yard.folder, except: yard.isAlive)
            let pruning = ImagePruning(client: client, prefix: prefix, names: names)
            let count = try await pruning.prune(keeping: images)
            return count + (try await yard.unlessBuilding { try await pruning.pruneLayers() } ?? 0)
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
        let containerfile = try await containerfile(of: request)
        do { try yard.log.begin(request.stack) } catch {
            throw StepError("the build's output can't be kept in \(yard.folder.path): \(error.localizedDescription)", isRetryable: true)
        }
        defer { yard.log.end(request.stack) }
        let storage = try await storage(of: client)
        let limits = BuildGuard(settings: settings, storage: storage, clock: clock)
        try limits.admit()
        let namespace = prefix + request.stack.description
        let workshop = Workshop(
            client: client, namespace: namespace, prefix: prefix, access: settings.access,
            folder: yard.folder.appending(path: Workshop.folderName(namespace), directoryHint: .isDirectory), logger: logger)
        do {
            try await workshop.run { podman in
                guard try await self.storage(of: podman) == storage else {
                    throw StepError(
                        "the runtime's podman keeps its images elsewhere than podman here; leave `socket` out", isRetryable: false)
                }
                try await limits.watch {
                    let images = BaseImages(client: podman, settings: settings, containerfile: containerfile)
                    try await images.bring { try yard.log.append([$0], of: request.stack, at: clock.now) }
                    try await build(request, in: workshop, with: podman)
                }
            }
        } catch let error as PodmanError {
            throw StepError("the build broke off: \(error.description)", isRetryable: error.isRetryable)
        } catch let error as StepError {
            let lines = yard.log.tail(request.stack, count: 40).map(\.text)
            throw StepError(BuildFailure.text(error.message, lines: lines), isRetryable: error.isRetryable)
        }
    }

    /// The file itself, looked at before anything is begun.
    private func containerfile(of request: BuildRequest) async throws -> Containerfile {
        let recipe = request.recipe
        func path(_ file: String) -> String { recipe.context.isEmpty ? file : "\(recipe.context)/\(file)" }
        func read(_ file: String) async throws -> [UInt8]? {
            try await context.file(path(file), at: request.commit, of: request.repository, limit: Containerfile.largest)
        }
        // podman reads these on the machine, where a link would lead out of the tree; reading them here refuses links
        for ignoring in [".containerignore", ".dockerignore", "\(recipe.file).containerignore", "\(recipe.file).dockerignore"] {
            _ = try await read(ignoring)
        }
        guard let bytes = try await read(recipe.file) else {
            throw StepError(
                "there is no \(path(recipe.file)) at \(request.commit.short); add it, or name yours: build: {file: Dockerfile}",
                isRetryable: false)
        }
        return try Containerfile(bytes, file: path(recipe.file), arguments: recipe.arguments)
    }

    private func build(_ request: BuildRequest, in workshop: Workshop, with podman: PodmanClient) async throws {
        let archive = workshop.folder.appending(path: "context.tar")
        try await context.export(
            request.recipe.context, at: request.commit, of: request.repository, to: archive.path, limits: BuildContextLimits())
        let query = BuildQuery.items(request, namespace: workshop.namespace, prefix: prefix, settings: settings)
        var output = BuildOutput()
        try await podman.objects(.post, "/build", query, .file(archive)) { object in
            try yard.log.append(output.add(object), of: request.stack, at: clock.now)
        }
        try yard.log.append(output.finish(), of: request.stack, at: clock.now)
        if let reason = output.failure {
            let lines = yard.log.tail(request.stack, count: 10).map(\.text)
            throw BuildFailure.error(reason, lines: lines, size: settings.size)
        }
        guard try await exists(request.image) else { throw PodmanError.undecodable("it told of no error, and there is no image") }
    }

    /// Where podman keeps images.
    private func storage(of client: PodmanClient) async throws -> URL {
        struct Info: Decodable {
            struct Store: Decodable { var graphRoot: String }
            var store: Store
        }
        let info: Info = try await client.get("/info")
        return URL(filePath: info.store.graphRoot, directoryHint: .isDirectory)
    }

    private func exists(_ image: String) async throws -> Bool { try await Images(client: client).exists(image) }
}
