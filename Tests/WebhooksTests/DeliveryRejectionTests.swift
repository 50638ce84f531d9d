import Testing

@testable import Webhooks

@Suite struct DeliveryRejectionTests {
    private static let table: [(DeliveryRejection, Int, String)] = [
        (.malformed(field: "number", why: "is missing"), 400, "malformed"), (.unsigned(header: "X-Hub-Signature-256"), 401, "unsigned"),
        (.wrongSignature, 401, "wrong-signature"), (.stale, 401, "stale"), (.unknownForge("x"), 404, "unknown-forge"),
        (.unknownRepository("a/b"), 404, "unknown-repository"),
        (.tooLarge(limit: 7), 413, "body-too-large"), (.unsupportedMediaType, 415, "unsupported-media-type"),
    ]

    @Test(arguments: table)
    func hasStatusCodeAndOneLine(rejection: DeliveryRejection, status: Int, code: String) {
        #expect(rejection.status == status)
        #expect(rejection.code == code)
        #expect(!rejection.description.contains("\n"))
    }

    @Test func textsNameTheFix() {
        #expect(DeliveryRejection.unsupportedMediaType.description.contains("set the webhook's content type to application/json"))
        #expect(DeliveryRejection.unsigned(header: "X-Hub-Signature-256").description.contains("set the webhook's secret"))
        #expect(DeliveryRejection.wrongSignature.description.contains("set the webhook's secret"))
        #expect(DeliveryRejection.unknownRepository("acme/other").description.contains("add it to the server's repositories"))
        #expect(DeliveryRejection.unknownRepository("acme/other").description.contains("correct `repository` and `url`"))
    }
}
