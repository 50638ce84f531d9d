public import KubernetesClient
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Stands between Slingshot and a cluster's API server, or podman, passes requests and watches on, remembers each, and does to them what
/// it is told to.
///
/// Plain HTTP on loopback or at a socket inwards, the upstream's rights outwards: whoever reaches it has them. For development and tests
/// only.
public final class FaultProxy: Sendable {
    /// Decides what goes wrong with a request; nil for nothing. The request waits for the decision.
    public typealias Judge = @Sendable (ProxiedRequest) async -> Fault?
    typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>
    typealias Listener = NIOAsyncChannel<Connection, Never>

    private struct State {
        var judge: Judge = { _ in nil }
        var requests: [ProxiedRequest] = []
        var listener: (any Channel)?
        var connections: [ObjectIdentifier: any Channel] = [:]
    }

    private let state = Mutex(State())
    private let listeners = AsyncStream.makeStream(of: Listener.self)
    let upstream: Upstream
    private let place: Place

    /// Where a proxy listens.
    private enum Place { case port(host: String, Int), socket(path: String) }

    private init(upstream: Upstream, place: Place) {
        self.upstream = upstream
        self.place = place
    }

    /// Listens on `host` and `port`, any free one when that is 0, while `body` runs.
    public static func running<T: Sendable>(
        to cluster: KubernetesClient, host: String = "127.0.0.1", port: Int = 0, _ body: @Sendable (FaultProxy) async throws -> T
    ) async throws -> T {
        let first = try await bind(.port(host: host, port))
        let place = Place.port(host: host, first.channel.localAddress?.port ?? port)
        return try await FaultProxy(upstream: .cluster(cluster), place: place).run(first, body)
    }

    /// Listens at the socket `path` while `body` runs, and passes on to the HTTP server at the socket `upstream`, such as podman's.
    public static func running<T: Sendable>(
        toSocket upstream: String, at path: String, _ body: @Sendable (FaultProxy) async throws -> T
    ) async throws -> T {
        try await Upstream.withSocket(upstream) { upstream in
            try await FaultProxy(upstream: upstream, place: .socket(path: path)).run(try await bind(.socket(path: path)), body)
        }
    }

    private func run<T: Sendable>(_ first: Listener, _ body: @Sendable (FaultProxy) async throws -> T) async throws -> T {
        let proxy = self
        proxy.opened(first)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for await listener in proxy.listeners.stream { try await proxy.accept(from: listener) } }
            let result: Result<T, any Error>
            do { result = .success(try await body(proxy)) } catch { result = .failure(error) }
            await proxy.close()
            group.cancelAll()
            return try result.get()
        }
    }

    /// The port that it listens on; 0 at a socket.
    public var port: Int { if case .port(_, let port) = place { port } else { 0 } }

    /// Every request so far, in the order in which they came.
    public var requests: [ProxiedRequest] { state.withLock { $0.requests } }

    /// From now on `judge` decides about each request that comes.
    public func judge(_ judge: @escaping Judge) { state.withLock { $0.judge = judge } }

    /// Breaks all connections and refuses new ones, as a machine does whose API server is down.
    public func close() async {
        let channels = state.withLock { state in
            defer { (state.listener, state.connections) = (nil, [:]) }
            return [state.listener].compactMap(\.self) + state.connections.values
        }
        for channel in channels { try? await channel.close() }
    }

    /// Whether it listens.
    public var isOpen: Bool { state.withLock { $0.listener != nil } }

    /// Listens again, at the same address.
    public func open() async throws { opened(try await Self.bind(place)) }

    // MARK: Connections

    private static func bind(_ place: Place) async throws -> Listener {
        @Sendable func connection(_ channel: any Channel) -> EventLoopFuture<Connection> {
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: false)
                return try Connection(wrappingChannelSynchronously: channel)
            }
        }
        let bootstrap = ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        switch place {
        case .port(let host, let port):
            return try await bootstrap.serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: host, port: port, childChannelInitializer: connection)
        case .socket(let path):
            return try await bootstrap.bind(
                unixDomainSocketPath: path, cleanupExistingSocketFile: true, childChannelInitializer: connection)
        }
    }

    private func opened(_ listener: Listener) {
        state.withLock { $0.listener = listener.channel }
        listeners.continuation.yield(listener)
    }

    private func accept(from listener: Listener) async throws {
        try await listener.executeThenClose { connections in
            try await withThrowingDiscardingTaskGroup { group in
                for try await connection in connections {
                    group.addTask {
                        let id = ObjectIdentifier(connection.channel)
                        self.state.withLock { $0.connections[id] = connection.channel }
                        // a connection that breaks is what this is about
                        try? await self.serve(connection)
                        self.state.withLock { $0.connections[id] = nil }
                    }
                }
            }
        }
    }

    private func serve(_ connection: Connection) async throws {
        try await connection.executeThenClose { inbound, outbound in
            var parts = inbound.makeAsyncIterator()
            while case .head(let head) = try await parts.next() {
                var body = ByteBuffer()
                while case .body(var bytes) = try await parts.next() { body.writeBuffer(&bytes) }
                let exchange = Exchange(proxy: self, head: head, body: body, outbound: outbound)
                guard try await exchange.run(whileOpen: connection.channel) else { return }
            }
        }
    }

    // MARK: The record

    func remember(_ head: HTTPRequestHead) -> (ProxiedRequest, Judge) {
        state.withLock { state in
            let request = ProxiedRequest(number: state.requests.count + 1, method: head.method.rawValue, target: head.uri)
            state.requests.append(request)
            return (request, state.judge)
        }
    }

    func remember(status: Int, of request: ProxiedRequest) { state.withLock { $0.requests[request.number - 1].status = status } }
}

extension FaultProxy {
    /// A kubeconfig that names the proxy.
    public var kubeconfig: String {
        let host = if case .port(let host, _) = place { host } else { "" }
        return """
            apiVersion: v1
            kind: Config
            clusters: [{name: faulty, cluster: {server: "http://\(host):\(port)"}}]
            contexts: [{name: faulty, context: {cluster: faulty, user: nobody}}]
            users: [{name: nobody, user: {token: "the proxy has its own"}}]
            current-context: faulty

            """
    }
}
