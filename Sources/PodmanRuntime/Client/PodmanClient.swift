import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import StagingModel

/// A client for podman's REST API ("libpod", version 4) over its unix socket. It knows no stacks.
///
/// Every call throws ``PodmanError``, or `CancellationError` when its task is cancelled. A call that finds nobody at the socket asks
/// `revive` for a service and is sent once more; nothing else is repeated but a list that what goes meanwhile spoils. No answer is read beyond 64 MiB.
struct PodmanClient: Sendable {
    static let largestAnswer = 64 << 20
    static let largestLine = 1 << 20
    /// Milliseconds until a list is asked for again: what goes takes podman some, one after the other.
    private static let pauses = [5, 10, 20, 40, 80, 160, 320, 640]

    enum Method: String { case get = "GET", post = "POST", put = "PUT", delete = "DELETE" }

    /// A request's body.
    enum Body {
        case json(JSONValue)
        case tar([UInt8])
        /// A tar archive on disk, sent piece by piece.
        case file(URL)
    }

    let socket: String
    private let http: HTTPClient
    private let revive: @Sendable () async throws -> Void

    /// - Parameter revive: returns when a service answers at the socket, or throws why none does.
    init(socket: String, revive: @escaping @Sendable () async throws -> Void = {}) {
        self.socket = socket
        self.revive = revive
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow, timeout: .init(connect: .seconds(5)))
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        // streams of events and of logs have connections of their own, and no call waits for one of them
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 256
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Closes all connections. What is under way fails.
    func shutdown() async { try? await http.shutdown() }

    /// Whether a service answers now, whatever it says.
    func answers() async -> Bool {
        (try? await exchange(.get, "/_ping", [], nil, timeout: .seconds(5))) != nil
    }

    /// The answer to a request, whole.
    ///
    /// - Parameter timeout: for all of it. Most calls take milliseconds; stopping a container takes as long as its grace.
    @discardableResult
    func send(
        _ method: Method, _ path: String, _ query: [(String, String)] = [], _ body: Body? = nil, headers: [(String, String)] = [],
        timeout: Duration = .seconds(60)
    ) async throws -> ByteBuffer {
        do { return try await exchange(method, path, query, body, headers, timeout: timeout) } catch PodmanError.unreachable {
            try await revive()
            return try await exchange(method, path, query, body, headers, timeout: timeout)
        }
    }

    func get<Value: Decodable>(_ path: String, _ query: [(String, String)] = [], as type: Value.Type = Value.self) async throws -> Value {
        try Self.decode(type, from: try await send(.get, path, query), what: "GET \(path)")
    }

    func post<Value: Decodable>(_ path: String, _ query: [(String, String)] = [], _ body: JSONValue, as type: Value.Type = Value.self)
        async throws -> Value
    {
        try Self.decode(type, from: try await send(.post, path, query, .json(body)), what: "POST \(path)")
    }

    /// Starts a request whose answer comes bit by bit, and hands its body out: the caller reads it to its end or until it is cancelled.
    func stream(
        _ method: Method, _ path: String, _ query: [(String, String)] = [], _ body: Body? = nil, timeout: Duration = .seconds(60)
    ) async throws -> HTTPClientResponse.Body {
        do { return try await begin(method, path, query, body, timeout: timeout).body } catch PodmanError.unreachable {
            try await revive()
            return try await begin(method, path, query, body, timeout: timeout).body
        }
    }

