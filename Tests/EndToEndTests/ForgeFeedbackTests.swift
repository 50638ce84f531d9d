import ControlAPI
import FakeForges
import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

/// What reviewers see: from each forge's signed delivery, through the real program and podman, to the comment, the statuses and the
/// deployment on the forge, until the stack is gone.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ForgeFeedbackTests {
    /// A page that crashes as soon as it started, and says its password before.
    private static func crashing() -> [String: String] {
        var files = PodmanServeTests.stackFile("one")
        files["deploy/web.yaml"] = files["deploy/web.yaml"]?.replacing(
            "echo hello from web; exec /bin/serve", with: "echo PASSWORD=hunter2; echo '``` @acme/all no route to db'; exit 3")
        return files
    }

    /// peers.md, complaint 21: people could not see why their environment failed; and 13: one comment.
    @Test(arguments: FakeForge.Kind.allCases)
    func `a pull request shows how its stack is, until it is gone`(kind: FakeForge.Kind) async throws {
        let forge = kind.forge
        try await PodmanServe.run { fixture async throws in
            let ref = try #require(forge.headRef(of: PullRequest(number: 42, branch: "basket/total")))
            let first = try await fixture.repository.commit(Self.crashing(), to: ref)
            try await FakeForge.running(kind, now: { Date() }) { fake async throws in
                fake.change { $0.add(ForgeState.PullRequest(42, branch: "basket/total", head: first.description, at: Date())) }
                try fixture.configure(
                    forge: forge, more: "    credentials: {token: {env: SHOP_FORGE_TOKEN}}\n    api: \(fake.api)")
                try await fixture.serving(environment: ["SHOP_FORGE_TOKEN": "t0ken"]) { serving async throws in
                    let opened = try ForgeDelivery.opened(on: forge)
                    #expect(try await serving.deliver(opened.at(first)) == 202)
                    try await fake.wait { $0.comments.first?.text.contains("❌ shop-42 failed") == true && $0.isSettled(first, kind.failed) }
                    let diagnosis = try #require(fake.state.comments.first?.text)
                    #expect(diagnosis.contains("Deployment/web") && diagnosis.contains("no route to db"), "\(diagnosis)")
                    #expect(diagnosis.contains("PASSWORD=***") && !diagnosis.contains("hunter2"))
                    #expect(!diagnosis.contains("``` @") && !diagnosis.contains("@acme"))

                    let second = try await fixture.repository.commit(PodmanServeTests.stackFile("two"), to: ref)
                    fake.change { $0.pullRequests[42]?.head = second.description }
                    #expect(try await serving.deliver(opened.at(second).pushed(id: "d2")) == 202)
                    try await fake.wait {
                        $0.comments.first?.text.contains("✅ shop-42 is ready") == true && $0.isSettled(second, kind.succeeded)
                    }
                    let ready = try #require(fake.state.comments.first?.text)
                    #expect(ready.contains("[http://shop-42.staging.localhost](http://shop-42.staging.localhost)"), "\(ready)")
                    #expect(ready.contains("`\(second.short)`") && ready.contains("24 hours, until "))
                    #expect(fake.state.statuses.first { $0.commit == second.description }?.url == "http://shop-42.staging.localhost")

                    #expect(try await serving.deliver(opened.at(second).closed(id: "d3")) == 202)
                    try await fake.wait { $0.comments.first?.text.contains("⚫ shop-42 is gone") == true && $0.hasEnded }
                    #expect(fake.state.isSettled(second, kind.succeeded))
                    #expect(fake.state.comments.count == 1)
                    if kind == .github {
                        let told = fake.state.deployments.filter { $0.commit == second.description }.flatMap(\.statuses)
                        #expect(told.contains { $0.state == "success" && $0.url == "http://shop-42.staging.localhost" })
                    }
                    if kind == .gitlab {
                        #expect(fake.state.environments.map(\.url) == ["http://shop-42.staging.localhost"])
                    }
                    #expect(!serving.process.log.contains("t0ken"))
                }
            }
        }
    }

    /// The forge is away when the stack is made, `serve` is killed, and the next one tells all the same.
    @Test func `a forge that is down costs lateness only`() async throws {
        try await PodmanServe.run { fixture async throws in
            let head = try await fixture.repository.commit(PodmanServeTests.stackFile("one"), to: PullRequest.headRef(42))
            try await FakeForge.running(.gitea, now: { Date() }) { fake async throws in
                fake.change { $0.add(ForgeState.PullRequest(42, head: head.description, at: Date())) }
                fake.fail(.status(502), times: .max)
                try fixture.configure(
                    forge: .gitea, more: "    credentials: {token: {env: SHOP_FORGE_TOKEN}}\n    api: \(fake.api)")
                try await fixture.serving(environment: ["SHOP_FORGE_TOKEN": "t0ken"]) { serving async throws in
                    #expect(try await serving.deliver(try ForgeDelivery.opened(on: .gitea).at(head)) == 202)
                    _ = try await serving.cli(["status", "shop-42", "--wait-for", "ready", "--timeout", "2m"])
                    #expect(fake.state.comments.isEmpty)
                    await serving.process.kill()
                }
                fake.heal()
                try await fixture.serving(environment: ["SHOP_FORGE_TOKEN": "t0ken"]) { serving async throws in
                    try await fake.wait { $0.comments.first?.text.contains("✅ shop-42 is ready") == true && $0.statuses.count == 1 }
                    _ = try await serving.cli(["destroy", "shop-42", "--wait"])
                    try await fake.wait { $0.comments.first?.text.contains("because somebody asked for it") == true }
                }
            }
        }
    }
}

extension ForgeState {
    /// Whether the commit's status is this word of the forge's.
    fileprivate func isSettled(_ commit: CommitID, _ word: String) -> Bool {
        statuses.contains { $0.commit == commit.description && $0.state == word && $0.context == "slingshot/shop" }
    }

    /// Whether nothing is deployed any more, as far as the forge knows.
    fileprivate var hasEnded: Bool {
        deployments.allSatisfy { environments.isEmpty ? $0.statuses.last?.state == "inactive" : true }
            && environments.allSatisfy(\.isStopped)
    }
}

extension FakeForge.Kind {
    fileprivate var succeeded: String { [.bitbucket, .bitbucketServer].contains(self) ? "SUCCESSFUL" : "success" }

    fileprivate var failed: String {
        switch self {
        case .github, .gitea, .forgejo: "failure"
        case .gitlab: "failed"
        case .bitbucket, .bitbucketServer: "FAILED"
        }
    }
}
