import AsyncHTTPClient
public import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
public import StagingModel

/// The client of the control API that the command line and the tests use. Throws ``Problem`` for what the server refuses, and
/// ``ServerUnreachable`` when it does not answer.
public struct ControlClient: Sendable {
    private static let largestAnswer = 64 << 20

    /// Like the shared one, except that who refuses a connection is not asked again: a server that is down is told at once.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// Goes where it is told and nowhere else: what it carries is not for those to whom an answer would lead.
    private static let stubborn: HTTPClient = {
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.redirectConfiguration = .disallow
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    private let server: URL
    private let token: String?

    /// `server` is the base address, `http://127.0.0.1:8080`.
    public init(server: URL, token: String?) {
        self.server = server
        self.token = token
    }

    public func stacks(includingDestroyed: Bool = false) async throws -> [StackView] {
        try await send(.GET, "api/v1/stacks", query: includingDestroyed ? ["all": "true"] : [:], as: StackList.self).stacks
    }

    /// - Parameter workloads: asks the engine too for what runs of it.
    public func stack(_ name: String, workloads: Bool = false) async throws -> StackView {
        try await send(.GET, "api/v1/stacks/\(try segment(name))", query: workloads ? [:] : ["workloads": "false"])
    }

    /// Tells the lines that the stack's containers wrote; with `follow` each as it comes, until the stack is gone.
    public func logs(of name: String, _ query: LogQuery, onLine: (LogLine) async throws -> Void) async throws {
        var items = ["tail": String(query.tail)]
        items["service"] = query.service
        items["container"] = query.container
        items["since"] = query.since
        if query.previous { items["previous"] = "true" }
        if query.build { items["build"] = "true" }
        let path = "api/v1/stacks/\(try segment(name))/logs"
        guard query.follow else {
            for line in try await send(.GET, path, query: items, as: LogList.self).lines { try await onLine(line) }
            return
        }
        try await stream(path, query: items) { event in
            switch event.name {
            case nil: try await onLine(try ControlCoding.decode(LogLine.self, from: Data(event.data.utf8)))
            case "problem": throw try ControlCoding.decode(Problem.self, from: Data(event.data.utf8))
            default: break
            }
        }
    }

    public func create(_ request: CreateRequest) async throws -> StackView {
        try await send(.POST, "api/v1/stacks", body: try ControlCoding.encode(request))
    }

    public func extend(_ name: String, _ request: ExtendRequest) async throws -> StackView {
        try await send(.POST, "api/v1/stacks/\(try segment(name))/extend", body: try ControlCoding.encode(request))
    }

    public func approve(_ name: String, _ request: ApproveRequest) async throws -> StackView {
        try await send(.POST, "api/v1/stacks/\(try segment(name))/approve", body: try ControlCoding.encode(request))
    }

    public func destroy(_ name: String) async throws -> StackView {
        try await send(.DELETE, "api/v1/stacks/\(try segment(name))")
    }

    /// What the stack was deployed from, rendered again.
    public func plan(of name: String) async throws -> StackPlan {
        try await send(.GET, "api/v1/stacks/\(try segment(name))/plan")
    }

    /// At most `limit` events, oldest first: the first with an id above `after`, or the newest when `after` is nil.
    public func events(of name: String, after: Int64? = nil, limit: Int = 1_000) async throws -> [StackEvent] {
        var query = ["limit": String(limit)]
        query["after"] = after.map { String($0) }
        return try await send(.GET, "api/v1/stacks/\(try segment(name))/events", query: query, as: EventList.self).events
    }

    public func tokens() async throws -> [TokenView] { try await send(.GET, "api/v1/tokens", as: TokenList.self).tokens }

    public func createToken(_ request: CreateTokenRequest) async throws -> CreatedToken {
        try await send(.POST, "api/v1/tokens", body: try ControlCoding.encode(request))
    }

    public func revokeToken(_ name: String) async throws -> TokenView {
        guard AccessToken.isName(name) else {
            throw Problem(
                "no-such-token", status: 404, title: "No such token",
                detail: "\"\(name)\" is no token's name; `slingshot token list` shows those that there are")
        }
        return try await send(.DELETE, "api/v1/tokens/\(name)")
    }

    /// Posts a webhook's delivery, and returns the status of the answer. Redirects are not followed, as forges don't.
    public func deliver(to forge: String, headers: [String: String], body: Data) async throws -> Int {
        var request = request(.POST, "webhooks/\(forge)", query: [:])
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(data: body))
        return try await translatingErrors {
            let response = try await Self.stubborn.execute(request, timeout: .seconds(15))
            return Int(response.status.code)
        }
    }

