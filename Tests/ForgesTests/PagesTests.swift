import FakeForges
import Foundation
import NIOHTTP1
import Orchestration
import StagingModel
import Testing

@testable import Forges

@Suite struct PagesTests {
    private static let call = ForgeCall(purpose: "list things", right: "to list")

    private static func answer(_ body: String, _ headers: HTTPHeaders = [:]) -> ForgeAnswer {
        ForgeAnswer(status: 200, headers: headers, body: Data(body.utf8), forge: .github, call: call)
    }

    private static func text(_ query: [(name: String, value: String)]?) -> String? {
        query.map { $0.map { "\($0.name)=\($0.value)" }.joined(separator: "&") }
    }

    @Test(arguments: [
        ("", nil),
        (
            #"<https://api.github.com/repositories/1/pulls?state=open&page=2>; rel="next", <https://x/?page=9>; rel="last""#,
            "state=open&page=2"
        ),
        (#"<https://x/?page=1>; rel="prev", <https://evil.example/steal?page=3&q=a%20b>; rel="next""#, "page=3&q=a b"),
        (#"<https://x/?page=9>; rel="last""#, nil), (#"</pulls?page=2>; rel=next"#, "page=2"),
    ]) func aLinkGivesItsQueryAndNothingElse(link: String, next: String?) throws {
        let answer = Self.answer("[1]", link.isEmpty ? [:] : ["link": link])
        let page = try answer.decoded(as: LinkedPage<Int>.self)
        #expect(try Self.text(page.next(after: answer, asked: [("a", "b")])) == next)
    }

    @Test(arguments: [
        #"<https://x/>; rel="next""#, #"https://x/?a=b; rel="next""#, #"<>; rel="next""#,
        #"<?"# + String(repeating: "a", count: 5_000) + #">; rel="next""#,
    ])
    func aLinkThatIsNoneIsAnError(link: String) throws {
        let answer = Self.answer("[1]", ["link": link])
        let page = try answer.decoded(as: LinkedPage<Int>.self)
        #expect(throws: ForgeError.self) { try page.next(after: answer, asked: []) }
    }

    @Test(arguments: [("", nil), ("2", "per_page=50&page=2")]) func aNumberCounts(header: String, next: String?) throws {
        let answer = Self.answer("[1]", ["x-next-page": header])
        let page = try answer.decoded(as: NumberedPage<Int>.self)
        #expect(try Self.text(page.next(after: answer, asked: [("per_page", "50"), ("page", "1")])) == next)
    }

    @Test(arguments: ["-1", "1", "x", "99999999999999999999"]) func aNumberThatIsNoneIsAnError(header: String) throws {
        let answer = Self.answer("[1]", ["x-next-page": header])
        let page = try answer.decoded(as: NumberedPage<Int>.self)
        #expect(throws: ForgeError.self) { try page.next(after: answer, asked: []) }
    }

    /// A proxy that drops GitLab's headers must not make the first page the whole list.
    @Test func silenceAboutTheNextPageIsAnError() throws {
        let answer = Self.answer("[1]")
        let page = try answer.decoded(as: NumberedPage<Int>.self)
        #expect(throws: ForgeError.self) { try page.next(after: answer, asked: []) }
    }

    @Test(arguments: [
        (#"{"values":[1],"isLastPage":true,"nextPageStart":null}"#, nil), (#"{"values":[1],"isLastPage":true}"#, nil),
        (#"{"values":[1],"isLastPage":false,"nextPageStart":50}"#, "limit=50&start=50"),
    ]) func anOffsetCounts(body: String, next: String?) throws {
        let answer = Self.answer(body)
        let page = try answer.decoded(as: OffsetPage<Int>.self)
        #expect(try Self.text(page.next(after: answer, asked: [("limit", "50"), ("start", "0")])) == next)
    }

    @Test(arguments: [#"{"values":[1]}"#, #"{"isLastPage":true}"#, "[]", "null", "", #"{"values":["x"],"isLastPage":true}"#])
    func aPageWithoutItsEndIsAnError(body: String) throws {
        let error = #expect(throws: ForgeError.self) { try Self.answer(body).decoded(as: OffsetPage<Int>.self) }
        #expect(error?.kind == .unreadable)
    }

    @Test func aListWithoutAnEndIsAnError() async throws {
        try await ForgeFixture.with(.github) { fixture async throws in
            fixture.forge.fail(.lie("[]", headers: ["link": #"</x?page=7>; rel="next""#]), times: 100)
            let error = try await #require(throws: ForgeError.self) { try await fixture.client.openPullRequests() }
            #expect(error.kind == .unreadable && error.message.contains("the list has no end"))
            #expect(fixture.forge.requests.count == 3)
        }
    }
}
