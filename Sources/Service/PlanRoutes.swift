public import ControlAPI
import Hummingbird
import Orchestration
public import StagingModel

/// `/api/v1/stacks/{stack}/plan`.
struct PlanRoutes {
    let store: any StackStore
    let plan: StackPlanner

    func add(to api: RouterGroup<CallContext>) {
        api.get("stacks/:stack/plan") { _, context in
            let name = try context.stackName
            guard let stack = try await store.read({ try $0.stack(name) }) else { throw RequestRefusal.unknownStack(name.description) }
            do {
                guard let plan = try await plan(stack) else {
                    throw refusal("not-deployed", "\(name) has not been deployed yet: \(stack.message)")
                }
                return try Response.json(plan)
            } catch let error as StepError {
                throw refusal("no-plan", "the deployed commit can't be planned any more: \(error.message)")
            }
        }
    }

    private func refusal(_ code: String, _ detail: String) -> Problem { Problem(code, status: 409, title: "No plan", detail: detail) }
}

/// Renders what a stack was deployed from; nil when nothing was.
public typealias StackPlanner = @Sendable (Stack) async throws -> StackPlan?
