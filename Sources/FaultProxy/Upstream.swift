import AsyncHTTPClient
import Foundation
import KubernetesClient
import NIOCore
import NIOHTTP1

/// To whom a proxy passes requests on.
struct Upstream: Sendable {
    /// Whether it makes a change that it was asked for although nobody waits for the answer any more.
    let finishesChanges: Bool
    let forward: @Sendable (HTTPMethod, _ target: String, HTTPHeaders, _ body: ByteBuffer) async throws -> HTTPClientResponse

    static func cluster(_ cluster: KubernetesClient) -> Upstream {
        Upstream(finishesChanges: true) { try await cluster.forward($0, $1, headers: $2, body: $3) }
    }

    /// Runs `body` with the server at a socket. Each request has a connection of its own, which ends with it.
    static func withSocket<T: Sendable>(_ path: String, _ body: (Upstream) async throws -> T) async throws -> T {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow, timeout: .init(connect: .seconds(5)))
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 256
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let upstream = Upstream(finishesChanges: false) { method, target, headers, bytes in
            guard let url = URL(httpURLWithSocketPath: path, uri: target) else { throw HTTPClientError.invalidURL }
            var request = HTTPClientRequest(url: url.absoluteString)
            request.method = method
            request.headers = headers
            request.headers.replaceOrAdd(name: "host", value: "socket")
            request.headers.replaceOrAdd(name: "connection", value: "close")
            if bytes.readableBytes > 0 { request.body = .bytes(bytes) }
            return try await client.execute(request, timeout: .hours(1))
        }
        let result: Result<T, any Error>
        do { result = .success(try await body(upstream)) } catch { result = .failure(error) }
        try? await client.shutdown()
        return try result.get()
    }
}
