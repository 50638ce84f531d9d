import AsyncHTTPClient
import KubernetesClient
import NIOCore
import NIOHTTP1

/// One request and its answer.
struct Exchange: Sendable {
    let proxy: FaultProxy
    let head: HTTPRequestHead
    let body: ByteBuffer
    let outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>

    /// What belongs to a connection and not to a message (RFC 9110, 7.6.1), and credentials, which are the proxy's own.
    private static let notForwarded = [
        "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "host", "content-length", "authorization",
    ]

    /// Answers. False when the connection has to break. A read ends when the client goes: a watch may say nothing for long. A change that was
    /// asked for is made, whether anybody still waits for the answer or not; so it is with an API server. podman hears that nobody does.
    func run(whileOpen channel: any Channel) async throws -> Bool {
        guard head.method == .GET || !proxy.upstream.finishesChanges else { return try await answer() }
        let (closed, continuation) = AsyncStream.makeStream(of: Void.self)
        channel.closeFuture.whenComplete { _ in continuation.finish() }
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { try await answer() }
            group.addTask {
                for await _ in closed {}
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
    }

    private func answer() async throws -> Bool {
        let (request, judge) = proxy.remember(head)
        let fault = await judge(request)
        switch fault {
        case .status(let code, let retryAfter):
            try await refuse(code, retryAfter: retryAfter, "the fault proxy refuses")
            return true
        case .lie(let text):
            try await say(200, ByteBuffer(string: text), headers: [:])
            return true
        case .drop(.before, let action):
            await action()
            return false
        case .drop, .slow, .cut, nil: break
        }
        var headers = head.headers
        for name in Self.notForwarded { headers.remove(name: name) }
        if case .cut(let delay, let action) = fault {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { [headers] in _ = try? await proxy.upstream.forward(head.method, head.uri, headers, body) }
                group.addTask { try? await Task.sleep(for: delay) }
                await group.next()
                await action()
                group.cancelAll()
            }
            return false
        }
        let response: HTTPClientResponse
        do { response = try await proxy.upstream.forward(head.method, head.uri, headers, body) } catch {
            try await refuse(502, retryAfter: nil, "\(error)")
            return true
        }
        proxy.remember(status: Int(response.status.code), of: request)
        switch fault {
        case .slow(let delay): try await Task.sleep(for: delay)
        case .drop(.after, let action):
            await action()
            return false
        case .drop, .cut, .status, .lie, nil: break
        }
        var answerHeaders = response.headers
        for name in ["connection", "keep-alive", "transfer-encoding"] { answerHeaders.remove(name: name) }
        try await outbound.write(.head(HTTPResponseHead(version: .http1_1, status: response.status, headers: answerHeaders)))
        var chunks = response.body.makeAsyncIterator()
        while let chunk = try await chunks.next(isolation: #isolation) {
            if case .drop(.middle, let action) = fault {
                var part = chunk
                if let half = part.readSlice(length: chunk.readableBytes / 2) { try await outbound.write(.body(.byteBuffer(half))) }
                await action()
                return false
            }
            try await outbound.write(.body(.byteBuffer(chunk)))
        }
        try await outbound.write(.end(nil))
        return true
    }

    /// Says what an API server says that can't or won't.
    private func refuse(_ code: Int, retryAfter: Int?, _ why: String) async throws {
        let text = why.filter { $0 != "\"" && $0 != "\\" && !$0.isNewline }
        let body = ByteBuffer(
            string: #"{"kind":"Status","apiVersion":"v1","status":"Failure","code":\#(code),"reason":"FaultProxy","message":"\#(text)"}"#)
        try await say(code, body, headers: retryAfter.map { ["retry-after": "\($0)"] } ?? [:])
    }

    private func say(_ code: Int, _ body: ByteBuffer, headers: HTTPHeaders) async throws {
        var headers = headers
        headers.add(name: "content-type", value: "application/json")
        headers.add(name: "content-length", value: "\(body.readableBytes)")
        try await outbound.write(.head(HTTPResponseHead(version: .http1_1, status: .init(statusCode: code), headers: headers)))
        try await outbound.write(.body(.byteBuffer(body)))
        try await outbound.write(.end(nil))
    }
}
