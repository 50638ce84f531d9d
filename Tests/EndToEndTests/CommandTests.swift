import ControlAPI
import FakeForges
import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

/// Commands in comments: from the forge's signed delivery, through the real program and podman, to the answer on the forge.
@Suite(.serialized, .timeLimit(.minutes(10))) struct CommandTests {
    /// One with reactions, and one without. n8n PR #37800: a stack that is gone comes back by a command, with no push and no label.
    @Test(arguments: [FakeForge.Kind.github, .bitbucket]) func `a stack is extended, destroyed and launched anew from its pull request`(
        kind: FakeForge.Kind
    ) async throws {
        let forge = try #require(Forge(rawValue: kind.rawValue))
        try await PodmanServe.run { fixture async throws in
            let ref = try #require(forge.headRef(of: PullRequest(number: 42, branch: "basket/total")))
            let head = try await fixture.repository.commit(PodmanServeTests.stackFile("one"), to: ref)
            try await FakeForge.running(kind, now: { Date() }) { fake async throws in
                fake.change { $0.add(ForgeState.PullRequest(42, branch: "basket/total", head: head.description, at: Date())) }
                try fixture.configure(forge: forge, more: "    credentials: {token: {env: SHOP_FORGE_TOKEN}}\n    api: \(fake.api)")
                try await fixture.serving(environment: ["SHOP_FORGE_TOKEN": "t0ken"]) { serving async throws in
                    #expect(try await serving.deliver(ForgeDelivery.opened(on: forge).at(head)) == 202)
                    try await fake.wait { $0.oneComment.contains("✅ shop-42 is ready") }
                    let before = try await serving.stack()

                    try await serving.say("/slingshot extend 4h", by: "ada", on: fake)
                    try await fake.wait { $0.oneComment.contains("`/slingshot extend 4h` by `") }
                    let extended = try #require(try await serving.stack().expiresAt)
                    #expect(extended == before.expiresAt?.addingTimeInterval(14_400))

                    try await serving.say("/slingshot destroy", by: "mallory", on: fake)
                    try await serving.say("> /slingshot destroy", by: "ada", on: fake)
                    try await serving.say("/slingshot status", by: "ada", on: fake)
                    try await fake.wait { $0.oneComment.contains("`/slingshot status` by `") }
                    #expect(try await serving.stack().phase == .ready)

                    try await serving.say("Enough.\n\n/slingshot destroy", by: "grace", on: fake)
                    try await fake.wait { $0.oneComment.contains("⚫ shop-42 is gone") }
                    try await serving.say("/slingshot redeploy", by: "ada", on: fake)
                    try await fake.wait { $0.oneComment.contains("✅ shop-42 is ready") }
                    #expect(fake.state.comments.filter { $0.author == "slingshot" }.count == 1)

                    let events = try await serving.cli(["events", "shop-42"]).output
                    #expect(events.contains("on \(forge.rawValue))") && events.contains("no write access to the repository"), "\(events)")
                    let (done, refused) = kind == .github ? (["eyes", "+1"], ["-1"]) : ([], [])
                    try await fake.wait { $0.comments.last?.reactions.map(\.content) == done }
                    let reactions = fake.state.comments.filter { $0.author != "slingshot" }.map { $0.reactions.map(\.content) }
                    #expect(reactions == [done, refused, [], done, done, done])
                    #expect(!serving.process.log.contains("t0ken"))
                    _ = try await serving.cli(["destroy", "shop-42", "--wait"])
                }
            }
        }
    }

    /// The forge tells of the command and is away then, `serve` is killed, and the next one carries it out, once.
    @Test func `a command outlives a forge that is down and a process that is killed`() async throws {
        try await PodmanServe.run { fixture async throws in
            let head = try await fixture.repository.commit(PodmanServeTests.stackFile("one"), to: PullRequest.headRef(42))
            try await FakeForge.running(.gitea, now: { Date() }) { fake async throws in
                fake.change { $0.add(ForgeState.PullRequest(42, head: head.description, at: Date())) }
                try fixture.configure(forge: .gitea, more: "    credentials: {token: {env: SHOP_FORGE_TOKEN}}\n    api: \(fake.api)")
                let before = try await fixture.serving(environment: ["SHOP_FORGE_TOKEN": "t0ken"]) { serving async throws in
                    #expect(try await serving.deliver(ForgeDelivery.opened(on: .gitea).at(head)) == 202)
                    try await fake.wait { $0.oneComment.contains("✅ shop-42 is ready") }
                    let before = try await serving.stack()
                    fake.fail(.status(502), times: .max)
                    try await serving.say("/slingshot extend 4h", by: "ada", on: fake)
                    #expect(try await serving.stack().expiresAt == before.expiresAt)
                    await serving.process.kill()
                    return before
                }
                fake.heal()
                try await fixture.serving(environment: ["SHOP_FORGE_TOKEN": "t0ken"]) { serving async throws in
                    try await fake.wait { $0.oneComment.contains("`/slingshot extend 4h` by `ada`") }
                    let comment = try #require(fake.state.comments.last { $0.author == "ada" })
                    #expect(try await serving.deliver(comment.delivery(on: .gitea, id: "again")) == 202)
                    #expect(try await serving.stack().expiresAt == before.expiresAt?.addingTimeInterval(14_400))
                    _ = try await serving.cli(["destroy", "shop-42", "--wait"])
                }
            }
        }
    }
}

extension Serving {
    /// Somebody comments on pull request 42, and the forge tells of it.
    fileprivate func say(_ text: String, by account: String, on fake: FakeForge) async throws {
        let forge = try #require(Forge(rawValue: fake.kind.rawValue))
        fake.change { $0.comment(on: 42, by: account, text) }
        let comment = try #require(fake.state.comments.last)
        #expect(try await deliver(comment.delivery(on: forge, id: "comment-\(comment.id)")) == 202)
    }

    fileprivate func stack() async throws -> StackView { try await client.stack("shop-42") }
}

extension ForgeState {
    fileprivate var oneComment: String { comments.first { $0.author == "slingshot" }?.text ?? "" }
}

extension ForgeState.Comment {
    fileprivate func delivery(on forge: Forge, id: String) throws -> ForgeDelivery {
        let account = forge == .bitbucket ? "{\(author)-uuid}" : author
        return try .commented(on: forge, text, by: account, comment: self.id, id: id)
    }
}
