import FakeForges
import Forges
import Foundation
import Orchestration
import StagingModel
import Testing

@Suite struct GitLabTests {
    private static let deployment = ForgeDeployment(
        environment: "staging/shop-7", commit: commit, branch: "thing", url: "https://shop-7.example.com")

    @Test func showsAnEnvironmentStopsAndRemovesIt() async throws {
        try await ForgeFixture.with(.gitlab) { fixture async throws in
            let id = try await fixture.client.startDeployment(Self.deployment)
            #expect(try await fixture.client.startDeployment(Self.deployment) == id)
            for state in [ForgeDeployment.State.running, .succeeded, .succeeded] {
                try await fixture.client.setDeployment(id, state, of: Self.deployment, description: "")
            }
            let shown = try #require(fixture.forge.state.environments.first)
            #expect(shown.name == "staging/shop-7" && shown.url == "https://shop-7.example.com" && !shown.isStopped)
            #expect(fixture.forge.state.deployments.map { $0.statuses.map(\.state) } == [["running", "success"]])
            for _ in 0..<2 { try await fixture.client.endDeployments(in: "staging/shop-7", except: nil) }
            #expect(fixture.forge.state.environments.map(\.isStopped) == [true])
            #expect(fixture.targets("POST").filter { $0.hasSuffix("/stop") }.count == 1)
            for _ in 0..<2 { try await fixture.client.removeEnvironment("staging/shop-7") }
            #expect(fixture.forge.state.environments.isEmpty)
        }
    }

    @Test func aStoppedEnvironmentIsStartedByTheSameCommit() async throws {
        try await ForgeFixture.with(.gitlab) { fixture async throws in
            let first = try await fixture.client.startDeployment(Self.deployment)
            try await fixture.client.endDeployments(in: "staging/shop-7", except: nil)
            let second = try await fixture.client.startDeployment(Self.deployment)
            #expect(second != first)
            #expect(fixture.forge.state.environments.map(\.isStopped) == [false])
        }
    }

    @Test func whatStillRunsIsStoppedBeforeItIsRemoved() async throws {
        try await ForgeFixture.with(.gitlab) { fixture async throws in
            _ = try await fixture.client.startDeployment(Self.deployment)
            try await fixture.client.removeEnvironment("staging/shop-7")
            #expect(fixture.forge.state.environments.isEmpty)
        }
    }

    @Test func anAddressThatChangedIsCorrected() async throws {
        try await ForgeFixture.with(.gitlab) { fixture async throws in
            _ = try await fixture.client.startDeployment(Self.deployment)
            var moved = Self.deployment
            moved.url = "https://shop-7.other.example.com"
            _ = try await fixture.client.startDeployment(moved)
            #expect(fixture.forge.state.environments.map(\.url) == ["https://shop-7.other.example.com"])
        }
    }

    /// The commit is in no branch of the target project.
    @Test func aForksCommitGetsAStatus() async throws {
        try await ForgeFixture.with(.gitlab) { fixture async throws in
            fixture.open([7])
            fixture.forge.change { $0.pullRequests[7]?.isFork = true }
            let status = CommitStatus(state: .pending, context: "slingshot", url: "https://x.example.com", description: "", branch: "thing")
            try await fixture.client.setStatus(status, of: commit)
            #expect(fixture.forge.state.statuses.count == 1)
        }
    }

    @Test func groupsInGroupsAreOneSegment() async throws {
        try await ForgeFixture.with(.gitlab) { fixture async throws in
            fixture.forge.change { $0.repository = "acme/web/shop" }
            fixture.open([7])
            var repository = fixture.repository
            repository.repository = "acme/web/shop"
            let client = try #require(try fixture.forges.client(for: repository))
            _ = try await client.pullRequest(7)
            #expect(fixture.targets("GET") == ["/api/v4/projects/acme%2Fweb%2Fshop/merge_requests/7"])
        }
    }

    @Test func saysWhatTheTokenMayDo() async throws {
        try await ForgeFixture.with(.gitlab) { fixture async throws in
            #expect(try await fixture.client.access().allSatisfy { $0.verdict == .granted })
            fixture.forge.change { state in
                state.tokens["t0ken"]?.scopes = ["read_api"]
                state.members["slingshot"] = .read
            }
            #expect(try await fixture.client.access().map(\.verdict) == [.missing, .missing])
        }
    }
}
