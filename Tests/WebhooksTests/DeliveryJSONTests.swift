import Foundation
import StagingModel
import Testing

@testable import Webhooks

@Suite struct DeliveryJSONTests {
    private func message(_ body: some DataProtocol, event: String = "pull_request") throws -> ForgeMessage {
        try GitHubFixture.receiver().receive(GitHubFixture.delivery(body, event: event)).message
    }

    private func rejection(_ body: some DataProtocol) -> DeliveryRejection? {
        #expect(throws: DeliveryRejection.self) { try message(body) }
    }

    @Test(arguments: [
        "", " ", "{", "}", "nul", #"{"action":"opened""#, #"{'action':'opened'}"#, "payload=%7B%7D", "<xml/>", "{} {}", "\u{0}",
    ])
    func bodyMustBeJSON(text: String) {
        #expect(rejection(Data(text.utf8)) == .malformed(field: "body", why: "must be valid JSON"))
    }

    @Test(arguments: ["[]", "7", "null", #""opened""#, "true"])
    func bodyMustBeAnObject(text: String) {
        let rejection = rejection(Data(text.utf8))
        #expect(rejection?.status == 400)
        #expect(rejection?.description.hasPrefix("body must ") == true)
    }

    @Test func bodyMustBeUTF8() throws {
        let text = try GitHubFixture.opened().canonicalText
        let broken = text.utf8.map { $0 == UInt8(ascii: "~") ? 0xFF : $0 } + [0xC3]
        #expect(rejection(broken) == .malformed(field: "body", why: "must be valid UTF-8"))
        // In a field that nobody reads.
        #expect(rejection(Array(#"{"x":""#.utf8) + [0xFF] + Array(#""}"#.utf8)) == .malformed(field: "body", why: "must be valid UTF-8"))
        for encoding in [String.Encoding.utf16LittleEndian, .utf16BigEndian, .utf32LittleEndian, .utf32BigEndian] {
            #expect(
                rejection(try #require(#"{"action":"opened"}"#.data(using: encoding)))
                    == .malformed(field: "body", why: "must be valid JSON"))
        }
    }

    @Test func invalidEscapeIsRejected() throws {
        func rejected(_ escape: String) throws -> DeliveryRejection? {
            rejection(Data(try GitHubFixture.opened().canonicalText.replacing(#""basket/total""#, with: #""\#(escape)""#).utf8))
        }
        for escape in [#"\ud800"#, #"\x41"#] {
            #expect(try rejected(escape) == .malformed(field: "pull_request.head.ref", why: "must be a text of valid escapes"))
        }
    }

    @Test func doubledKeyIsMatchedAsItIsReported() throws {
        let doubled = #"{"repository":{"id":7,"full_name":"acme/other"},"# + (try GitHubFixture.opened().canonicalText.dropFirst())
        let receiver = try GitHubFixture.receiver([
            GitHubFixture.subscription("shop", "acme/shop"), GitHubFixture.subscription("other", "acme/other"),
        ])
        let verified = try receiver.receive(GitHubFixture.delivery(Data(doubled.utf8)))
        #expect(try verified.message.repository == "acme/\(#require(verified.repository))")
    }

    @Test(arguments: ["[", #"{"a":"#, #"{"pull_request":"#, #"[{"a":["#])
    func deepNestingIsRejected(opening: String) {
        for depth in [600, 100_000, WebhookReceiver.bodyLimit / opening.utf8.count] {
            let body = Data(String(repeating: opening, count: depth).utf8)
            #expect(rejection(body)?.status == 400)
            #expect(rejection(Data(#"{"action":"opened","x":"#.utf8) + body.prefix(100_000))?.status == 400)
        }
    }

    @Test func nestingThatIsClosedAgainIsRejectedToo() throws {
        let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        for path in ["labels", "title", "x"] {
            let text = try GitHubFixture.opened().with("pull_request.\(path)", "deep").canonicalText.replacing(#""deep""#, with: deep)
            #expect(rejection(Data(text.utf8))?.status == 400)
        }
    }

    @Test func countOfValuesIsBounded() throws {
        func body(_ count: Int) throws -> Data {
            let list = "[" + String(repeating: "0,", count: count) + "0]"
            return Data((#"{"x":"# + list + "," + (try GitHubFixture.opened().canonicalText.dropFirst())).utf8)
        }
        #expect(try message(body(DeliveryJSON.mostValues - 5_000)).repository == "acme/shop")
        #expect(try rejection(body(DeliveryJSON.mostValues)) == .malformed(field: "body", why: "must hold at most 250000 values"))
    }

    @Test func punctuationInsideTextsIsNotCounted() throws {
        let prose = String(repeating: #"[{,:\"\\"#, count: DeliveryJSON.mostValues)
        let text = #"{"x":""# + prose + #"","# + (try GitHubFixture.opened().canonicalText.dropFirst())
        #expect(try message(Data(text.utf8)).repository == "acme/shop")
    }

    @Test func hugeNumbersAreRejected() throws {
        for number in ["1e999", "123456789012345678901234567890", "-0.5", "4.25e1", String(repeating: "9", count: 1_000_000)] {
            let text = try GitHubFixture.opened().canonicalText.replacing(#""number":42"#, with: #""number":"# + number)
            let refused = try #require(rejection(Data(text.utf8)))
            #expect(refused == .malformed(field: "number", why: "must be a whole number"))
        }
    }
}
