import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// Passes connections on from unix sockets to the addresses of pods. It runs as a child of Slingshot's in the network namespace of a user's
/// podman, where those addresses are; a socket in the file system can be reached from every network namespace, by whoever may look into
/// its folder.
///
/// It is asked at the socket `control`, one request a connection (``ForwarderRequest``). It listens nowhere else than in its folder, so
/// that no pod can reach it.
public enum Forwarder {
    static let control = "control"

    /// Works until standard input ends: when whoever started it is gone. Says `ready` on standard error once it can be asked.
    ///
    /// - Parameter folder: of the sockets; only the user may look into it.
    public static func run(folder: String) async throws {
        let desk = try await listen("\(folder)/\(control)")
        let listeners = Listeners(folder: folder)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await untilInputEnds() }
            group.addTask { try await serve(desk) { try await answer($0, listeners) } }
            group.addTask {
                await withDiscardingTaskGroup { group in
                    for await listener in listeners.opened {
                        group.addTask { try? await serve(listener.channel) { try await pass($0, to: listener.target) } }
                    }
                }
            }
            FileHandle.standardError.write(Data("ready\n".utf8))
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private static func untilInputEnds() async throws {
        let input = try await NIOPipeBootstrap(group: .singletonMultiThreadedEventLoopGroup).takingOwnershipOfDescriptor(
            input: dup(STDIN_FILENO)
        ) { channel in channel.eventLoop.makeCompletedFuture { try Connection(wrappingChannelSynchronously: channel) } }
        try await input.executeThenClose { inbound, _ in for try await _ in inbound {} }
    }

    private static func serve(_ server: Server, _ body: @escaping @Sendable (Connection) async throws -> Void) async throws {
        try await server.executeThenClose { connections in
            try await withThrowingDiscardingTaskGroup { group in
                // One that fails is that one's matter.
                for try await connection in connections { group.addTask { try? await body(connection) } }
            }
        }
    }

    private static func answer(_ connection: Connection, _ listeners: Listeners) async throws {
        try await connection.executeThenClose { inbound, outbound in
            var text = ""
            for try await bytes in inbound {
                text += String(buffer: bytes)
                if text.hasSuffix("\n") || text.utf8.count > 200 { break }
            }
            let answer: ForwarderRequest.Answer
            do {
                switch ForwarderRequest(text) {
                case .open(let target): try await listeners.open(target)
                case .close(let target): await listeners.close(target)
                case .dial(let target): try await connect(to: target).executeThenClose { _, _ in }
                case nil: throw PodmanError.undecodable("no request: \(text.oneLine(limit: 200))")
                }
                answer = .done
            } catch { answer = .failed("\(error)") }
            try await outbound.write(ByteBuffer(string: answer.text))
        }
    }

    /// Both ways, each to its end; who reads slowly is not overrun.
    private static func pass(_ client: Connection, to target: ForwarderTarget) async throws {
        try await client.executeThenClose { fromClient, toClient in
            try await connect(to: target).executeThenClose { fromPod, toPod in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for try await bytes in fromClient { try await toPod.write(bytes) }
                        toPod.finish()
                    }
                    group.addTask {
                        for try await bytes in fromPod { try await toClient.write(bytes) }
                        toClient.finish()
                    }
                    try await group.waitForAll()
                }
            }
        }
    }

    private static func connect(to target: ForwarderTarget) async throws -> Connection {
        try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connectTimeout(.seconds(10))
            .channelOption(.allowRemoteHalfClosure, value: true).channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connect(host: target.address, port: target.port) { channel in wrap(channel) }
    }

    fileprivate static func listen(_ path: String) async throws -> Server {
        try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup).serverChannelOption(.backlog, value: 256)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true) { channel in wrap(channel) }
    }

    private static func wrap(_ channel: any Channel) -> EventLoopFuture<Connection> {
        channel.eventLoop.makeCompletedFuture {
            try Connection(wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
        }
    }
}

private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>
private typealias Server = NIOAsyncChannel<Connection, Never>

/// The sockets that lead to pods.
private final class Listeners: Sendable {
    let opened: AsyncStream<(channel: Server, target: ForwarderTarget)>
    private let announce: AsyncStream<(channel: Server, target: ForwarderTarget)>.Continuation
    private let folder: String
    private let channels = Mutex<[ForwarderTarget: any Channel]>([:])

    init(folder: String) {
        self.folder = folder
        (opened, announce) = AsyncStream.makeStream()
    }

    func open(_ target: ForwarderTarget) async throws {
        guard channels.withLock({ $0[target] }) == nil else { return }
        let server = try await Forwarder.listen("\(folder)/\(target)")
        channels.withLock { $0[target] = server.channel }
        announce.yield((server, target))
    }

    func close(_ target: ForwarderTarget) async {
        guard let channel = channels.withLock({ $0.removeValue(forKey: target) }) else { return }
        try? FileManager.default.removeItem(atPath: "\(folder)/\(target)")
        try? await channel.close()
    }
}
