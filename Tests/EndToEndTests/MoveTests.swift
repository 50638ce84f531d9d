import ControlAPI
import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

/// A repository that moves from podman to the cluster and back, with the real program, the real engines and the real Caddy.
@Suite(.serialized, .timeLimit(.minutes(15))) struct MoveTests {
    @Test func `a repository moves from one engine to the other and back, and its address answers throughout`() async throws {
        try PodmanTestEngine.require()
        try await ServeFixture.run { fixture async throws in
            let visitor = try await GatewayVisitor()
            func configure(_ runtime: String) throws {
                try fixture.configure(
                    routing: "{kind: gateway, listen: \"127.0.0.1:\(visitor.port)\"}", runtime: runtime, hasBox: true)
            }
            do {
                try configure("box")
                let head = try await fixture.push(greeting: "Hello from somewhere")
                let launched = try await fixture.serving { serving async throws in
                    try await serving.launch(head)
                    try await visitor.until("the page is there") { Self.isThePage($0) }
                    return try await serving.client.stack("shop-7")
                }
                #expect(launched.runtime == "box")

                try configure("cluster")
                try await fixture.serving { serving async throws in
                    let moved = try await answers(visitor, while: serving, movesTo: "cluster")
                    #expect(moved.expiresAt == launched.expiresAt)
                    #expect(moved.commit == head.description)
                }
                #expect(try await fixture.namespaceObject() != nil)
                #expect(try await PodmanTestEngine.leftovers(fixture.prefix) == [])

                // Back, and killed on the way.
                try configure("box")
                try await fixture.serving { serving async throws in
                    try await serving.stack(until: "it is on its way") { $0.runtime == "box" }
                    _ = try await serving.cli(["extend", "shop-7", "4h"])
                    await serving.process.kill()
                }
                try await fixture.serving { serving async throws in
                    let moved = try await answers(visitor, while: serving, movesTo: "box")
                    #expect(moved.expiresAt != launched.expiresAt)
                    #expect(try await fixture.namespaceObject() == nil)
                    try await serving.deliver(GitHubDelivery("closed", head: head))
                    try await serving.wait(for: .destroyed)
                }
                #expect(try await PodmanTestEngine.leftovers(fixture.prefix) == [])
            } catch {
                await PodmanTestEngine.remove(fixture.prefix)
                throw error
            }
        }
    }

    private static func isThePage(_ answer: GatewayVisitor.Answer) -> Bool {
        answer.status == 200 && answer.body.contains("<h1>Hello from somewhere</h1>")
    }

    /// From the first page on, every answer is the page, until the stack is on that engine only.
    private func answers(_ visitor: GatewayVisitor, while serving: Serving, movesTo runtime: String) async throws -> StackView {
        let retired = { try await serving.outcomes()["retired", default: 0] }
        let before = try await retired()
        try await visitor.until("the page is there after the start") { Self.isThePage($0) }
        var others: [String] = []
        for _ in 0..<20_000 {
            let answer = try await visitor.open()
            if !Self.isThePage(answer) { others.append("\(Date()): \(answer.status) \(answer.body.prefix(400))") }
            let stack = try await serving.client.stack("shop-7")
            if stack.phase == .ready, stack.runtime == runtime, try await retired() > before {
                #expect(others == [])
                return stack
            }
        }
        throw ChildProcess.Failure("shop-7 never moved to \(runtime)")
    }
}
