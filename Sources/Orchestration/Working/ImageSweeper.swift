import Foundation
public import Logging
public import ServiceLifecycle
public import StagingModel

/// Keeps of the images that were built only those of stacks that live: at the start, soon after a stack got ready or went, and every ten minutes,
/// because what a crash left announces itself to nobody.
public struct ImageSweeper: Service {
    static let interval: TimeInterval = 600
    /// Seconds until the next look when one failed: podman gives up listing when something is removed meanwhile.
    static let impatience: TimeInterval = 10
    /// Seconds between a change and the look that it causes: what comes together is looked at together.
    static let settling: TimeInterval = 1

    let store: any StackStore
    let builders: [any ImageBuilder]
    let repositories: [RepositoryName: RepositorySettings]
    /// The stacks whose records changed.
    let changes: AsyncStream<StackName>
    let clock: any WallClock
    let logger: Logger

    public init(
        store: any StackStore, builders: [any ImageBuilder], repositories: [RepositorySettings], changes: AsyncStream<StackName>,
        clock: any WallClock, logger: Logger
    ) {
        self.store = store
        self.builders = builders
        self.repositories = Dictionary(repositories.map { ($0.name, $0) }) { first, _ in first }
        self.changes = changes
        self.clock = clock
        self.logger = logger
    }

    /// Runs until the task is cancelled or the service shuts down.
    public func run() async throws {
        let agenda = Agenda()
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { for await name in changes where await isSettled(name) { agenda.change() } }
                while !Task.isCancelled {
                    let pause = await sweep() ? Self.interval : Self.impatience
                    await agenda.wait(until: clock.now.addingTimeInterval(pause), clock: clock)
                    try? await clock.sleep(until: clock.now.addingTimeInterval(Self.settling))
                }
                group.cancelAll()
            }
        }
    }

    /// Whether the stack has just now stopped needing an image: its older one, or all.
    private func isSettled(_ name: StackName) async -> Bool {
        guard let stack = try? await store.read({ try $0.stack(name) }) else { return false }
        return stack.phase == .ready || stack.phase == .destroyed
    }

    /// Whether all went well.
    private func sweep() async -> Bool {
        do {
            let stacks = try await store.read { try $0.stacks(includingDestroyed: false) }
            let images = Set(stacks.flatMap(images))
            for builder in builders {
                let count = try await builder.prune(keeping: images, outputsOf: Set(stacks.map(\.name)))
                if count > 0 { logger.info("removed images that no stack uses", metadata: ["images": "\(count)"]) }
            }
            return true
        } catch {
            if !Task.isCancelled { logger.warning("images could not be looked through", metadata: ["error": "\(error)"]) }
            return false
        }
    }

    /// Those that a stack runs, or is about to.
    private func images(of stack: Stack) -> [String] {
        let commits = [stack.fetched?.commit, stack.deployed?.commit].compactMap(\.self)
        return commits.compactMap { repositories[stack.name.repository]?.image(of: $0) } + [stack.fetched?.image].compactMap(\.self)
    }
}
