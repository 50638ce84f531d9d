import KubernetesClient
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOPosix
import NIOSSL
import Synchronization

/// An HTTP server on loopback that gives prepared answers in order, and remembers what it was asked.
final class LoopbackServer: Sendable {
    struct Answer: Sendable {
        var status = 200
        var headers: [String: String] = [:]
        var body = ""
        /// Breaks the connection off in the middle of the body.
        var breaksOff = false
        /// Says nothing from here on, and keeps the connection.
        var silence: Silence?
    }

    enum Silence {
        case beforeHead, beforeEnd
        /// The whole connection falls silent: nothing that is sent to it is even read.
        case wire
    }

    struct Asked: Sendable, Equatable {
        var line: String
        var headers: [String: String]
        var body: String
        /// The certificate that the client presented.
        var certificate: NIOSSLCertificate?
    }

    private struct State {
        var answers: [Answer]
        var asked: [Asked] = []
        var connections = 0
        var closed: Set<Int> = []
        var onClose: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    private init(_ answers: [Answer]) { state = Mutex(State(answers: answers)) }

    var asked: [Asked] { state.withLock { $0.asked } }
    var lines: [String] { asked.map(\.line) }

    /// Connections that were opened.
    var connections: Int { state.withLock { $0.connections } }

    /// Returns once the client has closed a connection.
    func clientHasClosed() async {
        await withCheckedContinuation { continuation in
            let isClosed = state.withLock { state in
                if state.closed.isEmpty { state.onClose.append(continuation) }
                return !state.closed.isEmpty
            }
            if isClosed { continuation.resume() }
        }
    }

    fileprivate func opened(_ channel: any Channel) {
        let number = state.withLock { state in
            state.connections += 1
            return state.connections
        }
        channel.closeFuture.whenComplete { _ in
            let waiting = self.state.withLock { state in
                state.closed.insert(number)
                defer { state.onClose = [] }
                return state.onClose
            }
            for continuation in waiting { continuation.resume() }
        }
    }

    fileprivate func answer(_ asked: Asked) -> Answer {
        state.withLock { state in
            state.asked.append(asked)
            return state.answers.isEmpty ? Answer(status: 418, body: "no answer is left") : state.answers.removeFirst()
        }
    }

    /// Runs a server and a client for it. With `tls`, the server asks for the client's certificate; with
    /// `http2` it does not, and speaks nothing else. As a proxy it answers for a server that does not exist.
    static func with(
        _ answers: [Answer], clock: any Clock<Duration> = RecordingClock(), authentication: ClusterConfiguration.Authentication? = nil,
        impersonation: ClusterConfiguration.Impersonation? = nil, tls: Bool = false, http2: Bool = false, asProxy: Bool = false,
        timeouts: Timeouts = Timeouts(),
        body: (KubernetesClient, LoopbackServer) async throws -> Void
    ) async throws {
        let server = LoopbackServer(answers)
        let sslContext = tls || http2 ? try NIOSSLContext(configuration: serverTLS(http2: http2)) : nil
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                server.opened(channel)
                return channel.eventLoop.makeCompletedFuture {
                    if let sslContext { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: sslContext)) }
                    if http2 {
                        _ = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
                            mode: .server, connectionConfiguration: .init(), streamConfiguration: .init()
                        ) { stream in
                            stream.eventLoop.makeCompletedFuture {
                                try stream.pipeline.syncOperations.addHandlers(
                                    HTTP2FramePayloadToHTTP1ServerCodec(), Handler(server: server))
                            }
                        }
                        return
                    }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(server: server))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        var configuration = try ClusterConfiguration(
            server: "\(sslContext != nil ? "https" : "http")://127.0.0.1:\(channel.localAddress?.port ?? 0)/base/",
            trustRoots: sslContext != nil ? Array(TestCertificates.serverCertificate.utf8) : nil, authentication: authentication,
            impersonation: impersonation)
        if asProxy {
            configuration.proxy = try .init(url: "http://u:p@127.0.0.1:\(channel.localAddress?.port ?? 0)")
            configuration.server = "http://api.invalid:6443/base"
        }
        let client = try KubernetesClient(configuration, logger: Logger(label: "test"), clock: clock, timeouts: timeouts)
        let result: Result<Void, any Error>
        do { result = .success(try await body(client, server)) } catch { result = .failure(error) }
        await client.shutdown()
        try await channel.close()
        try result.get()
    }

    private static func serverTLS(http2: Bool) throws -> TLSConfiguration {
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(TestCertificates.serverCertificate.utf8)).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(TestCertificates.serverKey.utf8), format: .pem)))
        if http2 {
            tls.applicationProtocols = ["h2"]
            return tls
        }
        tls.certificateVerification = .noHostnameVerification
        let clients = TestCertificates.firstCertificate + "\n" + TestCertificates.secondCertificate
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(clients.utf8)))
        return tls
    }
}

/// Says one prepared answer for each request.
private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let server: LoopbackServer
    private var head: HTTPRequestHead?
    private var body = ""

    init(server: LoopbackServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = ""
        case .body(let bytes): body += String(buffer: bytes)
        case .end:
            guard let head else { return }
            let headers = Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { first, _ in first }
            let tls = try? context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
            let answer = server.answer(
                .init(line: "\(head.method) \(head.uri)", headers: headers, body: body, certificate: tls?.peerCertificate))
            if answer.silence == .wire {
                (context.channel.parent ?? context.channel).setOption(.autoRead, value: false).whenComplete { _ in }
            }
            if answer.silence == .beforeHead || answer.silence == .wire { return }
            let answerHead = HTTPResponseHead(
                version: .http1_1, status: .init(statusCode: answer.status), headers: HTTPHeaders(answer.headers.map { ($0.key, $0.value) })
            )
            context.write(wrapOutboundOut(.head(answerHead)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer.body)))), promise: nil)
            if answer.breaksOff {
                context.close(promise: nil)
            } else if answer.silence != .beforeEnd {
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}

/// A clock whose sleeps end at once and are remembered.
final class RecordingClock: Clock {
    typealias Duration = Swift.Duration
    typealias Instant = ContinuousClock.Instant

    private let slept = Mutex<[Duration]>([])
    private let start = ContinuousClock.now

    var sleeps: [Duration] { slept.withLock { $0 } }
    var now: Instant { start }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        slept.withLock { $0.append(deadline - start) }
    }
}
