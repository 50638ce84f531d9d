import StagingModel

/// What a forge should know of a stack. Pure.
///
/// A part that is nil is left as it is.
struct Report: Hashable {
    var comment: String?
    var status: StatusReport?
    var deployment: DeploymentReport?

    /// - Parameter told: what the forge was told before.
    init(_ stack: Stack, told: ToldFeedback, deployments: Bool) {
        // A pull request that gets no stack, or may yet turn out to get none: nobody asked for a word about it.
        let isUndecided = (stack.undecided == true || stack.unasked == true) && stack.phase == .queued
        if stack.wanted != .running || isUndecided, stack.fetched == nil, told.isNothing, stack.answer == nil { return }
        comment = CommentText.text(of: stack)
        status = StatusText.report(of: stack, told: told.status.value)
        if deployments { deployment = Self.deployment(of: stack) }
    }

    /// The parts of which the forge does not know.
    func open(_ told: ToldFeedback) -> [FeedbackPart] {
        FeedbackPart.allCases.filter { part in
            switch part {
            case .comment: comment != nil && comment != told.comment.value
            case .status: status != nil && status != told.status.value
            case .deployment: deployment != nil && deployment != told.deployment.value
            }
        }
    }

    private static func deployment(of stack: Stack) -> DeploymentReport? {
        let environment = "slingshot/\(stack.name)"
        guard stack.wanted == .running else { return .ended(environment: environment) }
        guard let fetched = stack.fetched, fetched.revision == stack.revision, Markdown.isWebAddress(stack.url) else { return nil }
        let state: ForgeDeployment.State
        switch stack.phase {
        case .building, .deploying: state = .running
        case .ready: state = .succeeded
        case .failed: state = .failed
        case .queued, .waiting, .sleeping, .destroying, .destroyed: return nil
        }
        let deployment = ForgeDeployment(
            environment: environment, commit: fetched.commit, branch: stack.pullRequest.branch, url: stack.url)
        return .deployed(deployment, state, description: StatusText.description(of: stack))
    }
}

/// What a forge is told, thing by thing.
enum FeedbackPart: String, CaseIterable {
    case comment, status, deployment
}
