import AsyncHTTPClient
import ControlAPI
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import NIOHTTP1
import Orchestration
import SlingshotTestSupport
import StagingModel
import Store
import Testing

@Suite(.timeLimit(.minutes(5))) struct LogRoutesTests {
    private static let lines = [
        LogLine(pod: "web-1", container: "app", time: "2026-01-01T00:00:00.5Z", text: "\u{1B}[31mred"),
        LogLine(pod: "web-1", container: "proxy", time: "2026-01-01T00:00:01Z", text: "data: \"quoted\""),
    ]

    /// A stack that has something running, as the record says.
    private func withStack(
        _ engine: SimulatedEngine = SimulatedEngine(), live: Bool = false, _ body: @escaping @Sendable (ServiceFixture) async throws -> Void
    ) async throws {
        let name = try #require(StackName("shop-7"))
        engine.meddle {
            $0.logs[name] = Self.lines
            $0.workloads[name] = [WorkloadStatus(kind: "Deployment", name: "web", ready: 0, desired: 2, state: .failing, message: "no")]
        }
        try await ServiceFixture.run(engine: engine, live: live) { fixture async throws in
            _ = try await fixture.call(.post, "/api/v1/stacks", json: #"{"repository":"shop","number":7}"#)
            try await fixture.store.write { transaction in
                guard var stack = try transaction.stack(name) else { return }
                stack.namespaceUID = "uid-1"
                try transaction.save(stack, wakeAt: nil)
            }
            try await body(fixture)
        }
    }

    @Test func `lines come as a list`() async throws {
        try await withStack { fixture async throws in
            let all = try await fixture.call(.get, "/api/v1/stacks/shop-7/logs").decoded(LogList.self)
            #expect(all.lines == Self.lines)
            let some = try await fixture.call(.get, "/api/v1/stacks/shop-7/logs?container=app&tail=5&since=2026-01-01T00:00:00Z")
            #expect(try some.decoded(LogList.self).lines == [Self.lines[0]])
        }
    }

    @Test func `lines come as a stream, whose end is told`() async throws {
        try await withStack { fixture async throws in
            let headers: HTTPFields = [.accept: "text/event-stream", .authorization: "Bearer \(ServiceFixture.token)"]
            let response = try await fixture.http.execute(uri: "/api/v1/stacks/shop-7/logs", method: .get, headers: headers, body: nil)
            #expect(response.headers[.contentType] == "text/event-stream")
            var reader = ServerSentEventReader()
            let events = try reader.read(response.body.readableBytesView)
            #expect(try events.map { try ControlCoding.decode(LogLine.self, from: Data($0.data.utf8)) } == Self.lines)
        }
    }

    @Test func `an engine that fails in the middle is told in the stream`() async throws {
        let engine = SimulatedEngine(onCall: { operation, _, isAfter in
            if operation == "logs", isAfter { throw StepError("the cluster is away", isRetryable: true) }
        })
        try await withStack(engine) { fixture async throws in
            let headers: HTTPFields = [.accept: "text/event-stream", .authorization: "Bearer \(ServiceFixture.token)"]
            let response = try await fixture.http.execute(uri: "/api/v1/stacks/shop-7/logs", method: .get, headers: headers, body: nil)
            var reader = ServerSentEventReader()
            let last = try #require(try reader.read(response.body.readableBytesView).last)
            #expect(last.name == "problem")
            #expect(try ControlCoding.decode(Problem.self, from: Data(last.data.utf8)).detail == "the cluster is away")
        }
    }

    @Test(arguments: [
        ("/api/v1/stacks/shop-7/logs?tail=-1", 400), ("/api/v1/stacks/shop-7/logs?tail=10001", 400),
        ("/api/v1/stacks/shop-7/logs?tail=x", 400), ("/api/v1/stacks/shop-7/logs?since=yesterday", 400),
        ("/api/v1/stacks/shop-7/logs?service=", 400), ("/api/v1/stacks/shop-9/logs", 404), ("/api/v1/stacks/..%2Fx/logs", 404),
    ])
    func `a bad question is refused`(path: String, status: Int) async throws {
        try await withStack { fixture async throws in #expect(try await fixture.call(.get, path).status.code == status) }
    }

    @Test(arguments: [(true, 503), (false, 409)]) func `what the engine refuses is told`(isRetryable: Bool, status: Int) async throws {
        let engine = SimulatedEngine(onCall: { operation, _, _ in
            if operation == "logs" { throw StepError("no service", isRetryable: isRetryable) }
        })
        try await withStack(engine) { fixture async throws in
            let response = try await fixture.call(.get, "/api/v1/stacks/shop-7/logs")
            #expect(response.status.code == status)
            #expect(try response.problem.detail == "no service")
        }
    }

    @Test func `without the token there are no logs`() async throws {
        try await withStack { fixture async throws in
            #expect(try await fixture.call(.get, "/api/v1/stacks/shop-7/logs", token: nil).status == .unauthorized)
        }
    }

    @Test func `what was never made has no logs and no workloads`() async throws {
        try await ServiceFixture.run { fixture async throws in
            _ = try await fixture.call(.post, "/api/v1/stacks", json: #"{"repository":"shop","number":7}"#)
            #expect(try await fixture.call(.get, "/api/v1/stacks/shop-7/logs").status == .conflict)
            #expect(try await fixture.call(.get, "/api/v1/stacks/shop-7").decoded(StackView.self).workloads == [])
        }
    }

    /// Over a real connection: who leaves takes the engine's work with them.
    @Test func `a client that leaves ends what the engine does for it`() async throws {
        let (left, leave) = AsyncStream.makeStream(of: Void.self)
        let engine = SimulatedEngine(onCall: { operation, _, isAfter in
            guard operation == "logs", isAfter else { return }
            for await _ in AsyncStream<Void>.makeStream().stream {}
            leave.finish()
        })
        try await withStack(engine, live: true) { fixture async throws in
            let port = try #require(fixture.http.port)
            var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/api/v1/stacks/shop-7/logs")
            request.headers = ["accept": "text/event-stream", "authorization": "Bearer \(ServiceFixture.token)"]
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
            var reader = ServerSentEventReader()
            var seen = 0
            for try await chunk in response.body {
                seen += try reader.read(chunk.readableBytesView).count
                if seen == Self.lines.count { break }
            }
        }
        for await _ in left {}
    }

    // MARK: Workloads

    @Test func `a stack is shown with its workloads, unless they are not wanted`() async throws {
        try await withStack { fixture async throws in
            let full = try await fixture.call(.get, "/api/v1/stacks/shop-7").decoded(StackView.self)
            #expect(full.workloads?.map(\.name) == ["web"])
            #expect(full.workloadsUnknown == nil)
            #expect(try await fixture.call(.get, "/api/v1/stacks/shop-7?workloads=false").decoded(StackView.self).workloads == nil)
            #expect(try await fixture.call(.get, "/api/v1/stacks").decoded(StackList.self).stacks.first?.workloads == nil)
        }
    }

    @Test func `an engine that does not answer leaves the record`() async throws {
        let engine = SimulatedEngine(onCall: { operation, _, _ in
            // says nothing until it is cancelled
            if operation == "workloads" { for await _ in AsyncStream<Void>.makeStream().stream {} }
        })
        try await withStack(engine) { fixture async throws in
            async let answer = fixture.call(.get, "/api/v1/stacks/shop-7")
            while fixture.clock.nextWake == nil { await Task.yield() }
            fixture.clock.advance(by: 3)
            let view = try await answer.decoded(StackView.self)
            #expect(view.phase == .queued)
            #expect(view.workloads == nil)
            #expect(view.workloadsUnknown == "the engine \"cluster\" did not answer within 3 s")
        }
    }
}
