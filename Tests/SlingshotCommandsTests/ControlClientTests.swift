import ControlAPI
import Foundation
import Testing

@Suite struct ControlClientTests {
    /// The reason is the refusal itself, and not that time ran out in trying again.
    @Test func `a server that is down is told at once`() async throws {
        let client = ControlClient(server: try #require(URL(string: "http://127.0.0.1:9")), token: nil)
        let error = await #expect(throws: ServerUnreachable.self) { _ = try await client.stacks() }
        #expect(error?.reason.contains("refused") == true)
    }
}
