import FakeForges
import Foundation
import Orchestration
import StagingModel
import Testing

@Suite struct GiteaTests {
    @Test(arguments: [FakeForge.Kind.gitea, .forgejo]) func saysWhatTheAccountMayDo(kind: FakeForge.Kind) async throws {
        try await ForgeFixture.with(kind) { fixture async throws in
            fixture.forge.change { state in
                state.tokens["t0ken"]?.scopes.remove("read:user")
                state.members["slingshot"] = .write
            }
            let found = Dictionary(uniqueKeysWithValues: try await fixture.client.access().map { ($0.right, $0.verdict) })
            #expect(found["scope `read:user`"] == .missing)
            #expect(found["write access to the repository"] == .granted)
            #expect(found["administration of the repository"] == .missing)
            #expect(found["scope `write:issue`"] == .unknown)
        }
    }

    @Test func whoMayNotAskForPermissionsIsTold() async throws {
        try await ForgeFixture.with(.gitea) { fixture async throws in
            fixture.forge.change { $0.members["slingshot"] = .write }
            let error = try await #require(throws: ForgeError.self) { try await fixture.client.mayWrite("ada") }
            #expect(error.kind == .forbidden && error.message.contains("for an account that administers the repository"))
        }
    }
}

@Suite struct BitbucketTests {
    @Test func aLongContextGetsAKeyOfItsOwn() async throws {
        try await ForgeFixture.with(.bitbucket) { fixture async throws in
            for name in ["one", "two"] {
                let context = "slingshot/" + String(repeating: "x", count: 40) + name
                let status = CommitStatus(
                    state: .succeeded, context: context, url: "https://x.example.com", description: "", branch: "thing")
                for _ in 0..<2 { try await fixture.client.setStatus(status, of: commit) }
            }
            let keys = fixture.forge.state.statuses.map(\.context)
            #expect(keys.count == 2 && Set(keys).count == 2 && keys.allSatisfy { $0.count == 40 })
        }
    }

    /// A nickname is anybody's to choose.
    @Test func aNicknameGivesNoRights() async throws {
        try await ForgeFixture.with(.bitbucket) { fixture async throws in
            #expect(try await fixture.client.mayWrite("grace") == false)
            #expect(try await fixture.client.mayWrite("557058:grace"))
        }
    }

    @Test func saysWhatTheTokenMayDo() async throws {
        try await ForgeFixture.with(.bitbucket) { fixture async throws in
            #expect(try await fixture.client.access().allSatisfy { $0.verdict == .granted })
            fixture.forge.change { $0.tokens["t0ken"]?.scopes = ["repository"] }
            #expect(try await fixture.client.access().map(\.verdict) == [.granted, .missing, .missing, .missing])
        }
    }

    @Test func dataCenterSaysWhatTheTokenMayDo() async throws {
        try await ForgeFixture.with(.bitbucketServer) { fixture async throws in
            #expect(try await fixture.client.access().allSatisfy { $0.verdict == .granted })
            fixture.forge.change { $0.tokens["t0ken"]?.scopes = ["nothing"] }
            #expect(try await fixture.client.access().map(\.verdict) == [.missing])
        }
    }
}
