import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Sends requests and judges the heads of their answers.
///
/// Requests share one HTTP/2 connection, where the server speaks it; ``HTTP2Pings`` tells a dead one. Streams have HTTP/1.1 connections
/// of their own, kept alive by TCP: servers allow 250 streams a connection and AsyncHTTPClient opens no second one, so many watches would
/// keep a delete waiting, and one broken connection would end them all at once.
struct Transport: Sendable {
    /// Of whole answers, and of error bodies.
    static let largestAnswer = 64 << 20
    static let largestError = 1 << 20

    /// What tells the connections of a stream from another's: how long it may be silent.
    enum Stream { case watch, log }

    let server: String
    let credentials: Credentials
    let impersonation: [(name: String, value: String)]
    private let timeouts: Timeouts
    private let requests: HTTPClient
    let watches: HTTPClient
    private let logs: HTTPClient
    private let retry = RetryPolicy()
    private let clock: any Clock<Duration>
    private let logger: Logger

    init(_ configuration: ClusterConfiguration, timeouts: Timeouts, clock: any Clock<Duration>, logger: Logger) throws(KubernetesError) {
        var base = HTTPClient.Configuration(
            tlsConfiguration: try configuration.tls(), redirectConfiguration: .disallow,
            timeout: .init(connect: .init(timeouts.connect), read: .init(timeouts.stall)))
        // less than the 90 s after which the server closes, so that no connection closes just as it is used
        base.connectionPool.idleTimeout = .seconds(60)
        base.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 32
        base.connectionPool.retryConnectionEstablishment = false
        base.http1_1ConnectionDebugInitializer = { keepAlive($0) }
        base.http2ConnectionDebugInitializer = { channel in
            keepAlive(channel).flatMapThrowing {
                let pings = HTTP2Pings(interval: .init(timeouts.ping), patience: .init(timeouts.pong))
                try channel.pipeline.syncOperations.addHandler(pings)
            }
        }
        server = try configuration.override(&base)
        base.proxy = configuration.proxy.map(HTTPClient.Configuration.Proxy.init)
        credentials = Credentials(configuration.authentication) { plugin in
            PluginCredentials(plugin) { (certificate) throws(KubernetesError) in try configuration.tls(presenting: certificate) }
        }
        impersonation = configuration.impersonation?.headers ?? []
        requests = HTTPClient(eventLoopGroupProvider: .singleton, configuration: base)
        base.httpVersion = .http1Only
        base.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 4096
        base.timeout.read = .init(timeouts.watchIdle)
        watches = HTTPClient(eventLoopGroupProvider: .singleton, configuration: base)
        base.timeout.read = .init(timeouts.logIdle)
        logs = HTTPClient(eventLoopGroupProvider: .singleton, configuration: base)
        self.timeouts = timeouts
        self.clock = clock
        self.logger = logger
    }

    func shutdown() async {
        for client in [requests, watches, logs] {
            do { try await client.shutdown() } catch { logger.debug("closing connections", metadata: ["error": "\(error)"]) }
        }
    }

    /// The whole answer to a request.
    func send(_ request: APIRequest) async throws -> ByteBuffer {
        let response = try await exchange(request, over: requests)
        let end = ContinuousClock.now + timeouts.body
        var body = ByteBuffer()
        do {
            for try await var chunk in response.body {
                guard body.readableBytes + chunk.readableBytes <= Self.largestAnswer else {
                    throw KubernetesError.tooLarge(limit: Self.largestAnswer)
                }
                body.writeBuffer(&chunk)
                guard ContinuousClock.now < end else {
                    throw KubernetesError.transport("its answer is not whole after \(timeouts.body.components.seconds) s")
                }
            }
            return body
        } catch let error as KubernetesError { throw error } catch { throw translated(error) }
    }

    /// The body of the answer, as it comes.
    func stream(_ request: APIRequest, _ kind: Stream) async throws -> HTTPClientResponse.Body {
        switch kind {
        case .watch: try await exchange(request, over: watches).body
        case .log: try await exchange(request, over: logs).body
        }
    }

    /// Sends until there is a success, or an answer that another try would not change.
    private func exchange(_ request: APIRequest, over client: HTTPClient) async throws -> HTTPClientResponse {
        var attempt = 0
        var isRenewed = false
        while true {
            try Task.checkCancellation()
            attempt += 1
            var message = HTTPClientRequest(url: server + request.target)
            message.method = request.method
            message.headers = ["accept": request.accept, "user-agent": "swift-kubernetes-client"]
            if let contentType = request.contentType { message.headers.add(name: "content-type", value: contentType) }
            if let body = request.body { message.body = .bytes(ByteBuffer(bytes: body)) }
            for header in impersonation { message.headers.add(name: header.name, value: header.value) }
            let credential = try await credentials.current()
            if let authorization = credential.authorization { message.headers.add(name: "authorization", value: authorization) }
            message.tlsConfiguration = credential.tls
            let response: HTTPClientResponse
            do { response = try await client.execute(message, timeout: .init(timeouts.head)) } catch { throw translated(error) }
            let code = Int(response.status.code)
            if (200...299).contains(code) { return response }
            let status = try await Self.status(of: response)
            if code == 401, !isRenewed, credentials.renew(after: credential) {
                isRenewed = true
                continue
            }
            let pause = retry.delay(status: code, retryAfter: response.headers.first(name: "retry-after"), attempt: attempt)
            guard let pause else { throw code == 410 ? KubernetesError.expired(status.message) : .status(status) }
            logger.debug(
                "asked to wait", metadata: ["request": "\(request.method) \(request.target)", "status": "\(code)", "for": "\(pause)"])
            try await clock.sleep(for: pause)
        }
    }

