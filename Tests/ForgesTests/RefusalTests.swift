import Foundation
import NIOHTTP1
import Orchestration
import StagingModel
import Testing

@testable import Forges

@Suite struct RefusalTests {
    private static let now = Date(timeIntervalSince1970: 1_767_225_600)

    @Test(
        arguments: [
            (429, ["retry-after": "7"], "", 7.0), (429, [:], "", 60), (403, ["retry-after": "30"], "", 30),
            (403, ["x-ratelimit-remaining": "0", "x-ratelimit-reset": "1767225700"], "", 100),
            (403, [:], "You have exceeded a secondary rate limit. Please wait", 60), (429, ["ratelimit-reset": "1767225610"], "", 10),
            // no answer keeps us away for a day, or makes us ask at once
            (429, ["retry-after": "86400"], "", 3_600), (429, ["retry-after": "-5"], "", 1), (429, ["retry-after": "0"], "", 1),
            (429, ["retry-after": "soon"], "", 60), (429, ["retry-after": "nan"], "", 60), (429, ["x-ratelimit-reset": "1"], "", 1),
            (403, ["x-ratelimit-remaining": "12"], "no", nil), (500, ["retry-after": "7"], "", nil), (200, [:], "rate limit", nil),
        ] as [(Int, HTTPHeaders, String, TimeInterval?)]) func readsARateLimit(
            status: Int, headers: HTTPHeaders, message: String, wait: TimeInterval?
        )
    {
        let end = RateLimit.end(status: status, headers: headers, message: message, now: Self.now)
        #expect(end.map { $0.timeIntervalSince(Self.now) } == wait)
    }

    private static func error(_ status: Int, _ body: String, _ headers: HTTPHeaders = [:], secrets: [String] = []) -> ForgeError {
        Refusal(
            forge: .gitlab, repository: "acme/shop", call: ForgeCall(purpose: "set a commit status", right: "`api`"), status: status,
            headers: headers, body: Data(body.utf8), secrets: secrets
        ).error(now: now)
    }

    @Test(arguments: [
        (#"{"message":"Not good"}"#, "400: Not good"),
        (#"{"message":{"name":["is bad","is long"],"body":["is missing"]}}"#, "400: body is missing, name is bad, is long"),
        (#"{"message":["one","two"]}"#, "400: one, two"), (#"{"error":"insufficient_scope"}"#, "400: insufficient_scope"),
        (#"{"error":{"message":"Bad","detail":"x"}}"#, "400: Bad"),
        (#"{"errors":[{"message":"Bad"},{"message":"Worse"}]}"#, "400: Bad; Worse"),
        (#"{"message":"Validation Failed","errors":[{"code":"custom"}]}"#, "400: Validation Failed; custom"), ("<html>", "400"),
        ("", "400"),
        ("[1,2]", "400"), (#"{"message":"a\nb\u001b[31m"}"#, "400: a b [31m"),
    ]) func saysWhatTheForgeSays(body: String, told: String) {
        #expect(Self.error(400, body).message == "GitLab refuses to set a commit status in acme/shop (\(told))")
    }

    @Test func boundsWhatTheForgeSays() {
        let message = Self.error(400, "{\"message\":\"\(String(repeating: "x", count: 5_000))\"}").message
        #expect(message.count < 300 && message.contains("…"))
    }

    @Test func hidesWhatWasSent() {
        let error = Self.error(401, #"{"message":"Bearer s3cret is no token"}"#, secrets: ["s3cret", ""])
        #expect(error.message.contains("Bearer *** is no token"))
    }

    @Test(arguments: [
        (301, ForgeError.Kind.moved, false), (307, .moved, false), (401, .unauthorized, false), (403, .forbidden, false),
        (404, .notFound, false),
        (410, .notFound, false), (408, .unavailable, true), (409, .unavailable, true), (422, .refused, false), (429, .rateLimited, true),
        (500, .unavailable, true), (503, .unavailable, true), (599, .unavailable, true),
    ]) func tellsKindsApart(status: Int, kind: ForgeError.Kind, isRetryable: Bool) {
        let error = Self.error(status, "{}")
        #expect(error.kind == kind && error.isRetryable == isRetryable)
    }

    @Test func aPauseOfAnOverloadedForgeIsKnown() {
        #expect(Self.error(503, "", ["retry-after": "20"]).retryAt == Self.now.addingTimeInterval(20))
    }

    @Test(arguments: [("short", 140, "short"), ("abcdef", 4, "abc…"), ("👩‍👩‍👧‍👦x", 4, "👩‍👩…")]) func cutsByCodePoints(
        text: String, limit: Int, cut: String
    ) {
        #expect(text.cut(to: limit).unicodeScalars.count <= limit)
        #expect(text.cut(to: limit) == cut)
    }
}
