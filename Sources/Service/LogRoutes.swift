import AsyncAlgorithms
import ControlAPI
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Orchestration
import ServiceLifecycle
import StagingModel

/// `/api/v1/stacks/{stack}/logs`: what the containers wrote, or, with `Accept: text/event-stream`, what they write from now on too.
struct LogRoutes {
    typealias Context = CallContext

    let store: any StackStore
    let live: LiveStack
    let builders: [String: any ImageBuilder]

    /// Seconds between two signs of life in a stream.
    private static let heartbeat = 15.0

    func add(to api: RouterGroup<Context>) {
        api.get("stacks/:stack/logs") { request, context in
            let name = try context.stackName
            guard let stack = try await store.read({ try $0.stack(name) }) else { throw RequestRefusal.unknownStack(name.description) }
            var query = try LogQuery(request.uri.queryParameters)
            let isStream = request.headers[.accept]?.contains("text/event-stream") == true
            if query.build || stack.phase == .building, let builder = builders[stack.runtime] {
                let lines: Source = { [query] onLine in
                    let next = await builder.follow(name)
                    for line in await builder.output(of: name, last: query.tail) { try await onLine(line) }
                    if isStream { for await line in next { try await onLine(line) } }
                }
                return try await answer(request, isStream, lines)
            }
            guard stack.namespaceUID != nil else {
                throw Problem.refused("\(name) has nothing that runs; it is \(stack.phase.rawValue)")
            }
            let runtime = try translatingErrors { try live.runtime(of: stack) }
            if isStream, query.previous {
                throw Problem.badRequest("what ran before is over; give either `previous` or a live stream")
            }
            query.follow = isStream
            return try await answer(request, isStream) { [query] onLine in try await runtime.logs(of: name, query, onLine: onLine) }
        }
    }

    /// What tells lines, one by one, to its end.
    private typealias Source = @Sendable (_ onLine: @Sendable (LogLine) async throws -> Void) async throws -> Void

    private func answer(_ request: Request, _ isStream: Bool, _ source: @escaping Source) async throws -> Response {
        if isStream { return stream(request, source) }
        let lines = Collected()
        try await translatingErrors { try await source { line in await lines.append(line) } }
        return try Response.json(LogList(lines: await lines.all))
    }

    /// A stream that lasts until the stack is gone, the client leaves, or the server shuts down.
    private func stream(_ request: Request, _ source: @escaping Source) -> Response {
        let headers: HTTPFields = [.contentType: "text/event-stream", .cacheControl: "no-store"]
        return Response(
            status: .ok, headers: headers,
            body: .init { writer in
                let frames = AsyncChannel<String>()
                try await request.body.consumeWithInboundCloseHandler { _ in
                    try await withThrowingDiscardingTaskGroup { group in
                        group.addTask {
                            defer { frames.finish() }
                            do {
                                try await source { line in
                                    await frames.send(ServerSentEvent(data: try ControlCoding.text(line)).text)
                                    try Task.checkCancellation()
                                }
                            } catch is CancellationError {} catch let error as StepError {
                                await frames.send(ServerSentEvent(name: "problem", data: try ControlCoding.text(Problem(error))).text)
                            }
                        }
                        group.addTask {
                            while !Task.isCancelled {
                                await frames.send(ServerSentEvent.comment)
                                try? await live.clock.sleep(until: live.clock.now.addingTimeInterval(Self.heartbeat))
                            }
                        }
                        // the writer's pace is the cluster's: nothing is read while the client does not take it
                        for await frame in frames.cancelOnGracefulShutdown() { try await writer.write(ByteBuffer(string: frame)) }
                        group.cancelAll()
                    }
                } onInboundClosed: {
                    frames.finish()
                }
                try await writer.finish(nil)
            })
    }

    private func translatingErrors<T>(_ body: () async throws -> T) async throws -> T {
        do { return try await body() } catch let error as StepError { throw Problem(error) }
    }

    private func translatingErrors<T>(_ body: () throws -> T) throws -> T {
        do { return try body() } catch let error as StepError { throw Problem(error) }
    }
}

/// The lines that an engine tells, from however many tasks.
private actor Collected {
    private(set) var all: [LogLine] = []

    func append(_ line: LogLine) { all.append(line) }
}

extension Problem {
    /// What an engine refuses is the caller's to change; what it fails in is worth another try.
    fileprivate init(_ error: StepError) {
        self =
            error.isRetryable
            ? Problem("engine-failed", status: 503, title: "The engine did not answer", detail: error.message)
            : .refused(error.message)
    }
}

extension LogQuery {
    init(_ parameters: Parameters) throws {
        guard let tail = parameters["tail"].map({ Int($0) }) ?? Self.usualTail, (0...Self.largestTail).contains(tail) else {
            throw Problem.badRequest("`tail` must be a number from 0 to \(Self.largestTail)")
        }
        let since = parameters["since"].map(String.init)
        if let since, Date(rfc3339: since) == nil {
            throw Problem.badRequest("`since` must be an RFC 3339 instant, such as 2026-01-31T18:00:00Z")
        }
        for name in ["service", "container"] where parameters[Substring(name)].map({ $0.isEmpty || $0.utf8.count > 253 }) == true {
            throw Problem.badRequest("`\(name)` must be a name")
        }
        self.init(
            service: parameters["service"].map(String.init), container: parameters["container"].map(String.init), since: since, tail: tail,
            previous: parameters["previous"] == "true", build: parameters["build"] == "true")
    }
}
