import ControlAPI
import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

/// From each forge's signed delivery to a stack that is gone, with the real program on podman, and a repository that serves heads where the
/// forge does.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ForgeServeTests {
    @Test(arguments: Forge.allCases)
    func `a pull request becomes a stack, is updated, and ends`(forge: Forge) async throws {
        try await PodmanServe.run { fixture async throws in
            try fixture.configure(forge: forge)
            let pullRequest = PullRequest(
                number: 42, branch: "basket/total", ref: forge == .generic ? "refs/heads/basket/total" : nil)
            let ref = try #require(forge.headRef(of: pullRequest))
            let opened = try ForgeDelivery.opened(on: forge)
            let first = try await fixture.repository.commit(PodmanServeTests.stackFile("one"), to: ref)
            try await fixture.serving { serving async throws in
                func wait(for phase: String) async throws {
                    _ = try await serving.cli(["status", "shop-42", "--wait-for", phase, "--timeout", "2m"])
                }
                #expect(try await serving.deliver(opened.at(first)) == 202)
                try await wait(for: "ready")
                #expect(try await serving.client.stack("shop-42").commit == first.description)
                let second = try await fixture.repository.commit(PodmanServeTests.stackFile("two"), to: ref)
                #expect(try await serving.deliver(opened.at(second).pushed(id: "d2")) == 202)
                try await wait(for: "ready")
                #expect(try await serving.client.stack("shop-42").commit == second.description)
                #expect(try await serving.deliver(opened.at(second).closed(id: "d3")) == 202)
                try await wait(for: "destroyed")
            }
        }
    }
}
