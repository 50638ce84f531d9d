import NIOCore
import NIOHTTP1
import NIOPosix

/// One request to Caddy's control, on a connection of its own.
///
/// Not by AsyncHTTPClient: Caddy tells the version of its configuration in a trailer, and that does not show them.
struct CaddyExchange {
    struct Answer {
        var status: UInt
        var headers: HTTPHeaders
        var body: [UInt8]
        var trailers: HTTPHeaders
    }

    private typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    /// Bytes of an answer; a configuration of thousands of sites is smaller.
    private static let longestAnswer = 1 << 24
    private static let patience = Duration.seconds(30)

    /// Throws what NIO throws when nobody answers, and ``GatewayError`` when the answer does not end.
    static func send(_ head: HTTPRequestHead, body: [UInt8], to address: CaddyAddress) async throws -> Answer {
        let connection = try await connect(to: address)
        return try await withThrowingTaskGroup(of: Answer.self) { group in
            group.addTask { try await exchange(head, body, connection) }
            group.addTask {
                try await Task.sleep(for: patience)
                throw GatewayError.refused("the Caddy of \(address) takes too long to answer")
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() else { throw CancellationError() }
            return answer
        }
    }

    private static func connect(to address: CaddyAddress) async throws -> Connection {
        let bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connectTimeout(.seconds(5))
        let initialize: @Sendable (any Channel) -> EventLoopFuture<Connection> = { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHTTPClientHandlers()
                return try Connection(wrappingChannelSynchronously: channel)
            }
        }
        switch address {
        case .socket(let path): return try await bootstrap.connect(unixDomainSocketPath: path, channelInitializer: initialize)
        case .tcp(let authority):
            let colon = authority.lastIndex(of: ":") ?? authority.endIndex
            let host = String(authority[..<colon].filter { $0 != "[" && $0 != "]" })
            return try await bootstrap.connect(host: host, port: Int(authority[colon...].dropFirst()) ?? 0, channelInitializer: initialize)
        }
    }

    private static func exchange(_ head: HTTPRequestHead, _ body: [UInt8], _ connection: Connection) async throws -> Answer {
        try await connection.executeThenClose { inbound, outbound in
            // At once: Caddy may answer the head, and hang up before the rest is sent.
            try await outbound.write(contentsOf: [.head(head), .body(.byteBuffer(ByteBuffer(bytes: body))), .end(nil)])
            var answer = Answer(status: 0, headers: [:], body: [], trailers: [:])
            for try await part in inbound {
                switch part {
                case .head(let head): (answer.status, answer.headers) = (head.status.code, head.headers)
                case .body(let bytes):
                    guard answer.body.count + bytes.readableBytes <= longestAnswer else {
                        throw GatewayError.refused("Caddy's answer is too long")
                    }
                    answer.body += bytes.readableBytesView
                case .end(let trailers):
                    answer.trailers = trailers ?? [:]
                    return answer
                }
            }
            throw ChannelError.eof
        }
    }
}
