import ControlAPI
import FakeForges
import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

/// A pull request from a fork, with the real program on podman.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ForkTests {
    /// peers.md, complaint 14: a pull request's code could read what was meant for others.
    @Test func `a fork's commit runs once it is approved, by the stack file of its base`() async throws {
        try await PodmanServe.run { fixture async throws in
            try fixture.configure(more: "    forks: approval")
            let base = try await fixture.repository.commit(PodmanServeTests.stackFile("of the base"), to: "refs/heads/main")
            try await fixture.repository.git(["update-ref", PullRequest.headRef(7), base.description])
            let first = try await fixture.repository.commit(PodmanServeTests.stackFile("of the fork"), to: PullRequest.headRef(7))
            try await fixture.serving { serving async throws in
                #expect(try await serving.deliver(GitHubDelivery("opened", head: first, isFork: true)) == 202)
                try await serving.wait(for: .waiting)
                #expect(!FileManager.default.fileExists(atPath: fixture.state.appending(path: "git/shop.git").path), "nothing is fetched")
                let status = try await serving.cli(["status", "shop-7"]).output
                #expect(status.contains("slingshot approve shop-7 --sha \(first)"))
                let refused = try await serving.cli(["approve", "shop-7", "--sha", base.description], accepting: [1])
                #expect(refused.errors.contains("the commit of shop-7 is \(first)"))
                #expect(try await serving.cli(["approve", "shop-7", "--sha", first.description]).output.contains("is approved"))
                try await serving.wait(for: .ready)
                #expect(try await serving.client.stack("shop-7").commit == first.description)
                #expect(try await fixture.ask("web", "http://api/").contains("of the base"))

                let second = try await fixture.repository.commit(["README.md": "no stack file at all"], to: PullRequest.headRef(7))
                try await serving.deliver(GitHubDelivery("synchronize", head: second, isFork: true))
                try await serving.wait(for: .waiting)
                #expect(try await fixture.ask("web", "http://api/").contains("of the base"))
                await serving.process.kill()
            }
            try await fixture.serving { serving async throws in
                try await serving.wait(for: .waiting)
                try await serving.deliver(GitHubDelivery("closed", head: first, isFork: true))
                try await serving.wait(for: .destroyed)
            }
        }
    }

    @Test func `a fork that somebody asks for by name is known as one, and waits`() async throws {
        try await PodmanServe.run { fixture async throws in
            let base = try await fixture.repository.commit(PodmanServeTests.stackFile("of the base"), to: "refs/heads/main")
            try await fixture.repository.git(["update-ref", PullRequest.headRef(7), base.description])
            let head = try await fixture.repository.commit(PodmanServeTests.stackFile("of the fork"), to: PullRequest.headRef(7))
            try await FakeForge.running(.github, now: { Date() }) { forge async throws in
                forge.change { state in
                    var pullRequest = ForgeState.PullRequest(
                        7, title: "Mine, all mine", author: "mallory", head: head.description, at: Date())
                    pullRequest.isFork = true
                    state.add(pullRequest)
                }
                try fixture.configure(
                    more: "    forks: approval\n    credentials: {token: {env: SHOP_FORGE_TOKEN}}\n    api: \(forge.api)")
                try await fixture.serving(environment: ["SHOP_FORGE_TOKEN": "t0ken"]) { serving async throws in
                    _ = try await serving.cli(["create", "shop", "7"])
                    try await serving.wait(for: .waiting)
                    #expect(
                        !FileManager.default.fileExists(atPath: fixture.state.appending(path: "git/shop.git").path), "nothing is fetched")
                    let status = try await serving.cli(["status", "shop-7"]).output
                    #expect(status.contains("slingshot approve shop-7 --sha \(head)") && status.contains("Mine, all mine"), "\(status)")
                    _ = try await serving.cli(["approve", "shop-7", "--sha", head.description])
                    try await serving.wait(for: .ready)
                    #expect(try await fixture.ask("web", "http://api/").contains("of the base"))
                    _ = try await serving.cli(["destroy", "shop-7", "--wait"])
                }
            }
        }
    }
}
