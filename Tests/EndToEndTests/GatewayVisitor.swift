import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import SlingshotTestSupport

/// Somebody who opens stacks' addresses through the gateway on a port of this machine.
struct GatewayVisitor: Sendable {
    let port: Int
    let domain: String

    init(domain: String = "staging.localhost") async throws {
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup).bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
        try await channel.close()
        self.domain = domain
    }

    struct Answer {
        var status: Int
        var headers: HTTPHeaders
        var body: String
    }

    func open(
        _ path: String = "/", host: String? = nil, browser: Bool = false, headers: [(String, String)] = [], upload: Int? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.headers.add(name: "Host", value: host ?? "shop-7.\(domain):\(port)")
        if browser { request.headers.add(name: "Accept", value: "text/html,application/xhtml+xml,*/*;q=0.8") }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let upload {
            request.method = .POST
            let chunk = ByteBuffer(repeating: 0x61, count: 1 << 16)
            let chunks = Array(repeating: chunk, count: upload / chunk.readableBytes)
            request.body = .stream(chunks.async, length: .known(Int64(chunks.count * chunk.readableBytes)))
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(120))
        let body = try await response.body.collect(upTo: 1 << 22)
        return Answer(status: Int(response.status.code), headers: response.headers, body: String(buffer: body))
    }

    /// Asks until the answer satisfies `condition`. A gateway that is not there at the moment is asked again.
    @discardableResult
    func until(_ what: String, _ path: String = "/", browser: Bool = false, _ condition: (Answer) -> Bool) async throws -> Answer {
        var last = "nothing"
        for _ in 0..<600 {
            do {
                let answer = try await open(path, browser: browser)
                if condition(answer) { return answer }
                last = "\(answer.status) \(answer.body)"
            } catch { last = "\(error)" }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw ChildProcess.Failure("waited in vain until \(what); the last answer was \(last)")
    }

    /// The lines of an event stream, until `condition` is true of one. `onOpen` is called once the stream has begun.
    func lines(of path: String, until condition: @Sendable (String) -> Bool) async throws -> [String] {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.headers.add(name: "Host", value: "shop-7.\(domain)")
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(180))
        var lines: [String] = []
        var rest = ""
        for try await chunk in response.body {
            rest += String(buffer: chunk)
            while let end = rest.firstIndex(of: "\n") {
                lines.append(String(rest[..<end]))
                rest = String(rest[rest.index(after: end)...])
                if condition(lines.last ?? "") { return lines }
            }
        }
        return lines
    }

    /// Opens a connection, sends bytes as they are, and gives what comes back to `body`.
    func connection<T: Sendable>(_ body: @Sendable (Wire) async throws -> T) async throws -> T {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connect(host: "127.0.0.1", port: port) {
            channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        return try await channel.executeThenClose { inbound, outbound in
            let (received, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    defer { continuation.finish() }
                    for try await buffer in inbound { continuation.yield(buffer) }
                }
                defer { group.cancelAll() }
                return try await body(Wire(received: received, outbound: outbound))
            }
        }
    }

    struct Wire {
        let received: AsyncStream<ByteBuffer>
        let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

        func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

        /// Reads until `text` was there.
        func read(until text: String) async throws -> String {
            var all = ""
            for await buffer in received {
                all += String(buffer: buffer)
                if all.contains(text) { return all }
            }
            throw ChildProcess.Failure("the connection ended without \"\(text)\": \(all)")
        }
    }
}

extension Array where Element: Sendable {
    /// The elements as a stream.
    fileprivate var async: AsyncStream<Element> {
        AsyncStream { continuation in
            for element in self { continuation.yield(element) }
            continuation.finish()
        }
    }
}
