import FakeForges
import Foundation
import Orchestration
import SlingshotTestSupport
import StagingModel
import Store
import Testing

@testable import Feedback

/// Which comments are taken for commands, and what is kept of them.
@Suite struct CommentIntakeTests {
    @Test func `a comment without a command costs nothing`() async throws {
        try await FeedbackFixture.with(.github) { fixture async throws in
            for text in ["Looks good.", "> /slingshot destroy", ""] {
                let outcome = try await fixture.say(text)
                #expect(outcome.action == .ignored && outcome.reason == "because the comment holds no command")
            }
            #expect(try await fixture.open.isEmpty)
            #expect(fixture.forge.requests.isEmpty)
        }
    }

    @Test func `programs don't command`() async throws {
        try await FeedbackFixture.with(.github) { fixture async throws in
            fixture.forge.change { $0.comment(on: 7, by: "ada", "/slingshot destroy") }
            let outcome = try await fixture.deliverLast(isBot: true)
            #expect(outcome.action == .ignored && outcome.reason == "because programs don't command")
            #expect(try await fixture.open.isEmpty)
        }
    }

    @Test(arguments: [nil, GitCredentials.ssh(key: nil, knownHosts: nil)]) func `without credentials nobody can tell who may`(
        credentials: GitCredentials?
    ) async throws {
        try await FeedbackFixture.with(.github) { fixture async throws in
            let outcome = try await fixture.say("/slingshot destroy", to: fixture.intake { $0.credentials = credentials })
            #expect(outcome.action == .ignored && outcome.reason.contains("set the `credentials` of shop"))
            #expect(try await fixture.open.isEmpty)
        }
    }

    @Test func `what waits is bounded, and is kept over a restart`() async throws {
        try await FeedbackFixture.with(.github) { fixture async throws in
            for author in ["mallory", "nobody", "ada", "eve", "bob"] {
                for _ in 0..<10 { #expect(try await fixture.say("/slingshot status", by: author).action == .command) }
                guard author == "mallory" else { continue }
                let outcome = try await fixture.say("/slingshot status", by: author)
                #expect(outcome.action == .ignored && outcome.reason.contains("10 commands of its author wait already"))
            }
            let outcome = try await fixture.say("/slingshot status")
            #expect(outcome.action == .ignored && outcome.reason.contains("50 commands of shop wait already"))
            let reopened = try SQLiteStore(directory: fixture.directory)
            #expect(try await reopened.read { try $0.openCommands(of: FeedbackFixture.name.repository) }.count == 50)
        }
    }

    @Test func `the same delivery is answered as the first time`() async throws {
        try await FeedbackFixture.with(.github) { fixture async throws in
            let event = CommentEvent(
                repository: "acme/shop", number: 7, comment: "9", author: CommentAuthor(account: "ada"), text: "/slingshot status")
            let key = DeliveryKey(forge: "github", hook: "1", id: "d1")
            let name = FeedbackFixture.name.repository
            let first = try await fixture.intake().receive(event, delivery: key, repository: name)
            #expect(try await fixture.intake().receive(event, delivery: key, repository: name) == first)
            #expect(try await fixture.open.count == 1)
        }
    }

    @Test func `what is settled is forgotten in time, what is open is not`() async throws {
        try await FeedbackFixture.with(.github) { fixture async throws in
            try await fixture.say("/slingshot status")
            var settled = try #require(try await fixture.open.first)
            try await fixture.say("/slingshot help")
            settled.dueAt = nil
            try await fixture.store.write { [settled] in try $0.save(settled) }
            let cutoff = fixture.clock.now.addingTimeInterval(1)
            #expect(try await fixture.store.prune(before: cutoff).commands == 1)
            #expect(try await fixture.open.map(\.command) == [.help])
        }
    }
}
