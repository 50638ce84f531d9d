import Foundation
import Testing

@testable import Webhooks

@Suite struct WebhookSecretTests {
    @Test func emptyIsRefused() {
        #expect(WebhookSecret([]) == nil)
        #expect(WebhookSecret("".utf8) == nil)
    }

    @Test func isNeverPrinted() throws {
        let subscription = try GitHubFixture.subscription("shop", "acme/shop", secret: "hunter2")
        var dumped = ""
        dump(subscription, to: &dumped)
        for text in ["\(subscription)", "\(subscription.secret)", String(reflecting: subscription), dumped] {
            #expect(!text.contains("hunter2") && !text.contains("104"))
        }
    }

    /// RFC 4231: a key longer than SHA-256's block (test case 6), and a short one (test case 2).
    @Test func agreesWithRFC4231() throws {
        let long = try #require(WebhookSecret([UInt8](repeating: 0xAA, count: 131)))
        let text = "Test Using Larger Than Block-Size Key - Hash Key First"
        #expect(long.authenticates(Data(text.utf8), hexadecimal: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"))
        let short = try GitHubFixture.secret("Jefe")
        let digits = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        #expect(short.authenticates(Data("what do ya want for nothing?".utf8), hexadecimal: digits))
        #expect(!short.authenticates(Data("what do ya want for nothing!".utf8), hexadecimal: digits))
    }
}
