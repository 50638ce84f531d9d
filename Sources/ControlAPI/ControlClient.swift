import AsyncHTTPClient
public import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
public import StagingModel

/// The client of the control API that the command line and the tests use. Throws ``Problem`` for what the server refuses, and
/// ``ServerUnreachable`` when it does not answer.
public struct ControlClient: Sendable {
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

    public func stack(_ name: String) async throws -> StackView {
        try await send(.GET, "api/v1/stacks/\(try segment(name))")
    }

    public func create(_ request: CreateRequest) async throws -> StackView {
        try await send(.POST, "api/v1/stacks", body: try ControlCoding.encode(request))
    }

    public func extend(_ name: String, _ request: ExtendRequest) async throws -> StackView {
        try await send(.POST, "api/v1/stacks/\(try segment(name))/extend", body: try ControlCoding.encode(request))
    }

    public func destroy(_ name: String) async throws -> StackView {
        try await send(.DELETE, "api/v1/stacks/\(try segment(name))")
    }

    /// At most `limit` events, oldest first: the first with an id above `after`, or the newest when `after` is nil.
    public func events(of name: String, after: Int64? = nil, limit: Int = 1_000) async throws -> [StackEvent] {
        var query = ["limit": String(limit)]
        query["after"] = after.map { String($0) }
        return try await send(.GET, "api/v1/stacks/\(try segment(name))/events", query: query, as: EventList.self).events
    }

    func send<T: Decodable>(
        _ method: HTTPMethod, _ path: String, query: [String: String] = [:], body: Data? = nil, as type: T.Type = T.self
    )
        async throws -> T
    {
        var components = URLComponents(url: server, resolvingAgainstBaseURL: false)
        let base = components?.percentEncodedPath ?? ""
        components?.percentEncodedPath = (base.hasSuffix("/") ? base : base + "/") + path
        components?.queryItems = query.isEmpty ? nil : query.sorted { $0.key < $1.key }.map { URLQueryItem(name: $0.key, value: $0.value) }
        var request = HTTPClientRequest(url: components?.string ?? server.absoluteString)
        request.method = method
        if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(data: body))
        }
        let status: Int
        let data: Data
        do {
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
            status = Int(response.status.code)
            data = Data(buffer: try await response.body.collect(upTo: 64 * 1024 * 1024))
        } catch let error as CancellationError {
            throw error
        } catch {
            throw ServerUnreachable(server: server.absoluteString, reason: "\(error)")
        }
        if (200..<300).contains(status), let value = try? ControlCoding.decode(T.self, from: data) { return value }
        if let problem = try? ControlCoding.decode(Problem.self, from: data) { throw problem }
        throw ServerUnreachable(server: server.absoluteString, reason: "its answer, status \(status), is not Slingshot's")
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
