import ControlAPI
import FakeForges
import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

/// What GitHub sends while nobody listens, with the real program on podman.
@Suite(.serialized, .timeLimit(.minutes(10))) struct RedeliveryTests {
    @Test func `a pull request that was opened while serve was down gets its stack when it is back`() async throws {
        try await PodmanServe.run { fixture async throws in
            let head = try await fixture.repository.commit(PodmanServeTests.stackFile("one"), to: PullRequest.headRef(7))
            let delivery = GitHubDelivery("opened", head: head)
            try await FakeForge.running(.github, now: { Date() }) { forge async throws in
                let port = try await GatewayVisitor().port
                forge.change { state in
                    state.pullRequests[7] = .init(7, head: head.description, at: Date())
                    state.webhooks[0].url = "http://127.0.0.1:\(port)/webhooks/github"
                }
                try fixture.configure(
                    listen: "127.0.0.1:\(port)", more: "    credentials: {token: {env: SHOP_FORGE_TOKEN}}\n    api: \(forge.api)")
                await forge.deliver(delivery.id, headers: delivery.headers(secret: ServeFixture.secret), body: delivery.body)
                #expect(forge.state.deliveries.map(\.status) == [502])
                // It is down for a minute.
                forge.change { $0.deliveries[0].at.addTimeInterval(-60) }
                try await fixture.serving(environment: ["SHOP_FORGE_TOKEN": "t0ken"]) { serving async throws in
                    try await forge.wait { $0.deliveries.map(\.status) == [502, 202] }
                    try await serving.wait(for: .ready)
                    #expect(try await serving.client.stack("shop-7").commit == head.description)
                    _ = try await serving.cli(["destroy", "shop-7", "--wait"])
                }
                #expect(forge.state.deliveries.count == 2)
            }
        }
    }
}
