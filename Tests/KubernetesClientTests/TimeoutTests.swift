import KubernetesClient
import Logging
import NIOCore
import NIOPosix
import Testing

/// What a server that says nothing can do to the client: nothing, for longer than the time-outs allow.
@Suite(.timeLimit(.minutes(5))) struct TimeoutTests {
    private struct Item: Decodable, Sendable {}

    private let pods: ResourcePath

    init() throws { pods = try ResourcePath(.pods, namespace: "n") }

    private func expectTransportError(_ body: () async throws -> Void) async {
        let error = await #expect(throws: KubernetesError.self) { try await body() }
        guard case .transport = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.isRetryable == true)
    }

    @Test func aHeadThatNeverComes() async throws {
        try await LoopbackServer.with([.init(silence: .beforeHead)], timeouts: Timeouts(head: .milliseconds(50))) { client, server in
            await expectTransportError { _ = try await client.raw("/version") }
            await server.clientHasClosed()
        }
    }

    @Test func aBodyThatStalls() async throws {
        try await LoopbackServer.with([.init(body: "{", silence: .beforeEnd)], timeouts: Timeouts(stall: .milliseconds(50))) {
            client, server in
            await expectTransportError { _ = try await client.raw("/version") }
            await server.clientHasClosed()
        }
    }

    @Test func aBodyThatTakesTooLong() async throws {
        try await LoopbackServer.with([.init(body: "{")], timeouts: Timeouts(body: .zero)) { client, _ in
            await expectTransportError { _ = try await client.raw("/version") }
        }
    }

    /// The TLS handshake belongs to the connection, and this server never begins it.
    @Test func aConnectionThatIsNeverMade() async throws {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.autoRead, value: false).bind(host: "127.0.0.1", port: 0).get()
        let configuration = try ClusterConfiguration(server: "https://127.0.0.1:\(server.localAddress?.port ?? 0)")
        let client = try KubernetesClient(configuration, logger: Logger(label: "test"), timeouts: Timeouts(connect: .milliseconds(50)))
        await expectTransportError { _ = try await client.raw("/version") }
        await client.shutdown()
        try await server.close()
    }

    @Test func aSilentWatchIsAskedForAgainWhereItWas() async throws {
        let event = #"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}"# + "\n"
        let answers: [LoopbackServer.Answer] = [.init(body: event, silence: .beforeEnd), .init(body: event)]
        try await LoopbackServer.with(answers, timeouts: Timeouts(watchIdle: .seconds(2))) { client, server in
            var events = client.watch(pods, from: "5", as: Item.self).makeAsyncIterator()
            for _ in 1...2 { _ = try await events.next() }
            #expect(server.lines.map { $0.contains("resourceVersion=9&") } == [false, true])
        }
    }

    @Test func aSilentLogEnds() async throws {
        try await LoopbackServer.with([.init(body: "one\n", silence: .beforeEnd)], timeouts: Timeouts(logIdle: .milliseconds(50))) {
            client, _ in
            await expectTransportError {
                for try await _ in try await client.logs(pod: "p", namespace: "n", options: LogOptions(follow: true)) {}
            }
        }
    }

    /// The server sees it: nothing goes on in the background for somebody who has left.
    @Test func aCancelledWatchClosesItsConnection() async throws {
        let event = #"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}"# + "\n"
        try await LoopbackServer.with([.init(body: event, silence: .beforeEnd)]) { client, server in
            let (seen, see) = AsyncStream.makeStream(of: Void.self)
            let watching = Task { for try await _ in client.watch(pods, from: "5", as: Item.self) { see.yield() } }
            for await _ in seen { break }
            watching.cancel()
            await server.clientHasClosed()
            await #expect(throws: CancellationError.self) { try await watching.value }
        }
    }

    @Test func aCancelledRequestClosesItsConnection() async throws {
        try await LoopbackServer.with([.init(body: "{", silence: .beforeEnd)]) { client, server in
            let asking = Task { try await client.raw("/version") }
            while server.asked.isEmpty { await Task.yield() }
            asking.cancel()
            await server.clientHasClosed()
            await #expect(throws: CancellationError.self) { try await asking.value }
        }
    }
}
