import ControlAPI
import Foundation
import NIOCore
import NIOPosix
import SlingshotTestSupport
import StagingModel
import Testing

/// How the real program ends, and who may ask it for what.
@Suite(.serialized, .timeLimit(.minutes(10))) struct StoppingTests {
    @Test func `asked to stop in the middle of a deploy, it ends well, and the next start goes on`() async throws {
        try await ServeFixture.run { fixture async throws in
            try fixture.configure()
            let head = try await fixture.push(greeting: "Hello", command: ["/bin/sh", "-c", "sleep 4; exec /bin/serve"])
            let (_, status) = try await fixture.servingToEnd { serving async throws in
                try await serving.deliver(GitHubDelivery("opened", head: head))
                try await serving.wait(for: .deploying)
                serving.process.terminate()
                _ = try await serving.process.line(containing: "stopped")
            }
            #expect(status == 0)
            try await fixture.serving { try await $0.wait(for: .ready) }
        }
    }

    /// A request of which the server has the head, and waits for the body, holds up the stop.
    @Test func `a second signal ends it at once`() async throws {
        try await ServeFixture.run { fixture async throws in
            try fixture.configure()
            let (_, status) = try await fixture.servingToEnd { serving async throws in
                let port = try #require(serving.address.port)
                let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(host: "127.0.0.1", port: port)
                {
                    channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
                try await channel.executeThenClose { inbound, outbound in
                    // Together, so that with the answer to the first the server has the second's head.
                    let head = "POST /webhooks/github HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256=0\r\nContent-Length: 9\r\n\r\n"
                    try await outbound.write(ByteBuffer(string: "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" + head))
                    for try await _ in inbound { break }
                    serving.process.terminate()
                    _ = try await serving.process.line(containing: "stopping")
                    serving.process.terminate()
                    _ = try await serving.process.line(containing: "second signal")
                }
            }
            #expect(status == 143)
        }
    }

    @Test func `tokens are given out, used within their role, and taken back`() async throws {
        try await ServeFixture.run { fixture async throws in
            try fixture.configure()
            try await fixture.serving { serving async throws in
                let token = try await serving.cli(["token", "create", "ada", "--role", "viewer", "--expires", "1d"]).output
                    .trimmingCharacters(in: .whitespacesAndNewlines)
                let ada = ["--token", token]
                #expect(try await serving.cli(["list"] + ada).output == "no stacks\n")
                let refused = try await serving.cli(["create", "shop", "7"] + ada, accepting: [4])
                #expect(refused.errors.contains("needs operator"))
                #expect(try await serving.cli(["token", "list"]).output.contains("ada"))
                _ = try await serving.cli(["token", "revoke", "ada"])
                _ = try await serving.cli(["list"] + ada, accepting: [4])
                #expect(!serving.process.log.contains(token))
            }
        }
    }
}
