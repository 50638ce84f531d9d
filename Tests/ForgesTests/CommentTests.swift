import FakeForges
import Foundation
import Orchestration
import StagingModel
import Testing

/// One comment, found again, and only ever ours.
@Suite struct CommentTests {
    @Test(arguments: FakeForge.Kind.allCases) func isWrittenOnceAndEditedOnlyWhenItChanges(kind: FakeForge.Kind) async throws {
        try await ForgeFixture.with(kind) { fixture async throws in
            fixture.open([7])
            let first = try await fixture.client.keepComment(StackComment(stack: .shop7, text: "**deploying**"), on: 7)
            #expect(first.change == .created)
            for id in [nil, first.id] {
                let again = try await fixture.client.keepComment(StackComment(stack: .shop7, text: "**deploying**", id: id), on: 7)
                #expect(again == KeptComment(id: first.id, change: .unchanged))
            }
            let edited = try await fixture.client.keepComment(StackComment(stack: .shop7, text: "**ready**", id: first.id), on: 7)
            #expect(edited == KeptComment(id: first.id, change: .edited))
            let later = try await fixture.client.keepComment(StackComment(stack: .shop7, text: "**gone**"), on: 7)
            #expect(later == KeptComment(id: first.id, change: .edited))
            let comments = fixture.forge.state.comments
            #expect(comments.count == 1 && comments[0].text.hasPrefix("**gone**\n\n") && comments[0].version == 2)
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func isFoundOverAllPages(kind: FakeForge.Kind) async throws {
        try await ForgeFixture.with(kind) { fixture async throws in
            fixture.open([7, 8])
            fixture.forge.change { state in for number in 1...70 { state.comment(on: 7, by: "ada", "talk \(number)") } }
            let kept = try await fixture.client.keepComment(StackComment(stack: .shop7, text: "one"), on: 7)
            fixture.forge.change { state in for number in 71...140 { state.comment(on: 7, by: "ada", "talk \(number)") } }
            fixture.forge.change { $0.pageSize = 20 }
            let again = try await fixture.client.keepComment(StackComment(stack: .shop7, text: "two"), on: 7)
            #expect(again == KeptComment(id: kept.id, change: .edited))
            #expect(fixture.forge.state.comments(on: 7).count == 141)
            if ![.gitea, .forgejo].contains(kind) {
                let pages = fixture.targets("GET").filter { $0.contains("page") || $0.contains("start=") }
                #expect(pages.count >= 4)
            }
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func aMarkBySomebodyElseIsLeftAlone(kind: FakeForge.Kind) async throws {
        try await ForgeFixture.with(kind) { fixture async throws in
            fixture.open([7])
            let kept = try await fixture.client.keepComment(StackComment(stack: .shop7, text: "ours"), on: 7)
            let copied = try #require(fixture.forge.state.comments.first).text
            fixture.forge.change { state in
                state.comments = []
                state.comment(on: 7, by: "mallory", copied)
            }
            let made = try await fixture.client.keepComment(StackComment(stack: .shop7, text: "ours again", id: kept.id), on: 7)
            #expect(made.change == .created && made.id != kept.id)
            #expect(fixture.forge.state.comments[0].text == copied && fixture.forge.state.comments[0].version == 0)
        }
    }

    /// A log line in the comment of another stack can hold any text.
    @Test(arguments: FakeForge.Kind.allCases) func aQuotedMarkDoesNotCount(kind: FakeForge.Kind) async throws {
        try await ForgeFixture.with(kind) { fixture async throws in
            fixture.open([7])
            let first = try await fixture.client.keepComment(StackComment(stack: .shop7, text: "the first"), on: 7)
            let quoted = try #require(fixture.forge.state.comments.first).text
            let other = try #require(StackName("web-7"))
            let second = try await fixture.client.keepComment(StackComment(stack: other, text: "log:\n\(quoted)\nend"), on: 7)
            #expect(second.change == .created)
            fixture.forge.change { $0.comments.removeFirst() }
            let third = try await fixture.client.keepComment(StackComment(stack: .shop7, text: "the third"), on: 7)
            #expect(third.change == .created && third.id != first.id && third.id != second.id)
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func aDeletedCommentIsWrittenAgain(kind: FakeForge.Kind) async throws {
        try await ForgeFixture.with(kind) { fixture async throws in
            fixture.open([7])
            let kept = try await fixture.client.keepComment(StackComment(stack: .shop7, text: "one"), on: 7)
            fixture.forge.change { $0.comments = [] }
            let again = try await fixture.client.keepComment(StackComment(stack: .shop7, text: "one", id: kept.id), on: 7)
            #expect(again.change == .created)
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func aTextThatIsTooLongIsCutAndKeepsItsMark(kind: FakeForge.Kind) async throws {
        try await ForgeFixture.with(kind) { fixture async throws in
            fixture.open([7])
            let long = String(repeating: "ü", count: 1_100_000)
            let kept = try await fixture.client.keepComment(StackComment(stack: .shop7, text: long), on: 7)
            let again = try await fixture.client.keepComment(StackComment(stack: .shop7, text: long), on: 7)
            #expect(again == KeptComment(id: kept.id, change: .unchanged))
        }
    }

    /// When the answer to the first try was lost, the comment is there all the same.
    @Test(arguments: FakeForge.Kind.allCases) func aLostAnswerMakesNoSecondComment(kind: FakeForge.Kind) async throws {
        try await ForgeFixture.with(kind) { fixture async throws in
            fixture.open([7])
            fixture.forge.fail(.dropped) { $0.method == "POST" }
            let lost = try await #require(throws: ForgeError.self) {
                try await fixture.client.keepComment(StackComment(stack: .shop7, text: "one"), on: 7)
            }
            #expect(lost.isRetryable)
            let again = try await fixture.client.keepComment(StackComment(stack: .shop7, text: "one"), on: 7)
            #expect(again.change == .unchanged)
            #expect(fixture.forge.state.comments.count == 1)
        }
    }

    /// An access token of Bitbucket belongs to no account that it could ask for.
    @Test func withoutAnAccountTheIdCounts() async throws {
        try await ForgeFixture.with(.bitbucket) { fixture async throws in
            fixture.open([7])
            fixture.forge.change { $0.tokens["t0ken"]?.scopes.remove("account") }
            let kept = try await fixture.client.keepComment(StackComment(stack: .shop7, text: "one"), on: 7)
            let again = try await fixture.client.keepComment(StackComment(stack: .shop7, text: "two", id: kept.id), on: 7)
            #expect(again == KeptComment(id: kept.id, change: .edited))
        }
    }

    @Test func aVersionThatSomebodyChangedMeanwhileIsTriedAgain() async throws {
        try await ForgeFixture.with(.bitbucketServer) { fixture async throws in
            fixture.open([7])
            let kept = try await fixture.client.keepComment(StackComment(stack: .shop7, text: "one"), on: 7)
            fixture.forge.fail(.status(409)) { $0.method == "PUT" }
            let comment = StackComment(stack: .shop7, text: "two", id: kept.id)
            let error = try await #require(throws: ForgeError.self) { try await fixture.client.keepComment(comment, on: 7) }
            #expect(error.isRetryable)
            #expect(try await fixture.client.keepComment(comment, on: 7).change == .edited)
        }
    }
}
