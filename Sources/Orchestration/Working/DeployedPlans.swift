public import StagingModel

/// Renders again what stacks were deployed from. Planning is pure, so that is what was applied, unless the configuration, the program or
/// the pull request has changed since; the recorded digest tells.
public struct DeployedPlans: Sendable {
    private let refs: any RefSource
    private let settings: OrchestrationSettings

    public init(refs: any RefSource, settings: OrchestrationSettings) {
        self.refs = refs
        self.settings = settings
    }

    /// Nil when nothing was deployed yet. Throws ``StepError`` when the commit can't be read or planned any more.
    public func plan(of stack: Stack) async throws -> (plan: Plan, repository: RepositorySettings)? {
        guard let deployed = stack.deployed else { return nil }
        let repository = try settings.repository(of: stack)
        let source = PlanSource(refs: refs, addressing: settings.policy.addressing, repository: repository)
        return (try await source.plan(for: stack, commit: deployed.commit, base: deployed.base), repository)
    }
}
