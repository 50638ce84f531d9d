import ControlAPI
import FakeForges
import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

/// The configuration's `when`, with the real program on podman, and a forge that can be told.
@Suite(.serialized, .timeLimit(.minutes(10))) struct WhenTests {
    private func serving(_ when: String, _ body: @escaping @Sendable (PodmanServe, FakeForge, Serving) async throws -> Void) async throws {
        try await PodmanServe.run { fixture async throws in
            try await FakeForge.running(.github, now: { Date() }) { forge async throws in
                forge.change { $0.pullRequests[7] = .init(7, at: Date()) }
                let token = fixture.directory.appending(path: "forge-token")
                try Data("t0ken".utf8).write(to: token)
                try fixture.configure(
                    more: """
                            api: \(forge.api)
                            credentials: {token: {file: \(token.path)}}
                            when: \(when)
                        """)
                try await fixture.serving { try await body(fixture, forge, $0) }
            }
        }
    }

    @Test func `the label makes a stack, its removal ends it, and it can be added again after an expiry`() async throws {
        try await serving("{label: preview, removeLabelOnExpiry: true}") { fixture, forge, serving async throws in
            let head = try await fixture.repository.commit(PodmanServeTests.stackFile("one"), to: PullRequest.headRef(7))
            @Sendable func label(_ action: String, _ labels: String...) async throws {
                forge.change { $0.pullRequests[7]?.labels = labels }
                var delivery = GitHubDelivery(action, head: head)
                delivery.labels = labels
                #expect(try await serving.deliver(delivery) == 202)
            }
            try await label("opened", "bug")
            try await serving.wait(for: .destroyed)
            let why = "no stack, because the label `preview` is missing"
            #expect(try await serving.client.stack("shop-7").message == why)
            #expect(try await serving.cli(["status", "shop-7"]).output.contains(why))
            let list = try await serving.cli(["list", "--all", "-o", "wide"]).output
            #expect(list.contains("destroyed (unlabeled)") && list.contains(why))
            #expect(try await serving.client.events(of: "shop-7").first?.message.hasSuffix(why) == true)

            // Dokploy #4902: comments on pull requests that were filtered out.
            #expect(forge.state.comments.isEmpty)

            try await label("labeled", "bug", "preview")
            try await serving.wait(for: .ready)
            try await label("unlabeled", "bug")
            try await serving.wait(for: .destroyed)
            #expect(try await serving.client.stack("shop-7").reason == .unlabeled)

            try await label("labeled", "bug", "preview")
            try await serving.wait(for: .ready)
            _ = try await serving.cli(["extend", "shop-7", "--until", "+3s"])
            try await serving.wait(for: .destroyed)
            try await serving.events(until: "took the label `preview` off the pull request")
            #expect(forge.state.pullRequests[7]?.labels == ["bug"])
            #expect(try await serving.client.stack("shop-7").reason == .expired)

            try await label("unlabeled", "bug")
            try await label("labeled", "bug", "preview")
            try await serving.wait(for: .ready)
            #expect(try await fixture.ask("web", "http://api/").contains("one"))
            try await serving.deliver(GitHubDelivery("closed", head: head))
            try await serving.wait(for: .destroyed)
        }
    }

    /// peers.md, complaint 8.
    @Test func `a pull request of documents alone gets no stack, until it changes code`() async throws {
        try await serving(#"{paths: ["**", "!docs/**"]}"#) { fixture, forge, serving async throws in
            let files = PodmanServeTests.stackFile("one")
            let base = try await fixture.repository.commit(files, to: "refs/heads/main")
            try await fixture.repository.git(["update-ref", PullRequest.headRef(7), base.description])
            let documents = files.merging(["docs/a.md": "a"]) { $1 }
            let first = try await fixture.repository.commit(documents, to: PullRequest.headRef(7))
            // The base goes on meanwhile: that is none of the pull request's changes.
            try await fixture.repository.commit(files.merging(["src/b": "b"]) { $1 }, to: "refs/heads/main")
            try await serving.deliver(GitHubDelivery("opened", head: first))
            try await serving.wait(for: .destroyed)
            let stack = try await serving.client.stack("shop-7")
            #expect(forge.state.comments.isEmpty)
            #expect(stack.reason == .excluded && stack.message == "no stack, because nothing that it changes matches `when.paths`")
            let second = try await fixture.repository.commit(documents.merging(["src/a": "a"]) { $1 }, to: PullRequest.headRef(7))
            try await serving.deliver(GitHubDelivery("synchronize", head: second))
            try await serving.wait(for: .ready)
            #expect(try await serving.client.stack("shop-7").commit == second.description)
            try await serving.deliver(GitHubDelivery("closed", head: second))
            try await serving.wait(for: .destroyed)
        }
    }
}

extension Serving {
    /// Returns once the stack's history has an event that contains `text`.
    fileprivate func events(until text: String) async throws {
        for _ in 0..<100 {
            if try await client.events(of: "shop-7").contains(where: { $0.message.contains(text) }) { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("the history does not say: \(text)")
    }
}
