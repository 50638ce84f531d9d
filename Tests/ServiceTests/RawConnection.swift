import Foundation
import NIOCore
import NIOPosix
import Orchestration
import ServiceLifecycle
import SlingshotTestSupport
import Store
import Testing

@testable import Service

/// The real server on a port of the loopback, for who talks to it byte by byte.
struct ServerFixture: Sendable {
    let port: Int
    let store: SQLiteStore
    let clock: TestClock
    let group: ServiceGroup
    let service: SlingshotService

    static func run(
        limits: ServerLimits = ServerLimits(), trustedProxies: [String] = [],
        _ body: @escaping @Sendable (ServerFixture) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            let clock = TestClock()
            let (service, _) = try ServiceFixture.make(store: store, clock: clock, limits: limits, trustedProxies: trustedProxies)
            let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
            let application = service.application(host: "127.0.0.1", port: 0, logger: ServiceFixture.quiet) { continuation.yield($0) }
            let group = ServiceGroup(
                configuration: ServiceGroupConfiguration(services: [.init(service: application)], logger: ServiceFixture.quiet))
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                var iterator = ports.makeAsyncIterator()
                let port = try #require(await iterator.next())
                try await body(ServerFixture(port: port, store: store, clock: clock, group: group, service: service))
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
        }
    }

    /// Connects, and closes when `body` ends.
    func connected<T: Sendable>(_ body: (RawConnection) async throws -> T) async throws -> T {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(host: "127.0.0.1", port: port) {
            channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        return try await channel.executeThenClose { inbound, outbound in
            let (pieces, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
            return try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    defer { continuation.finish() }
                    for try await piece in inbound { continuation.yield(piece) }
                }
                defer { tasks.cancelAll() }
                return try await body(RawConnection(inbound: pieces, outbound: outbound))
            }
        }
    }
}

/// One connection, as bytes.
final class RawConnection {
    private var inbound: AsyncStream<ByteBuffer>.Iterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var unread = ""

    init(inbound: AsyncStream<ByteBuffer>, outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>) {
        self.inbound = inbound.makeAsyncIterator()
        self.outbound = outbound
    }

    func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

    /// All that comes until the server closes the connection.
    func readToEnd() async -> String {
        while let piece = await inbound.next(isolation: #isolation) { unread += String(buffer: piece) }
        defer { unread = "" }
        return unread
    }

    /// One answer with a body of known length: its head and its body.
    func answer() async throws -> (head: String, body: String) {
        while true {
            if let end = unread.range(of: "\r\n\r\n") {
                let head = String(unread[..<end.lowerBound])
                let length = head.firstMatch(of: /(?i)content-length: (\d+)/).flatMap { Int($0.1) } ?? 0
                let rest = Array(unread[end.upperBound...].utf8)
                if rest.count >= length {
                    unread = String(decoding: rest[length...], as: UTF8.self)
                    return (head, String(decoding: rest[..<length], as: UTF8.self))
                }
            }
            unread += String(
                buffer: try #require(await inbound.next(isolation: #isolation), "the connection ended within an answer: \(unread)"))
        }
    }
}
