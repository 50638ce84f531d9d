import FakeForges
import Foundation
import Orchestration
import SlingshotTestSupport
import StagingModel
import Testing

@Suite struct GitHubTests {
    private static let deployment = ForgeDeployment(
        environment: "staging/shop-7", commit: commit, branch: "thing", url: "https://shop-7.example.com")

    @Test func showsADeploymentAndEndsIt() async throws {
        try await ForgeFixture.with(.github) { fixture async throws in
            let id = try await fixture.client.startDeployment(Self.deployment)
            #expect(try await fixture.client.startDeployment(Self.deployment) == id)
            try await fixture.client.setDeployment(id, .running, of: Self.deployment, description: "")
            let long = String(repeating: "x", count: 200)
            try await fixture.client.setDeployment(id, .succeeded, of: Self.deployment, description: long)
            let made = try #require(fixture.forge.state.deployments.first)
            #expect(fixture.forge.state.deployments.count == 1)
            #expect(made.environment == "staging/shop-7" && made.commit == commit.description)
            #expect(made.statuses.map(\.state) == ["in_progress", "success"])
            #expect(made.statuses.last?.url == "https://shop-7.example.com" && made.statuses.last?.description?.count == 140)
            for _ in 0..<2 { try await fixture.client.endDeployments(in: "staging/shop-7", except: nil) }
            #expect(fixture.forge.state.deployments[0].statuses.map(\.state) == ["in_progress", "success", "inactive"])
        }
    }

    @Test func aNewerDeploymentLeavesNoneBefore() async throws {
        try await ForgeFixture.with(.github) { fixture async throws in
            fixture.forge.change { $0.pageSize = 2 }
            var last = ""
            for digit in 1...5 {
                var deployment = Self.deployment
                deployment.commit = try #require(CommitID(String(repeating: "\(digit)", count: 40)))
                last = try await fixture.client.startDeployment(deployment)
            }
            var other = Self.deployment
            other.environment = "staging/shop-8"
            _ = try await fixture.client.startDeployment(other)
            try await fixture.client.endDeployments(in: "staging/shop-7", except: last)
            let ended = fixture.forge.state.deployments.filter { $0.statuses.last?.state == "inactive" }
            #expect(ended.count == 4 && !ended.contains { "\($0.id)" == last || $0.environment == "staging/shop-8" })
        }
    }

    /// Complaints of peers: one read a page only, and deleted what was on the others.
    @Test func whatDidNotChangeIsNotSentAgain() async throws {
        try await ForgeFixture.with(.github) { fixture async throws in
            fixture.open(1...5)
            fixture.forge.change { $0.pageSize = 2 }
            let first = try await fixture.client.openPullRequests()
            #expect(try await fixture.client.openPullRequests() == first)
            #expect(fixture.forge.requests.map(\.status) == [200, 200, 200, 304, 304, 304])
            fixture.forge.change { $0.pullRequests[5]?.state = .closed }
            #expect(try await fixture.client.openPullRequests().map(\.pullRequest.number).sorted() == [1, 2, 3, 4])
        }
    }

    @Test func findsTheDeliveriesThatDidNotArrive() async throws {
        try await ForgeFixture.with(.github) { fixture async throws in
            let now = fixture.clock.now
            fixture.forge.change { state in
                state.pageSize = 2
                for (id, guid, minutes, status) in [
                    (1, "old", 300.0, 500), (2, "a", 50, 0), (3, "b", 40, 202), (4, "c", 30, 503), (5, "c", 20, 200), (6, "d", 10, 500),
                    (7, "d", 9, 502),
                ] {
                    state.deliveries.append(.init(id: id, guid: guid, at: now.addingTimeInterval(-minutes * 60), status: status))
                }
            }
            let failed = try await fixture.client.failedDeliveries(since: now.addingTimeInterval(-3_600))
            #expect(failed.map(\.guid) == ["a", "d"] && failed.map(\.id) == [2, 6] && failed.allSatisfy { $0.hook == 501 })
            #expect(failed.map(\.attempts) == [1, 2] && failed.map(\.status) == [0, 502])
            #expect(failed.map(\.lastAt) == [50.0, 9].map { now.addingTimeInterval(-$0 * 60) })
            // Of the second only the last attempt: how often it was sent before is not known.
            fixture.forge.change { $0.deliveries[6].isRedelivery = true }
            #expect(try await fixture.client.failedDeliveries(since: now.addingTimeInterval(-570)).isEmpty)
            for delivery in failed { try await fixture.client.redeliver(delivery) }
            let left = try await fixture.client.failedDeliveries(since: now.addingTimeInterval(-3_600))
            #expect(left.isEmpty)
        }
    }

    @Test func anAppAsksForItsOwnDeliveries() async throws {
        let app = try FakeApp(id: "12", installation: 1)
        let key = SecretReference.file("/key")
        let credentials = GitCredentials.githubApp(GitHubApp(id: app.id, privateKey: key))
        try await ForgeFixture.with(.github, credentials: credentials, secrets: [key: app.privateKey]) { fixture async throws in
            fixture.forge.change { state in
                state.app = app
                state.deliveries = [.init(id: 9, guid: "a", at: fixture.clock.now, status: 500)]
            }
            let failed = try await fixture.client.failedDeliveries(since: fixture.clock.now.addingTimeInterval(-60))
            #expect(failed.map(\.id) == [9] && failed.allSatisfy { $0.hook == nil })
            try await fixture.client.redeliver(failed[0])
            #expect(fixture.targets("POST").contains("/api/v3/app/hook/deliveries/9/attempts"))
        }
    }

    @Test func saysWhatTheTokenMayDo() async throws {
        try await ForgeFixture.with(.github) { fixture async throws in
            #expect(try await fixture.client.access().allSatisfy { $0.verdict == .granted })
            fixture.forge.change { $0.tokens["t0ken"]?.scopes = ["repo:status"] }
            let found = try await fixture.client.access()
            #expect(found.filter { $0.verdict == .granted }.map(\.right) == ["Commit statuses: write"])
            #expect(found.filter { $0.verdict == .missing }.count == 4)
            // a fine-grained token has no scopes to look at
            fixture.forge.change { $0.tokens["t0ken"]?.scopes = [] }
            #expect(try await fixture.client.access().allSatisfy { $0.verdict == .unknown })
        }
    }

    @Test func saysWhatTheAppMayDo() async throws {
        var app = try FakeApp(id: "12", installation: 1)
        app.permissions["deployments"] = "read"
        let key = SecretReference.file("/key")
        let credentials = GitCredentials.githubApp(GitHubApp(id: app.id, privateKey: key))
        try await ForgeFixture.with(.github, credentials: credentials, secrets: [key: app.privateKey]) { [app] fixture async throws in
            fixture.forge.change { $0.app = app }
            let found = try await fixture.client.access()
            #expect(found.filter { $0.verdict == .missing }.map(\.right) == ["Deployments: write"])
            #expect(found.filter { $0.verdict == .granted }.count == 3)
        }
    }
}
