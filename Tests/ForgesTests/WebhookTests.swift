import FakeForges
import Foundation
import Orchestration
import SlingshotTestSupport
import StagingModel
import Testing

/// What a forge shows of the repository's webhooks, for `doctor`.
@Suite struct WebhookTests {
    private func own(_ kind: FakeForge.Kind) -> String { "https://slingshot.example.com/webhooks/\(kind.rawValue)" }

    @Test(arguments: FakeForge.Kind.allCases) func oneThatIsSetUpAsDocumentedLacksNothing(kind: FakeForge.Kind) async throws {
        try await ForgeFixture.with(kind) { fixture async throws in
            let found = try await fixture.client.webhooks()
            #expect(found.map(\.url) == [own(kind), "https://ci.example.com/hook"])
            let hook = try #require(found.first)
            #expect(hook.isActive && hook.lacks == [] && hook.sendsComments && hook.sendsJSON == true)
            #expect(hook.hasSecret != false && hook.verifiesTLS != false && hook.lastAnswer == nil)
            #expect(found.last?.lacks.isEmpty == false)
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func whatIsWrongWithOneIsTold(kind: FakeForge.Kind) async throws {
        try await ForgeFixture.with(kind) { fixture async throws in
            fixture.forge.change { state in
                state.webhooks[0].isActive = false
                state.webhooks[0].events.remove(kind.commentEvent)
                state.webhooks[0].sendsJSON = false
                state.webhooks[0].hasSecret = false
                state.webhooks[0].verifiesTLS = false
                state.webhooks[0].lastAnswer = 401
            }
            let hook = try #require(try await fixture.client.webhooks().first)
            #expect(!hook.isActive)
            #expect(hook.lacks.isEmpty && !hook.sendsComments)
            // Each forge tells some of it.
            #expect(hook.sendsJSON == ([.github, .gitea, .forgejo].contains(kind) ? false : true))
            #expect(hook.hasSecret == ([.github, .bitbucket].contains(kind) ? false : nil))
            #expect(hook.verifiesTLS == ([.gitea, .forgejo].contains(kind) ? nil : false))
            #expect(hook.lastAnswer == ([.github, .gitlab, .bitbucketServer].contains(kind) ? 401 : nil))
        }
    }

    /// It may not see those of the repository, unless it is allowed to.
    @Test(arguments: [false, true]) func anAppTellsOfItsOwn(seesOthers: Bool) async throws {
        var app = try FakeApp(id: "12", installation: 1)
        if seesOthers { app.permissions["repository_hooks"] = "write" }
        let key = SecretReference.file("/key")
        let credentials = GitCredentials.githubApp(GitHubApp(id: app.id, privateKey: key))
        try await ForgeFixture.with(.github, credentials: credentials, secrets: [key: app.privateKey]) { [app] fixture async throws in
            fixture.forge.change { state in
                state.app = app
                state.webhooks[0].events = ["pull_request"]
                state.deliveries = [.init(id: 9, guid: "a", at: fixture.clock.now, status: 401)]
            }
            let found = try await fixture.client.webhooks()
            #expect(found.count == (seesOthers ? 3 : 1))
            #expect(found.first?.lacks == [] && found.first?.sendsComments == false && found.first?.lastAnswer == 401)
        }
    }

    @Test(arguments: [FakeForge.Kind.gitlab, .bitbucketServer]) func noAnswerIsTold(kind: FakeForge.Kind) async throws {
        try await ForgeFixture.with(kind) { fixture async throws in
            fixture.forge.change { $0.webhooks[0].lastAnswer = 0 }
            #expect(try await fixture.client.webhooks().first?.lastAnswer == 0)
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func aMissingRightIsNamed(kind: FakeForge.Kind) async throws {
        try await ForgeFixture.with(kind) { fixture async throws in
            fixture.forge.change { state in
                state.tokens["t0ken"]?.scopes.subtract(["admin:repo_hook", "webhook", "REPO_ADMIN"])
                state.members["slingshot"] = .write
            }
            let error = await #expect(throws: ForgeError.self) { _ = try await fixture.client.webhooks() }
            #expect(error?.kind == .forbidden && error?.message.contains("list the webhooks") == true, "\(String(describing: error))")
        }
    }
}

extension FakeForge.Kind {
    fileprivate var commentEvent: String {
        switch self {
        case .github: "issue_comment"
        case .gitlab: "note_events"
        case .gitea, .forgejo: "pull_request_comment"
        case .bitbucket: "pullrequest:comment_created"
        case .bitbucketServer: "pr:comment:added"
        }
    }
}
