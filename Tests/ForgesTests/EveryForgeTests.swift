import FakeForges
import Foundation
import Orchestration
import SlingshotTestSupport
import StagingModel
import Testing

/// What is asked and told is the same everywhere.
@Suite struct EveryForgeTests {
    @Test(arguments: FakeForge.Kind.allCases) func readsOnePullRequest(kind: FakeForge.Kind) async throws {
        try await ForgeFixture.with(kind) { fixture async throws in
            fixture.forge.change { state in
                var pull = ForgeState.PullRequest(7, title: "\"]}: rm -rf", author: "ada", branch: "feat/x", at: fixture.clock.now)
                pull.labels = ["preview", "deploy me"]
                pull.isDraft = true
                state.add(pull)
            }
            let read = try await fixture.client.pullRequest(7)
            #expect(read.state == .open)
            #expect(read.updatedAt.map { abs($0.timeIntervalSince(fixture.clock.now)) < 1 } == true)
            let pull = read.pullRequest
            #expect(pull.number == 7 && pull.title == "\"]}: rm -rf" && pull.author == "ada")
            #expect(pull.branch == "feat/x" && pull.base == "main" && pull.head == commit)
            #expect(pull.labels == (fixture.client.capabilities.contains(.labels) ? ["preview", "deploy me"] : []))
            #expect(pull.isDraft && !pull.isFork)
            #expect(pull.url.hasPrefix("https://"))
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func tellsClosedFromMerged(kind: FakeForge.Kind) async throws {
        try await ForgeFixture.with(kind) { fixture async throws in
            fixture.open([7])
            for (kept, told) in [(ForgeState.PullRequest.State.closed, ForgePullRequest.State.closed), (.merged, .merged), (.open, .open)] {
                fixture.forge.change { $0.pullRequests[7]?.state = kept }
                let read = try await fixture.client.pullRequest(7)
                #expect(read.state == told)
            }
        }
    }

    @Test(arguments: FakeForge.Kind.allCases, [false, true]) func knowsAFork(kind: FakeForge.Kind, isGone: Bool) async throws {
        try await ForgeFixture.with(kind) { fixture async throws in
            fixture.open([7])
            fixture.forge.change { state in
                state.pullRequests[7]?.isFork = true
                state.pullRequests[7]?.isHeadGone = isGone
            }
            let pull = try await fixture.client.pullRequest(7).pullRequest
            #expect(pull.isFork)
            // Bitbucket tells twelve digits, and these credentials don't see the fork that has the rest.
            #expect(pull.head == (kind == .bitbucket ? nil : commit))
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func listsAllPagesAndFollowsNoLinkToAnotherHost(kind: FakeForge.Kind) async throws {
        try await FakeForge.running(.github, now: { Date() }) { stranger in
            try await ForgeFixture.with(kind) { fixture async throws in
                fixture.open(1...11)
                fixture.forge.change { state in
                    state.pageSize = 4
                    state.linkBase = "http://127.0.0.1:\(stranger.port)/api"
                    state.pullRequests[3]?.state = .closed
                }
                let numbers = try await fixture.client.openPullRequests().map(\.pullRequest.number).sorted()
                #expect(numbers == [1, 2, 4, 5, 6, 7, 8, 9, 10, 11])
                #expect(fixture.forge.requests.count == 3)
            }
            #expect(stranger.requests.isEmpty)
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func aListThatBreaksOffIsNoShorterList(kind: FakeForge.Kind) async throws {
        let faults: [Fault] = [
            .status(502), .truncated, .dropped, .lie("<html>It works!</html>"), .status(429, headers: ["retry-after": "7"]),
        ]
        for fault in faults {
            try await ForgeFixture.with(kind) { fixture async throws in
                fixture.open(1...6)
                fixture.forge.change { $0.pageSize = 4 }
                fixture.forge.fail(fault) { $0.target.contains("page=2") || $0.target.contains("start=4") }
                await #expect(throws: ForgeError.self, "\(fault)") { try await fixture.client.openPullRequests() }
            }
        }
    }

    @Test(arguments: FakeForge.Kind.allCases, CommitStatus.State.allCases)
    func setsAStatus(kind: FakeForge.Kind, state: CommitStatus.State) async throws {
        try await ForgeFixture.with(kind) { fixture async throws in
            fixture.open([7])
            let long = String(repeating: "ü", count: 300)
            let status = CommitStatus(
                state: state, context: "slingshot/shop", url: "https://shop-7.example.com", description: long, branch: "thing")
            try await fixture.client.setStatus(status, of: commit)
            let kept = try #require(fixture.forge.state.statuses.first)
            #expect(kept.commit == commit.description && kept.context == "slingshot/shop" && kept.url == "https://shop-7.example.com")
            #expect(kept.description.hasPrefix("üüü") && kept.description.hasSuffix("…"))
            #expect(kept.description.count == (kind == .github ? 140 : 255))
            let words: [FakeForge.Kind: [String]] = [
                .github: ["pending", "pending", "success", "failure", "error"],
                .gitea: ["pending", "pending", "success", "failure", "error"],
                .forgejo: ["pending", "pending", "success", "failure", "error"],
                .gitlab: ["pending", "running", "success", "failed", "canceled"],
                .bitbucket: ["INPROGRESS", "INPROGRESS", "SUCCESSFUL", "FAILED", "STOPPED"],
                .bitbucketServer: ["INPROGRESS", "INPROGRESS", "SUCCESSFUL", "FAILED", "CANCELLED"],
            ]
            #expect(kept.state == words[kind]?[CommitStatus.State.allCases.firstIndex(of: state) ?? 0])
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func aStatusMayBeSetAgain(kind: FakeForge.Kind) async throws {
        try await ForgeFixture.with(kind) { fixture async throws in
            fixture.open([7])
            for state in [CommitStatus.State.pending, .pending, .running, .running, .pending, .succeeded, .succeeded] {
                let status = CommitStatus(
                    state: state, context: "slingshot", url: "https://x.example.com", description: "", branch: "thing")
                try await fixture.client.setStatus(status, of: commit)
            }
            #expect(fixture.forge.state.statuses.count == 1)
            #expect(["success", "SUCCESSFUL"].contains(fixture.forge.state.statuses[0].state))
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func asksWhoMayWrite(kind: FakeForge.Kind) async throws {
        @Sendable func name(_ account: String) -> String { kind == .bitbucket ? "{\(account)-uuid}" : account }
        try await ForgeFixture.with(kind) { fixture async throws in
            fixture.forge.change { state in
                state.members["reader"] = .read
                state.pageSize = 2
            }
            for (account, expected) in [
                ("ada", true), ("grace", true), ("reader", false), ("mallory", false), ("nobody", false), ("ad", false),
            ] {
                let mayWrite = try await fixture.client.mayWrite(name(account))
                #expect(mayWrite == expected, "\(account)")
            }
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func nothingReachesAnotherPath(kind: FakeForge.Kind) async throws {
        try await ForgeFixture.with(kind) { fixture async throws in
            for account in ["../../../user", "a/b", "a?b=c", "a#b", "%2e%2e"] {
                let mayWrite = try await fixture.client.mayWrite(account)
                #expect(!mayWrite)
            }
            #expect(fixture.forge.requests.allSatisfy { !$0.target.split(separator: "/").contains("..") && !$0.target.contains("#") })
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func reactsAndRemovesLabelsWhereThatIsPossible(kind: FakeForge.Kind) async throws {
        try await ForgeFixture.with(kind) { fixture async throws in
            fixture.open([7])
            fixture.forge.change { $0.pullRequests[7]?.labels = ["preview", "a/b c"] }
            let has = fixture.client.capabilities
            if has.contains(.labels) {
                try await fixture.client.removeLabel("a/b c", from: 7)
                #expect(fixture.forge.state.pullRequests[7]?.labels == ["preview"])
                try await fixture.client.removeLabel("a/b c", from: 7)
                #expect(fixture.forge.state.pullRequests[7]?.labels == ["preview"])
            } else {
                let error = try await #require(throws: ForgeError.self) { try await fixture.client.removeLabel("preview", from: 7) }
                #expect(error.kind == .unsupported && !error.isRetryable)
            }
            fixture.forge.change { $0.comment(on: 7, by: "ada", "/slingshot extend 4h") }
            let id = "\(fixture.forge.state.comments[0].id)"
            guard has.contains(.reactions) else {
                let error = try await #require(throws: ForgeError.self) { try await fixture.client.react(.seen, to: id, on: 7) }
                #expect(error.kind == .unsupported)
                return
            }
            for reaction in CommentReaction.allCases + [.done] { try await fixture.client.react(reaction, to: id, on: 7) }
            #expect(fixture.forge.state.comments[0].reactions.count == 3)
        }
    }

    /// What is not there is said to be missing, and throws; what is there does not.
    @Test(arguments: FakeForge.Kind.allCases) func capabilitiesAreTrue(kind: FakeForge.Kind) async throws {
        try await ForgeFixture.with(kind) { fixture async throws in
            fixture.open([7])
            let client = fixture.client
            let deployment = ForgeDeployment(environment: "staging/shop-7", commit: commit, branch: "thing", url: "https://x.example.com")
            let calls: [(ForgeCapabilities, @Sendable () async throws -> Void)] = [
                (.deployments, { _ = try await client.startDeployment(deployment) }),
                (.deployments, { try await client.endDeployments(in: "staging/shop-7", except: nil) }),
                (.environmentRemoval, { try await client.removeEnvironment("staging/shop-7") }),
                (.redelivery, { _ = try await client.failedDeliveries(since: fixture.clock.now) }),
                (.labels, { try await client.removeLabel("x", from: 7) }),
            ]
            for (capability, call) in calls {
                do {
                    try await call()
                    #expect(client.capabilities.contains(capability))
                } catch let error as ForgeError {
                    #expect(error.kind == .unsupported && !client.capabilities.contains(capability), "\(error)")
                }
            }
        }
    }
}
