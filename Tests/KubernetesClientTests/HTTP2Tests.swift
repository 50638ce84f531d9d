import NIOCore
import NIOEmbedded
import NIOHTTP2
import Testing

@testable import KubernetesClient

/// Requests over HTTP/2, and what becomes of a connection that dies in silence.
@Suite(.timeLimit(.minutes(5))) struct HTTP2Tests {
    @Test func requestsShareOneConnection() async throws {
        try await LoopbackServer.with(Array(repeating: .init(body: "ok"), count: 9), http2: true) { client, server in
            let first = try await client.raw("/0")
            #expect(first == Array("ok".utf8))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...8 { group.addTask { _ = try await client.raw("/\(number)") } }
                try await group.waitForAll()
            }
            #expect(server.asked.count == 9)
            #expect(server.connections == 1)
        }
    }

    @Test func aConnectionThatDiedInSilenceIsReplaced() async throws {
        let timeouts = Timeouts(ping: .milliseconds(50), pong: .milliseconds(50))
        try await LoopbackServer.with([.init(silence: .wire), .init(body: "ok")], http2: true, timeouts: timeouts) { client, server in
            let error = await #expect(throws: KubernetesError.self) { try await client.raw("/1") }
            #expect(error?.isRetryable == true)
            let again = try await client.raw("/2")
            #expect(again == Array("ok".utf8))
            #expect(server.connections == 2)
        }
    }

    private func isPing(_ frame: HTTP2Frame?) -> Bool { if case .ping(_, ack: false) = frame?.payload { true } else { false } }

    @Test func anAnsweredPingKeepsTheConnection() throws {
        let channel = EmbeddedChannel()
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try channel.pipeline.syncOperations.addHandler(HTTP2Pings(interval: .seconds(30), patience: .seconds(15)))
        for _ in 1...3 {
            channel.embeddedEventLoop.advanceTime(by: .seconds(29))
            let early = try channel.readOutbound(as: HTTP2Frame.self)
            #expect(early == nil)
            channel.embeddedEventLoop.advanceTime(by: .seconds(1))
            let ping = try channel.readOutbound(as: HTTP2Frame.self)
            #expect(isPing(ping))
            try channel.writeInbound(HTTP2Frame(streamID: .rootStream, payload: .ping(HTTP2PingData(), ack: true)))
        }
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(44))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
        _ = try channel.finish(acceptAlreadyClosed: true)
    }
}