    /// Hands out the JSON objects of an answer that has one a line, as they come, until the answer or the task ends. Objects over 1 MiB throw.
    func objects(
        _ method: Method, _ path: String, _ query: [(String, String)] = [], _ body: Body? = nil, _ onObject: ([UInt8]) async throws -> Void
    ) async throws {
        let answer = try await stream(method, path, query, body, timeout: .seconds(600))
        var rest: [UInt8] = []
        do {
            for try await piece in answer {
                rest += piece.readableBytesView
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    let object = Array(rest[..<end])
                    rest.removeSubrange(...end)
                    try await onObject(object)
                }
                guard rest.count <= Self.largestLine else { throw PodmanError.undecodable("\(path): a line of more than 1 MiB") }
            }
        } catch { throw Self.translated(error, socket: socket) }
        if !rest.isEmpty { try await onObject(rest) }
    }

    private func exchange(
        _ method: Method, _ path: String, _ query: [(String, String)], _ body: Body?, _ headers: [(String, String)] = [], timeout: Duration
    ) async throws -> ByteBuffer {
        try await within(timeout, "\(method.rawValue) \(path)") {
            let response = try await begin(method, path, query, body, headers, timeout: timeout)
            do { return try await response.body.collect(upTo: Self.largestAnswer) } catch { throw Self.translated(error, socket: socket) }
        }
    }

    private func begin(
        _ method: Method, _ path: String, _ query: [(String, String)], _ body: Body?, _ headers: [(String, String)] = [], timeout: Duration
    ) async throws -> HTTPClientResponse {
        try Task.checkCancellation()
        var target = "/v4.0.0/libpod\(path)"
        if !query.isEmpty { target += "?" + query.map { "\($0)=\(Self.escaped($1))" }.joined(separator: "&") }
        guard let url = URL(httpURLWithSocketPath: socket, uri: target) else {
            throw PodmanError.unreachable("\(socket) can't be a socket's path; correct `socket` of the runtime")
        }
        var request = HTTPClientRequest(url: url.absoluteString)
        request.method = HTTPMethod(rawValue: method.rawValue)
        request.headers = HTTPHeaders([("host", "podman")] + headers)  // a socket has no name, and podman's server wants one
        switch body {
        case .json(let value):
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: value.canonicalBytes))
        case .tar(let bytes):
            request.headers.add(name: "content-type", value: "application/x-tar")
            request.body = .bytes(ByteBuffer(bytes: bytes))
        case .file(let file):
            request.headers.add(name: "content-type", value: "application/x-tar")
            request.body = .stream(FilePieces(path: file.path), length: .unknown)
        case nil: break
        }
        let response: HTTPClientResponse
        do {
            response = try await http.execute(request, timeout: .nanoseconds(Int64(timeout / .nanoseconds(1))))
        } catch { throw Self.translated(error, socket: socket) }
        guard (200...299).contains(response.status.code) || response.status == .notModified else { throw await Self.failure(response) }
        return response
    }

    /// One segment of a path: a name or an id.
    static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics.intersection(.ascii).union(CharacterSet(charactersIn: "-._~")))
            ?? ""
    }

    /// A whole list.
    ///
    /// podman reads what it lists piece by piece, and fails when one of them goes in the meantime, whosever it is: a few others that go at
    /// that time are no reason to fail, so it is asked again.
    func all<Object: Decodable & Sendable>(_ path: String, _ query: [(String, String)] = [], as type: Object.Type = Object.self)
        async throws -> [Object]
    {
        for pause in Self.pauses {
            do { return try await get(path, query) } catch let error as PodmanError where error.isAboutWhatWent {}
            try await Task.sleep(for: .milliseconds(pause))
        }
        return try await get(path, query)
    }

    /// All objects of a list that carry all of the labels.
    ///
    /// They are checked here too: podman 4.3's list of volumes answers with those that carry any of them.
    func list<Object: Decodable & Labelled & Sendable>(
        _ path: String, _ query: [(String, String)] = [], labels: [String: String], as type: Object.Type = Object.self
    ) async throws -> [Object] {
        let all: [Object] = try await all(path, query + [Self.filter(labels: labels)])
        return all.filter { object in labels.allSatisfy { object.labels?[$0.key] == $0.value } }
    }

    /// The query `filters` that selects by labels.
    private static func filter(labels: [String: String]) -> (String, String) {
        let pairs = labels.sorted { $0.key < $1.key }.map { JSONValue.string("\($0.key)=\($0.value)") }
        return ("filters", JSONValue.object(["label": .array(pairs)]).canonicalText)
    }

    /// podman's error body: `{"cause": "…", "message": "…", "response": 500}`.
    private static func failure(_ response: HTTPClientResponse) async -> PodmanError {
        struct Problem: Decodable {
            var cause: String?
            var message: String?
        }
        let body = (try? await response.body.collect(upTo: 1 << 20)) ?? ByteBuffer()
        let problem = try? JSONDecoder().decode(Problem.self, from: body)
        let text = problem?.message ?? String(buffer: body).oneLine(limit: 300)
        return .status(
            code: Int(response.status.code), message: text.isEmpty ? response.status.reasonPhrase : text, cause: problem?.cause ?? "")
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, from bytes: ByteBuffer, what: String) throws(PodmanError) -> Value {
        do { return try JSONDecoder().decode(type, from: bytes) } catch { throw .undecodable("\(what): \("\(error)".oneLine(limit: 200))") }
    }

    static func translated(_ error: any Error, socket: String) -> any Error {
        if error is PodmanError { return error }
        if error is CancellationError || Task.isCancelled { return CancellationError() }
        if let failure = error as? IOError { return unreachable(failure.errnoCode, socket: socket) }
        if let failure = error as? HTTPClientError, failure == .connectTimeout {
            return PodmanError.unreachable("podman does not answer at \(socket); look at its service")
        }
        return PodmanError.transport((error as? HTTPClientError)?.shortDescription ?? "\(error)")
    }

    private static func unreachable(_ code: CInt, socket: String) -> PodmanError {
        switch code {
        case EACCES, EPERM:
            .unreachable("the socket \(socket) refuses this user; run as its owner, or set `socket` of the runtime to your own")
        case ENOENT: .unreachable("there is no socket \(socket); start podman's service (systemctl enable --now podman.socket)")
        case ECONNREFUSED: .unreachable("nobody answers at \(socket); start podman's service (systemctl enable --now podman.socket)")
        default: .transport("errno \(code) at \(socket)")
        }
    }
}

/// An object of podman's that people and programs put labels on.
protocol Labelled {
    var labels: [String: String]? { get }
}

extension CharacterSet {
    fileprivate static var ascii: CharacterSet { CharacterSet(charactersIn: "\u{0}"..."\u{7F}") }
}

/// Does `body`, and throws ``PodmanError/transport(_:)`` when it takes longer than `limit`.
func within<Value: Sendable>(_ limit: Duration, _ what: String, _ body: @escaping @Sendable () async throws -> Value) async throws -> Value
{
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            throw PodmanError.transport("\(what) took longer than \(limit)")
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() else { throw CancellationError() }
        return value
    }
}
