import ControlAPI
import Foundation
import HTTPTypes
import HummingbirdTesting
import SlingshotTestSupport
import StagingModel
import Testing

@Suite struct ShareRoutesTests {
    private static let create = #"{"repository":"shop","number":7}"#

    @Test func `a link is good for as long as was asked`() async throws {
        try await ServiceFixture.run(shareLink: { "\($0.url)/until/\($1.rfc3339)" }) { fixture async throws in
            _ = try await fixture.call(.post, "/api/v1/stacks", json: Self.create)
            let response = try await fixture.call(.post, "/api/v1/stacks/shop-7/share", json: #"{"duration":"2d"}"#)
            let view: ShareView = try response.decoded()
            #expect(view.stack == "shop-7")
            #expect(view.until == fixture.clock.now.wholeSeconds.addingTimeInterval(2 * 86_400))
            #expect(view.url.hasSuffix("/until/\(view.until.rfc3339)"))
        }
    }

    @Test(arguments: [#"{"duration":"31d"}"#, #"{"duration":"0s"}"#, #"{"duration":"soon"}"#, #"{}"#, ""])
    func `what is no duration is refused`(body: String) async throws {
        try await ServiceFixture.run(shareLink: { stack, _ in stack.url }) { fixture async throws in
            _ = try await fixture.call(.post, "/api/v1/stacks", json: Self.create)
            let response = try await fixture.call(.post, "/api/v1/stacks/shop-7/share", json: body)
            #expect(response.status == .badRequest)
            #expect(try response.problem.detail.contains(body.contains("duration") || body == "{}" ? "`duration`" : "JSON"))
        }
    }

    @Test func `no stack, no gateway, no link`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let json = #"{"duration":"1h"}"#
            #expect(try await fixture.call(.post, "/api/v1/stacks/shop-7/share", json: json).status == .notFound)
            _ = try await fixture.call(.post, "/api/v1/stacks", json: Self.create)
            let refused = try await fixture.call(.post, "/api/v1/stacks/shop-7/share", json: json)
            #expect(refused.status == .conflict)
            #expect(try refused.problem.detail.contains("routing: {kind: gateway}"))
        }
    }
}