    func send<T: Decodable>(
        _ method: HTTPMethod, _ path: String, query: [String: String] = [:], body: Data? = nil, as type: T.Type = T.self
    )
        async throws -> T
    {
        var request = request(method, path, query: query)
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(data: body))
        }
        let (status, data) = try await translatingErrors {
            let response = try await Self.http.execute(request, timeout: .seconds(30))
            return (Int(response.status.code), Data(buffer: try await response.body.collect(upTo: Self.largestAnswer)))
        }
        if (200..<300).contains(status), let value = try? ControlCoding.decode(T.self, from: data) { return value }
        throw refusal(status, data)
    }

    /// Tells each event of a live stream until the server ends it. The server says something every 15 s; silence ends it too.
    private func stream(_ path: String, query: [String: String], onEvent: (ServerSentEvent) async throws -> Void) async throws {
        var request = request(.GET, path, query: query)
        request.headers.add(name: "accept", value: "text/event-stream")
        let response = try await translatingErrors { try await Self.http.execute(request, timeout: .seconds(30)) }
        guard response.status == .ok else {
            let data = try await translatingErrors { Data(buffer: try await response.body.collect(upTo: Self.largestAnswer)) }
            throw refusal(Int(response.status.code), data)
        }
        var reader = ServerSentEventReader()
        var chunks = response.body.makeAsyncIterator()
        while let chunk = try await translatingErrors({ try await chunks.next(isolation: #isolation) }) {
            for event in try reader.read(chunk.readableBytesView) { try await onEvent(event) }
        }
    }

    private func request(_ method: HTTPMethod, _ path: String, query: [String: String]) -> HTTPClientRequest {
        var components = URLComponents(url: server, resolvingAgainstBaseURL: false)
        let base = components?.percentEncodedPath ?? ""
        components?.percentEncodedPath = (base.hasSuffix("/") ? base : base + "/") + path
        components?.queryItems = query.isEmpty ? nil : query.sorted { $0.key < $1.key }.map { URLQueryItem(name: $0.key, value: $0.value) }
        // a plus is a space to servers that read queries as forms
        let encoded = components?.percentEncodedQuery?.replacing("+", with: "%2B")
        components?.percentEncodedQuery = encoded
        var request = HTTPClientRequest(url: components?.string ?? server.absoluteString)
        request.method = method
        if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        return request
    }

    private func translatingErrors<T>(_ body: () async throws -> T) async throws -> T {
        do { return try await body() } catch let error as CancellationError { throw error } catch {
            throw ServerUnreachable(server: server.absoluteString, reason: "\(error)")
        }
    }

    private func refusal(_ status: Int, _ data: Data) -> any Error {
        if let problem = try? ControlCoding.decode(Problem.self, from: data) { return problem }
        return ServerUnreachable(server: server.absoluteString, reason: "its answer, status \(status), is not Slingshot's")
    }

    /// The name as a path segment. What is no stack's name is none that exists, and can't reach another route.
    func segment(_ text: String) throws -> String {
        guard let name = StackName(text) else {
            throw Problem(
                "no-such-stack", status: 404, title: "No such stack",
                detail: "\"\(text)\" is no stack's name; it looks like shop-42. `slingshot list --all` shows those that there are")
        }
        return name.description
    }
}

/// The server did not answer, or something else did. Retryable.
public struct ServerUnreachable: Error, CustomStringConvertible {
    public let server: String
    public let reason: String

    public var description: String {
        "no answer from Slingshot at \(server) (\(reason)); start it with `slingshot serve`, or name its address with --server or SLINGSHOT_SERVER"
    }
}
