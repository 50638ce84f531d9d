import ControlAPI
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Orchestration
import SlingshotTestSupport
import StagingModel
import Store
import Testing

@Suite struct TokenRoutesTests {
    private func create(_ fixture: ServiceFixture, _ name: String, _ role: Role, expires: String? = nil) async throws -> CreatedToken {
        let end = expires.map { #","expires":"\#($0)""# } ?? ""
        let response = try await fixture.call(.post, "/api/v1/tokens", json: #"{"name":"\#(name)","role":"\#(role.rawValue)"\#(end)}"#)
        #expect(response.status == .created)
        return try response.decoded()
    }

    @Test(arguments: Role.allCases)
    func `each role gets what it may do and no more`(role: Role) async throws {
        try await ServiceFixture.run(shareLink: { stack, _ in stack.url }) { fixture async throws in
            let token = try await create(fixture, "t", role).token
            let calls: [(HTTPRequest.Method, String, String?, Role)] = [
                (.get, "/api/v1/stacks", nil, .viewer), (.get, "/api/v1/events", nil, .viewer), (.get, "/metrics", nil, .viewer),
                (.get, "/api/v1/openapi.json", nil, .viewer),
                (.post, "/api/v1/stacks", #"{"repository":"shop","number":7}"#, .operator),
                (.post, "/api/v1/stacks/shop-7/extend", #"{"duration":"1h"}"#, .operator),
                (.post, "/api/v1/stacks/shop-7/share", #"{"duration":"1h"}"#, .operator),
                (.delete, "/api/v1/stacks/shop-7", nil, .operator),
                (.get, "/api/v1/tokens", nil, .admin), (.post, "/api/v1/tokens", #"{"name":"x","role":"viewer"}"#, .admin),
                (.delete, "/api/v1/tokens/x", nil, .admin),
            ]
            for (method, path, json, needed) in calls {
                let response = try await fixture.call(method, path, json: json, token: token)
                if role >= needed {
                    #expect((200..<300).contains(response.status.code), "\(role) \(method) \(path)")
                } else {
                    #expect(response.status == .forbidden, "\(role) \(method) \(path)")
                    #expect(try response.problem.detail.contains("has the role \(role.rawValue)"))
                }
            }
        }
    }

    @Test func `the store never has the token itself`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let created = try await create(fixture, "ci", .operator)
            #expect(created.token.hasPrefix("slingshot_"))
            #expect(created.token.count == "slingshot_".count + 64)
            let stored = try #require(try await fixture.store.read { try $0.tokens() }.first)
            #expect(stored.digest.count == 32)
            #expect(!"\(stored)".contains(created.token.dropFirst("slingshot_".count)))
            #expect(!String(buffer: try await fixture.call(.get, "/api/v1/tokens").body).contains(created.token))
        }
    }

    @Test func `a revoked token is refused from then on`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let token = try await create(fixture, "ci", .viewer).token
            #expect(try await fixture.call(.get, "/api/v1/stacks", token: token).status == .ok)
            #expect(try await fixture.call(.delete, "/api/v1/tokens/ci").decoded(TokenView.self).name == "ci")
            #expect(try await fixture.call(.get, "/api/v1/stacks", token: token).status == .unauthorized)
            #expect(try await fixture.call(.delete, "/api/v1/tokens/ci").problem.code == "no-such-token")
        }
    }

    @Test func `a token is refused from the instant of its end`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let created = try await create(fixture, "ci", .viewer, expires: "30d")
            #expect(created.expiresAt == Samples.start.addingTimeInterval(30 * 86_400))
            fixture.clock.advance(by: 30 * 86_400 - 1)
            #expect(try await fixture.call(.get, "/api/v1/stacks", token: created.token).status == .ok)
            fixture.clock.advance(by: 1)
            let refused = try await fixture.call(.get, "/api/v1/stacks", token: created.token)
            #expect(refused.status == .unauthorized)
            #expect(try refused.problem.detail.contains("expired"))
        }
    }

    @Test func `the last use is told, to the minute`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let token = try await create(fixture, "ci", .viewer).token
            func lastUse() async throws -> Date? {
                try await fixture.call(.get, "/api/v1/tokens").decoded(TokenList.self).tokens.first?.lastUsedAt
            }
            #expect(try await lastUse() == nil)
            _ = try await fixture.call(.get, "/api/v1/stacks", token: token)
            fixture.clock.advance(by: 59)
            _ = try await fixture.call(.get, "/api/v1/stacks", token: token)
            #expect(try await lastUse() == Samples.start)
            fixture.clock.advance(by: 1)
            _ = try await fixture.call(.get, "/api/v1/stacks", token: token)
            #expect(try await lastUse() == Samples.start.addingTimeInterval(60))
        }
    }

    @Test func `the history says whose token it was`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let token = try await create(fixture, "ada", .operator).token
            _ = try await fixture.call(.post, "/api/v1/stacks", json: #"{"repository":"shop","number":7}"#, token: token)
            let events = try await fixture.call(.get, "/api/v1/events").decoded(EventList.self).events
            #expect(events.count == 1 && events.allSatisfy { $0.message.hasPrefix("requested") && $0.message.hasSuffix(" (by ada)") })
        }
    }

    @Test(arguments: [
        (#"{"name":"ci","role":"viewer"}"#, 409, "there is a token named"), (#"{"name":"api-token","role":"viewer"}"#, 400, "name"),
        (#"{"name":"Ci","role":"viewer"}"#, 400, "name"), (#"{"name":"","role":"viewer"}"#, 400, "name"),
        (#"{"name":"x","role":"root"}"#, 400, "role"), (#"{"name":"x"}"#, 400, "role"),
        (#"{"name":"x","role":"viewer","expires":"soon"}"#, 400, "expires"),
        (#"{"name":"x","role":"viewer","expires":"0s"}"#, 400, "expires"),
    ])
    func `what can't be given out is refused`(body: String, status: Int, word: String) async throws {
        try await ServiceFixture.run { fixture async throws in
            _ = try await create(fixture, "ci", .viewer)
            let response = try await fixture.call(.post, "/api/v1/tokens", json: body)
            #expect(response.status.code == status)
            #expect(try response.problem.detail.contains(word))
        }
    }
}
