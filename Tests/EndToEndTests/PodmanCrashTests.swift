import ControlAPI
import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

/// The programs that `serve` starts, killed in the middle of a stack's life on podman.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PodmanCrashTests {
    /// A deploy, an update and a destroy, each disturbed as it begins and again when it is under way.
    private func live(_ fixture: PodmanServe, _ serving: Serving, disturb: @Sendable () async throws -> Void) async throws {
        for (variant, action) in [("one", "opened"), ("two", "synchronize")] {
            let head = try await fixture.pushSmall(variant, to: [7])
            try await serving.deliver(GitHubDelivery(action, head: head))
            try await disturb()
            try await serving.stack(until: "it is being deployed") { $0.phase == .deploying || $0.phase == .ready }
            try await disturb()
            try await serving.ready(head)
            #expect(try await fixture.ask("web", "http://web/") == variant)
        }
        try await serving.deliver(GitHubDelivery("closed", head: fixture.pushSmall("three", to: [7])))
        try await disturb()
        try await serving.stack(until: "it is destroyed") { $0.phase == .destroyed }
        let left = try await PodmanTestEngine.hiddenLeftovers(fixture.prefix, namespaces: ["\(fixture.prefix)shop-7"])
        #expect(left == [])
    }

    @Test func `with Caddy killed at any time, visitors get the stack in the end, and no Caddy stays`() async throws {
        try await PodmanServe.run { fixture async throws in
            let visitor = try await GatewayVisitor()
            try fixture.configure(routing: "{kind: gateway, listen: \"127.0.0.1:\(visitor.port)\"}")
            let caddy = ["caddy", fixture.state.path]
            try await fixture.serving { serving async throws in
                _ = try await serving.process.line(containing: "stacks are at")
                try await live(fixture, serving) {
                    let killed = try PodmanTestEngine.processes(caddy)
                    try await PodmanTestEngine.kill(killed)
                    // a page, the application, or that it is gone
                    try await visitor.until("somebody answers again") { [200, 410, 503].contains($0.status) }
                    #expect(try PodmanTestEngine.processes(caddy) != killed)
                }
                try await visitor.until("it is said to be gone") { $0.status == 410 }
            }
            #expect(try PodmanTestEngine.processes(caddy) == [])
        }
    }

    /// Where a service of the machine's own answers, `serve` starts none; ``PodmanKillTests`` kill one that is not its own.
    @Test func `with its own podman service killed at any time, the stack comes right, and no service stays`() async throws {
        try await PodmanServe.run { fixture async throws in
            try fixture.configure()
            let service = ["podman system service", fixture.state.path]
            let isOwn = !FileManager.default.fileExists(atPath: "/run/podman/podman.sock")
            try await fixture.serving { serving async throws in
                try await live(fixture, serving) {
                    let killed = try PodmanTestEngine.processes(service)
                    if isOwn { #expect(!killed.isEmpty) }  // what it is about to start has its name for a moment
                    try await PodmanTestEngine.kill(killed)
                }
            }
            #expect(try PodmanTestEngine.processes(service) == [])
        }
    }
}
