import Crypto
public import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOFoundationCompat
import ServiceLifecycle
public import StagingModel
import Synchronization

/// A forge of which only the API is there, on a port of loopback. It keeps what it is told, refuses what the real one refuses, and tells
/// everything that it saw.
public final class FakeForge: Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        case github, gitlab, gitea, forgejo, bitbucket
        case bitbucketServer = "bitbucket-server"

        public var forge: Forge {
            switch self {
            case .github: .github
            case .gitlab: .gitlab
            case .gitea: .gitea
            case .forgejo: .forgejo
            case .bitbucket: .bitbucket
            case .bitbucketServer: .bitbucketServer
            }
        }
    }

    private struct Injected {
        var fault: Fault
        var times: Int
        var matches: @Sendable (SeenRequest) -> Bool
    }

    private struct Shared {
        var state: ForgeState
        var faults: [Injected] = []
        var requests: [SeenRequest] = []
    }

    public let kind: Kind
    private let dialect: any Dialect
    let now: @Sendable () -> Date
    private let shared: Mutex<Shared>
    private let listening = Mutex(0)
    private let waiting = Mutex<[AsyncStream<Void>.Continuation]>([])
    private let outgoing = AsyncStream.makeStream(of: Int.self)

    private init(_ kind: Kind, state: ForgeState?, now: @escaping @Sendable () -> Date) {
        self.kind = kind
        dialect =
            switch kind {
            case .github: GitHubDialect()
            case .gitlab: GitLabDialect()
            case .gitea, .forgejo: GiteaDialect()
            case .bitbucket: BitbucketDialect()
            case .bitbucketServer: BitbucketServerDialect()
            }
        self.now = now
        let webhook = "https://slingshot.example.com/webhooks/\(kind.rawValue)"
        shared = Mutex(
            Shared(state: state ?? ForgeState(scopes: dialect.allScopes, webhook: webhook, events: dialect.webhookEvents)))
    }

    /// Listens on a port of loopback, 0 for a free one, while `body` runs. Without a state it has the repository `acme/shop`, and a token `t0ken` that may everything.
    public static func running<T: Sendable>(
        _ kind: Kind, state: ForgeState? = nil, port: Int = 0, now: @escaping @Sendable () -> Date,
        _ body: @Sendable (FakeForge) async throws -> T
    ) async throws -> T {
        let forge = FakeForge(kind, state: state, now: now)
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        var logger = Logger(label: "fake-forge")
        // Connections that break are what it is for.
        logger.logLevel = .critical
        let application = Application(
            responder: CallbackResponder<BasicRequestContext> { request, _ in try await forge.respond(to: request) },
            configuration: .init(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { channel in continuation.yield(channel.localAddress?.port ?? 0) }, logger: logger)
        let services = ServiceGroup(services: [application], logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { continuation.finish() }
                try await services.run()
            }
            group.addTask { for await id in forge.outgoing.stream { await forge.send(id) } }
            for await port in ports {
                forge.listening.withLock { $0 = port }
                let result: Result<T, any Error>
                do { result = .success(try await body(forge)) } catch { result = .failure(error) }
                // Not by cancelling: NIO traps when that meets a connection that was just accepted.
                await services.triggerGracefulShutdown()
                forge.outgoing.continuation.finish()
                try await group.waitForAll()
                return try result.get()
            }
            try await group.waitForAll()
            throw CancellationError()
        }
    }

    public var port: Int { listening.withLock { $0 } }
    /// The base address of the API, as a repository's `api` has it.
    public var api: String { "http://127.0.0.1:\(port)" + dialect.root.map { "/\($0)" }.joined() }

    public var state: ForgeState { shared.withLock { $0.state } }
    public var requests: [SeenRequest] { shared.withLock { $0.requests } }

    /// Returns as soon as what the forge knows satisfies `condition`; throws when the task is cancelled.
    public func wait(until condition: @Sendable (ForgeState) -> Bool) async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        waiting.withLock { $0.append(continuation) }
        continuation.yield()
        for await _ in stream where condition(state) { return }
        throw CancellationError()
    }

    /// Changes what the forge knows, as people do.
    public func change(_ body: (inout ForgeState) -> Void) {
        shared.withLock { body(&$0.state) }
        for waiter in waiting.withLock({ $0 }) { waiter.yield() }
    }

    /// Lets the next requests that match go wrong.
    public func fail(_ fault: Fault, times: Int = 1, where matches: @escaping @Sendable (SeenRequest) -> Bool = { _ in true }) {
        shared.withLock { $0.faults.append(Injected(fault: fault, times: times, matches: matches)) }
    }

    /// From now on nothing goes wrong any more.
    public func heal() { shared.withLock { $0.faults = [] } }

    // MARK: Answering

    private func respond(to request: Request) async throws -> Response {
        if request.uri.path.hasPrefix("/-/") { return try await respondToPeople(request) }
        let seen = SeenRequest(
            method: request.method.rawValue, target: request.head.path ?? "", authorization: request.headers[.authorization],
            ifNoneMatch: request.headers[.ifNoneMatch])
        let (index, fault) = shared.withLock { shared in
            shared.requests.append(seen)
            let found = shared.faults.firstIndex { $0.times > 0 && $0.matches(seen) }
            if let found { shared.faults[found].times -= 1 }
            return (shared.requests.count - 1, found.map { shared.faults[$0].fault })
        }
        let body = try await request.body.collect(upTo: 2 << 20)
        if let early = try await fault?.answerAtOnce() {
            shared.withLock { $0.requests[index].status = Int(early.status.code) }
            return early
        }
        let signer = await signer(of: seen.authorization)
        let (answer, unsent) = shared.withLock { shared in
            let answer = self.answer(request, seen, Data(buffer: body), signer: signer, &shared.state)
            shared.requests[index].status = answer.status
            defer { shared.state.unsent = [] }
            return (answer, shared.state.unsent)
        }
        for id in unsent { outgoing.continuation.yield(id) }
        for waiter in waiting.withLock({ $0 }) { waiter.yield() }
        return Self.response(answer, breaking: fault)
    }

    /// What a GitHub App's signature proves; checked out of the lock, because it takes a while.
    private func signer(of authorization: String?) async -> Result<ForgeState.Token, FakeRefusal>? {
        guard kind == .github, let app = state.app, let text = authorization, text.hasPrefix("Bearer "),
            text.split(separator: ".").count == 3
        else { return nil }
        do throws(FakeRefusal) { return .success(try await app.verify(String(text.dropFirst("Bearer ".count)), now: now())) } catch {
            return .failure(error)
        }
    }

    private func answer(
        _ request: Request, _ seen: SeenRequest, _ body: Data, signer: Result<ForgeState.Token, FakeRefusal>?, _ state: inout ForgeState
    ) -> FakeAnswer {
        do throws(FakeRefusal) {
            let token = if let signer { try signer.get() } else { try Self.token(seen.authorization, state, now: now()) }
            if let budget = state.budget {
                if now() >= budget.until {
                    state.budget = nil
                } else {
                    guard budget.left > 0 else { return dialect.limited(until: budget.until, now: now()) }
                    state.budget?.left -= 1
                }
            }
            var answer = try route(seen, request, body, token, &state)
            answer.headers.merge(dialect.headers(token)) { own, _ in own }
            if let budget = state.budget { answer.headers["x-ratelimit-remaining"] = "\(budget.left)" }
            guard dialect.hasETags, seen.method == "GET", let json = answer.body else { return answer }
            let etag = "\"" + SHA256.hash(data: Self.encoded(json)).prefix(8).map { String($0, radix: 16) }.joined() + "\""
            answer.headers["etag"] = etag
            if seen.ifNoneMatch == etag { return FakeAnswer(304, nil, headers: answer.headers) }
            return answer
        } catch { return dialect.answer(error) }
    }

    private func route(
        _ seen: SeenRequest, _ request: Request, _ body: Data, _ token: ForgeState.Token, _ state: inout ForgeState
    ) throws(FakeRefusal) -> FakeAnswer {
        let parts = seen.target.split(separator: "?", maxSplits: 1)
        let path =
            parts.first?.split(separator: "/", omittingEmptySubsequences: true).map { String($0).removingPercentEncoding ?? "" } ?? []
        guard path.starts(with: dialect.root) else { throw .notFound }
        var query: [String: String] = [:]
        for item in URLComponents(string: seen.target)?.queryItems ?? [] { query[item.name] = item.value ?? "" }
        var json: JSONValue?
        if !body.isEmpty {
            guard request.headers[.contentType] == "application/json", let value = try? JSONDecoder().decode(JSONValue.self, from: body)
            else {
                throw FakeRefusal(status: 400, message: "Problems parsing JSON")
            }
            json = value
        }
        let own = Array(path.dropFirst(dialect.root.count))
        for route in dialect.routes {
            guard let parameters = route.match(seen.method, own) else { continue }
            guard dialect.names(parameters, state.repository) else { throw .notFound }
            if !route.scopes.isEmpty, token.scopes.isDisjoint(with: route.scopes) { throw dialect.lacking(route.scopes) }
            let call = FakeCall(
                method: request.method, path: own, parameters: parameters, query: query, body: json, token: token, now: now(),
                address: "http://127.0.0.1:\(port)\(parts.first ?? "")")
            return try route.handle(call, &state)
        }
        throw .notFound
    }

    private static func token(_ authorization: String?, _ state: ForgeState, now: Date) throws(FakeRefusal) -> ForgeState.Token {
        let words = authorization?.split(separator: " ", maxSplits: 1).map { String($0) } ?? []
        let unknown = FakeRefusal(status: 401, message: "Bad credentials")
        guard words.count == 2 else { throw unknown }
        var secret = words[1]
        var username: String?
        if words[0] == "Basic" {
            guard let data = Data(base64Encoded: secret), let colon = data.firstIndex(of: UInt8(ascii: ":")) else { throw unknown }
            username = String(decoding: data[..<colon], as: UTF8.self)
            secret = String(decoding: data[data.index(after: colon)...], as: UTF8.self)
        }
        guard let token = state.tokens[secret], token.username == username, token.expires.map({ now < $0 }) ?? true else { throw unknown }
        return token
    }

    private static func encoded(_ json: JSONValue) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(json)) ?? Data()
    }

    private static func response(_ answer: FakeAnswer, breaking fault: Fault?) -> Response {
        var fields: HTTPFields = [.contentType: "application/json; charset=utf-8"]
        for (name, value) in answer.headers { if let name = HTTPField.Name(name) { fields[name] = value } }
        let bytes = answer.body.map { encoded($0) } ?? Data()
        let status = HTTPResponse.Status(code: answer.status)
        switch fault {
        case .truncated?, .dropped?:
            let kept = fault == .dropped ? 0 : bytes.count / 2
            return Response(
                status: status, headers: fields,
                body: ResponseBody(contentLength: bytes.count + 1) { writer in
                    try await writer.write(ByteBuffer(data: bytes.prefix(kept)))
                    throw CancellationError()
                })
        default: return Response(status: status, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(data: bytes)))
        }
    }
}

