import AsyncHTTPClient
import FakeForges
import Foundation
import NIOCore
import NIOHTTP1
import StagingModel
import Testing

/// The fakes refuse what the real forges refuse; tests that go through them prove nothing otherwise.
@Suite struct FakeForgeTests {
    private static func post(_ forge: FakeForge, _ path: String, _ body: String, method: String = "POST") async throws -> Int {
        var request = HTTPClientRequest(url: forge.api + path)
        request.method = .init(rawValue: method)
        request.headers = ["authorization": "Bearer t0ken", "content-type": "application/json"]
        request.body = .bytes(ByteBuffer(string: body))
        return Int(try await HTTPClient.shared.execute(request, timeout: .seconds(10)).status.code)
    }

    private static let sha = String(repeating: "a", count: 40)

    @Test(arguments: [
        #"{"state":"success","context":"x"}"#: 201, #"{"state":"running"}"#: 422, #"{}"#: 422, #"{"state":1}"#: 422, "[]": 400, "{": 400,
        #"{"state":"success","colour":"red"}"#: 422, #"{"state":"success","target_url":"javascript:alert(1)"}"#: 422,
        "{\"state\":\"success\",\"description\":\"\(String(repeating: "x", count: 141))\"}": 422,
    ]) func gitHubChecksAStatus(body: String, expected: Int) async throws {
        try await FakeForge.running(.github, now: { Date() }) { forge async throws in
            #expect(try await Self.post(forge, "/repos/acme/shop/statuses/\(Self.sha)", body) == expected)
        }
    }

    @Test(arguments: [
        #"{"ref":"x"}"#: 409, #"{"ref":"x","auto_merge":false}"#: 409, #"{"ref":"x","auto_merge":false,"required_contexts":[]}"#: 201,
        #"{"auto_merge":false,"required_contexts":[]}"#: 422, #"{"ref":"x","auto_merge":"no","required_contexts":[]}"#: 422,
    ]) func gitHubMergesUnlessToldNotTo(body: String, expected: Int) async throws {
        try await FakeForge.running(.github, now: { Date() }) { forge async throws in
            #expect(try await Self.post(forge, "/repos/acme/shop/deployments", body) == expected)
        }
    }

    @Test func gitLabDeletesNoEnvironmentThatRuns() async throws {
        try await FakeForge.running(.gitlab, now: { Date() }) { forge async throws in
            #expect(try await Self.post(forge, "/projects/acme%2Fshop/environments", #"{"name":"a/b","tier":"moon"}"#) == 400)
            #expect(try await Self.post(forge, "/projects/acme%2Fshop/environments", #"{"name":"a?b"}"#) == 400)
            #expect(try await Self.post(forge, "/projects/acme%2Fshop/environments", #"{"name":"a/b"}"#) == 201)
            let id = forge.state.environments[0].id
            #expect(try await Self.post(forge, "/projects/acme%2Fshop/environments/\(id)", "", method: "DELETE") == 403)
        }
    }

    @Test(arguments: [
        #"{"key":"k","state":"SUCCESSFUL","url":"https://x.example.com"}"#: 201, #"{"key":"k","state":"SUCCESSFUL"}"#: 400,
        #"{"key":"k","state":"success","url":"https://x.example.com"}"#: 400,
        "{\"key\":\"\(String(repeating: "k", count: 41))\",\"state\":\"FAILED\",\"url\":\"https://x.example.com\"}": 400,
    ]) func bitbucketChecksAStatus(body: String, expected: Int) async throws {
        try await FakeForge.running(.bitbucket, now: { Date() }) { forge async throws in
            #expect(try await Self.post(forge, "/repositories/acme/shop/commit/\(Self.sha)/statuses/build", body) == expected)
        }
    }

    @Test(arguments: FakeForge.Kind.allCases) func nobodyComesInWithoutAToken(kind: FakeForge.Kind) async throws {
        try await FakeForge.running(kind, now: { Date() }) { forge async throws in
            for header in [nil, "", "Bearer", "Bearer wrong", "Basic !!", "Basic dDBrZW4=", "Bearer a.b.c"] {
                var request = HTTPClientRequest(url: forge.api + "/user")
                if let header { request.headers.add(name: "authorization", value: header) }
                #expect(try await HTTPClient.shared.execute(request, timeout: .seconds(10)).status == .unauthorized)
            }
        }
    }
}
