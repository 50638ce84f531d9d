import ControlAPI
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Orchestration
import Service
import SlingshotTestSupport
import StagingModel
import Testing

@Suite struct PlanRoutesTests {
    private static let plan = Plan(
        stack: Samples.stackName(), namespace: "staging-shop-7", commit: Samples.commit("a"), url: "", timeToLive: nil, objects: [],
        digest: "new")

    private func get(_ planner: @escaping StackPlanner) async throws -> (Int, String) {
        let answer = Answer()
        try await ServiceFixture.run(plan: planner) { fixture async throws in
            _ = try await fixture.call(.post, "/api/v1/stacks", json: #"{"repository":"shop","number":7}"#)
            let response = try await fixture.call(.get, "/api/v1/stacks/shop-7/plan")
            await answer.set(response.status.code, String(buffer: response.body))
            #expect(try await fixture.call(.get, "/api/v1/stacks/shop-8/plan").status == .notFound)
            #expect(try await fixture.call(.get, "/api/v1/stacks/shop-7/plan", token: nil).status == .unauthorized)
        }
        return await answer.value
    }

    private actor Answer {
        var value = (0, "")
        func set(_ status: Int, _ text: String) { value = (status, text) }
    }

    @Test func tellsWhatWasDeployed() async throws {
        let (status, text) = try await get { stack in
            StackPlan(
                Self.plan, deployedDigest: "old", objects: [], salt: "s", repository: Samples.repository(),
                addressing: Samples.policy.addressing, pullRequest: stack.pullRequest)
        }
        let told = try ControlCoding.decode(StackPlan.self, from: Data(text.utf8))
        #expect(status == 200 && told.digest == "new" && told.deployedDigest == "old" && told.repository.url.isEmpty)
    }

    @Test func refusesWhatIsNotDeployed() async throws {
        let (status, text) = try await get { _ in nil }
        #expect(status == 409 && text.contains("not-deployed"))
        let (gone, why) = try await get { _ in throw StepError("the mirror lacks it", isRetryable: true) }
        #expect(gone == 409 && why.contains("the mirror lacks it"))
    }
}