extension Fault {
    /// The answer of a fault that does not do what was asked; nil when the request is done all the same.
    fileprivate func answerAtOnce() async throws -> Response? {
        func json(_ status: Int, _ text: String, _ headers: [String: String] = [:]) -> Response {
            var fields: HTTPFields = [.contentType: "application/json"]
            for (name, value) in headers { if let name = HTTPField.Name(name) { fields[name] = value } }
            return Response(
                status: .init(code: status), headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        }
        switch self {
        case .status(let code, let message, let headers): return json(code, #"{"message":"\#(message)"}"#, headers)
        case .silence:
            try await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(86_400)) }
            return nil
        case .truncated, .dropped: return nil
        case .lie(let text, let headers): return json(200, text, headers)
        case .drip:
            return Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: ResponseBody { writer in
                    while !Task.isShuttingDownGracefully {
                        try await writer.write(ByteBuffer(string: " "))
                        try await Task.sleep(for: .milliseconds(5))
                    }
                })
        case .huge(let size):
            return Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: ResponseBody { writer in
                    let chunk = ByteBuffer(repeating: UInt8(ascii: " "), count: 64 << 10)
                    for _ in 0..<(size / chunk.readableBytes) { try await writer.write(chunk) }
                    try await writer.finish(nil)
                })
        case .redirect(let target): return json(302, "{}", ["location": target])
        }
    }
}
