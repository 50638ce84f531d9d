import ControlAPI
import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

/// Images built on this machine and run by a cluster, with the real program.
@Suite(.serialized, .timeLimit(.minutes(10))) struct BuildPushTests {
    /// The development cluster's own; `SLINGSHOT_DEMO_REGISTRY` names another cluster's.
    private let registry = ProcessInfo.processInfo.environment["SLINGSHOT_DEMO_REGISTRY"] ?? "10.207.0.1:5000"

    @Test func `a cluster gets the image from the registry`() async throws {
        try PodmanTestEngine.require()
        try await ServeFixture.run { fixture async throws in
            try fixture.configure(
                more: "builds: {push: \"\(registry)/slingshot\", insecure: true, network: none, localImages: [\"\(fixture.image)\"]}")
            let head = try await fixture.repository.commit(
                BuildFixture.files("from the registry", salt: fixture.prefix), to: PullRequest.headRef(7))
            try await fixture.serving { serving async throws in
                try await serving.launch(head)
                _ = try await fixture.page(containing: "from the registry")
                let events = try await serving.client.events(of: "shop-7").map(\.message)
                #expect(events.contains { $0.hasPrefix("built the image \(registry)/slingshot/\(fixture.prefix)shop:\(head)") })
                try await serving.deliver(GitHubDelivery("closed", head: head))
                try await serving.wait(for: .destroyed)
                try await BuildFixture.vanish(fixture.prefix)
            }
        }
    }

    @Test func `without a registry it says what is missing`() async throws {
        try await ServeFixture.run { fixture async throws in
            try fixture.configure()
            let head = try await fixture.repository.commit(BuildFixture.files("one", salt: fixture.prefix), to: PullRequest.headRef(7))
            try await fixture.serving { serving async throws in
                try await serving.deliver(GitHubDelivery("opened", head: head))
                try await serving.wait(for: .failed)
                let message = try await serving.client.stack("shop-7").message
                #expect(
                    message.hasPrefix(".slingshot.yaml:2: build: this server has no place for the image; set `builds.push`"), "\(message)")
            }
        }
    }
}
