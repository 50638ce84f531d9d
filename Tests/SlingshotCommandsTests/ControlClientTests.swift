import ControlAPI
import FakeForges
import Foundation
import Testing

@Suite struct ControlClientTests {
    /// The reason is the refusal itself, and not that time ran out in trying again.
    @Test func `a server that is down is told at once`() async throws {
        let client = ControlClient(server: try #require(URL(string: "http://127.0.0.1:9")), token: nil)
        let error = await #expect(throws: ServerUnreachable.self) { _ = try await client.stacks() }
        #expect(error?.reason.contains("refused") == true)
    }

    /// GitLab's deliveries carry the secret itself.
    @Test func `a delivery is not led on to another address`() async throws {
        try await FakeForge.running(.gitlab, now: { Date() }) { stranger in
            try await FakeForge.running(.gitlab, now: { Date() }) { server async throws in
                server.fail(.redirect(to: "http://127.0.0.1:\(stranger.port)/"))
                let address = try #require(URL(string: "http://127.0.0.1:\(server.port)"))
                let status = try await ControlClient(server: address, token: nil).deliver(
                    to: "gitlab", headers: ["X-Gitlab-Token": "secret"], body: Data("{}".utf8))
                #expect(status == 302)
                #expect(server.requests.count == 1 && stranger.requests.isEmpty)
            }
        }
    }
}
