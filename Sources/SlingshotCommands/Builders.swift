import Foundation
import Logging
import Orchestration
import PodmanRuntime
import StagingModel

extension ServerConfiguration {
    /// Says of each repository under which name its images are kept; of none that runs on a cluster, without a registry to push them to.
    mutating func nameImages() {
        for index in repositories.indices {
            let settings = repositories[index].settings
            repositories[index].settings.imageRepository = runtimes[settings.runtime].flatMap { imageNames($0) }.map {
                "\($0)\(settings.name)"
            }
        }
    }

    /// What the names of all images for a runtime begin with; nil when there is no place for them.
    private func imageNames(_ runtime: Runtime) -> String? {
        let prefix = policy.addressing.namespacePrefix
        return switch runtime {
        case .podman: PodmanRuntime.imageNames(namespacePrefix: prefix)
        case .kubernetes: builds.push.map { "\($0)/\(prefix)" }
        }
    }

    /// Runs `body` with all that the server works with: a runtime for each configured engine, and who builds images for it.
    func withEngines<T: Sendable>(
        context: any BuildContextSource, logger: Logger, _ body: ([String: any StackRuntime], [String: any ImageBuilder]) async throws -> T
    ) async throws -> T {
        try await Clusters.with(
            runtimes, namespacePrefix: policy.addressing.namespacePrefix, state: state, keeps: true, logger: logger
        ) { runtimes in
            try await withBuilders(for: runtimes, context: context, logger: logger) { try await body(runtimes, $0) }
        }
    }

    /// Runs `body` with those who build images, by runtime. Images are built with podman on this machine, also those that clusters run: with the
    /// first configured one, or, where none is, with one that is started when it is needed.
    private func withBuilders<T: Sendable>(
        for runtimes: [String: any StackRuntime], context: any BuildContextSource, logger: Logger,
        _ body: ([String: any ImageBuilder]) async throws -> T
    ) async throws -> T {
        let yard = BuildYard(folder: state.appending(path: "builds", directoryHint: .isDirectory), places: builds.concurrency)
        let registry = try builds.registry()
        let podmans = runtimes.compactMapValues { $0 as? PodmanRuntime }
        func builders(pushing: PodmanRuntime?) -> [String: any ImageBuilder] {
            var builders: [String: any ImageBuilder] = [:]
            for (name, kind) in self.runtimes {
                guard let names = imageNames(kind) else { continue }
                if let own = podmans[name] {
                    builders[name] = own.builder(builds.settings, names: names, context: context, yard: yard)
                } else {
                    builders[name] = pushing?.builder(builds.settings, names: names, registry: registry, context: context, yard: yard)
                }
            }
            return builders
        }
        if let first = podmans.min(by: { $0.key < $1.key })?.value { return try await body(builders(pushing: first)) }
        guard builds.push != nil else { return try await body([:]) }
        let folder = state.appending(path: "podman", directoryHint: .isDirectory)
        let prefix = policy.addressing.namespacePrefix
        return try await PodmanRuntime.with(
            .init(socket: nil, folder: folder, namespacePrefix: prefix, keeps: false, forwarder: ForwardCommand.program), logger: logger
        ) { try await body(builders(pushing: $0)) }
    }
}
