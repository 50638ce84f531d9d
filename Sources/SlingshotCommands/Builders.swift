import Foundation
import Logging
import Orchestration
import PodmanRuntime
import StagingModel

extension ServerConfiguration {
    /// Says of each repository under which name its images are kept; of none that runs on a cluster, without a registry to push them to.
    mutating func nameImages() {
        let prefix = policy.addressing.namespacePrefix
        for index in repositories.indices {
            let name = repositories[index].settings.name
            switch runtimes[repositories[index].settings.runtime] {
            case .podman: repositories[index].settings.imageRepository = PodmanRuntime.imageRepository(of: name, namespacePrefix: prefix)
            case .kubernetes: repositories[index].settings.imageRepository = builds.push.map { "\($0)/\(prefix)\(name)" }
            case nil: break
            }
        }
    }
}

/// Who builds images, for each runtime whose stacks can have them.
struct Builders {
    let configuration: ServerConfiguration
    let context: any BuildContextSource
    let logger: Logger

    func of(_ runtimes: [String: any StackRuntime]) -> [String: any ImageBuilder] {
        let queue = Turnstile(places: configuration.builds.concurrency)
        let folder = configuration.state.appending(path: "builds", directoryHint: .isDirectory)
        return runtimes.compactMapValues { runtime in
            (runtime as? PodmanRuntime)?.builder(configuration.builds.settings, context: context, queue: queue, folder: folder)
        }
    }
}