    /// The `Status` in an error's body, or what can be made of a body that is none: a proxy answered, or the server was too busy to. A body
    /// that breaks off is no answer: whether it said "no such object" or "not found here" can't be known.
    private static func status(of response: HTTPClientResponse) async throws -> Status {
        let body: ByteBuffer
        do { body = try await response.body.collect(upTo: largestError) } catch is NIOTooManyBytesError { body = ByteBuffer() } catch {
            throw translated(error)
        }
        let code = Int(response.status.code)
        if var status = try? JSONDecoder().decode(Status.self, from: body), status.reason != nil || !status.message.isEmpty {
            status.code = code
            return status
        }
        let text = String(buffer: body).prefix(200).split(whereSeparator: \.isNewline).joined(separator: " ")
        return Status(code: code, reason: nil, message: text.isEmpty ? response.status.reasonPhrase : text)
    }
}

/// What AsyncHTTPClient, NIO and NIOSSL throw as ``KubernetesError/transport(_:)``, and a cancelled task's errors as
/// `CancellationError`.
func translated(_ error: any Error) -> any Error {
    if error is CancellationError || Task.isCancelled { return CancellationError() }
    return KubernetesError.transport((error as? HTTPClientError)?.shortDescription ?? "\(error)")
}

/// Whether nothing came for longer than the connection may be silent.
func isSilence(_ error: any Error) -> Bool { (error as? HTTPClientError) == .readTimeout }

/// TCP finds out within a minute that a silent peer is gone.
@Sendable private func keepAlive(_ channel: any Channel) -> EventLoopFuture<Void> {
    func tcp(_ name: CInt) -> ChannelOptions.Types.SocketOption {
        .init(level: SocketOptionLevel(IPPROTO_TCP), name: SocketOptionName(name))
    }
    var options: [(ChannelOptions.Types.SocketOption, SocketOptionValue)] = [
        (.init(level: .init(SOL_SOCKET), name: .init(SO_KEEPALIVE)), 1)
    ]
    #if os(Linux)
        options += [(tcp(TCP_KEEPIDLE), 30), (tcp(TCP_KEEPINTVL), 10), (tcp(TCP_KEEPCNT), 3)]
    #endif
    return .andAllSucceed(options.map { channel.setOption($0.0, value: $0.1) }, on: channel.eventLoop)
}

extension HTTPClient.Configuration.Proxy {
    fileprivate init(_ proxy: ClusterConfiguration.Proxy) {
        switch proxy.kind {
        case .http:
            let authorization = proxy.credentials.map { HTTPClient.Authorization.basic(username: $0.username, password: $0.password) }
            self = .server(host: proxy.host, port: proxy.port, authorization: authorization)
        case .socks5: self = .socksServer(host: proxy.host, port: proxy.port)
        }
    }
}

extension ClusterConfiguration {
    /// - Throws: ``KubernetesError/configuration(_:)``.
    fileprivate func tls(presenting other: ClientCertificate? = nil) throws(KubernetesError) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if skipsTLSVerification { tls.certificateVerification = .none }
        if let trustRoots {
            do { tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(trustRoots)) } catch {
                throw .configuration("the certificate authority is not a PEM certificate")
            }
        }
        if let clientCertificate = other ?? clientCertificate {
            do {
                tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(clientCertificate.chain).map { .certificate($0) }
                tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: clientCertificate.key, format: .pem))
            } catch { throw .configuration("the client certificate or its key is not PEM") }
        }
        return tls
    }

    /// The base URL to send to. With a `tls-server-name` its host is that name, and AsyncHTTPClient is told to connect to the real one.
    fileprivate func override(_ client: inout HTTPClient.Configuration) throws(KubernetesError) -> String {
        guard let tlsServerName, !tlsServerName.isEmpty else { return server }
        guard var parts = URLComponents(string: server), let host = parts.host else { throw .configuration("\"\(server)\" has no host") }
        client.dnsOverride = [tlsServerName: host.trimmingCharacters(in: ["[", "]"])]
        parts.host = tlsServerName
        guard let url = parts.string else { throw .configuration("\"\(tlsServerName)\" is not a host name") }
        return url
    }
}
