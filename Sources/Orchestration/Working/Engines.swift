public import CoreMetrics
public import StagingModel

/// Everything outside that the orchestrator's steps need.
public struct Engines: Sendable {
    public var store: any StackStore
    /// The runtimes by their key in the configuration.
    public var runtimes: [String: any StackRuntime]
    /// Who builds the images for a runtime, by its key.
    public var builders: [String: any ImageBuilder]
    public var refs: any ChangeSource
    /// The client of a repository's forge; nil where it has none. Throws ``ForgeError``.
    public var forge: @Sendable (RepositorySettings) throws -> (any ForgeClient)?
    public var clock: any WallClock
    /// Where the work is counted.
    public var metrics: any MetricsFactory

    public init(
        store: any StackStore, runtimes: [String: any StackRuntime], builders: [String: any ImageBuilder] = [:], refs: any ChangeSource,
        forge: @escaping @Sendable (RepositorySettings) throws -> (any ForgeClient)? = { _ in nil },
        clock: any WallClock, metrics: any MetricsFactory = NOOPMetricsHandler.instance
    ) {
        self.store = store
        self.runtimes = runtimes
        self.builders = builders
        self.refs = refs
        self.forge = forge
        self.clock = clock
        self.metrics = metrics
    }

    func runtime(of copy: Placement) throws -> any StackRuntime {
        guard let runtime = runtimes[copy.runtime] else {
            throw StepError(
                "the runtime \"\(copy.runtime)\" is not configured any more, and what stands there can't be destroyed; add it under `runtimes` again",
                isRetryable: false)
        }
        return runtime
    }

    func runtime(of stack: Stack) throws -> any StackRuntime {
        guard let runtime = runtimes[stack.runtime] else {
            throw StepError("the runtime \"\(stack.runtime)\" is not configured; add it under `runtimes`", isRetryable: false)
        }
        return runtime
    }

    func builder(of stack: Stack) throws -> any ImageBuilder {
        guard let builder = builders[stack.runtime] else {
            throw StepError(
                "nobody builds images for the runtime \"\(stack.runtime)\"; set `builds.push` in the configuration", isRetryable: false)
        }
        return builder
    }
}

/// What the configuration says about every stack.
public struct OrchestrationSettings: Sendable {
    public var repositories: [RepositoryName: RepositorySettings]
    public var policy: LaunchPolicy
    /// How long, in seconds, a deploy may take to get ready before it is called failed: 10 min unless configured.
    public var readyTimeout: Int

    public init(repositories: [RepositorySettings], policy: LaunchPolicy, readyTimeout: Int = 600) {
        self.repositories = Dictionary(repositories.map { ($0.name, $0) }) { first, _ in first }
        self.policy = policy
        self.readyTimeout = readyTimeout
    }

    func repository(of stack: Stack) throws -> RepositorySettings {
        guard let settings = repositories[stack.name.repository] else {
            throw StepError("the repository \"\(stack.name.repository)\" is not configured any more", isRetryable: false)
        }
        return settings
    }
}
