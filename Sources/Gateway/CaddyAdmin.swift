import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import StagingModel

/// Caddy's control socket (https://caddyserver.com/docs/api).
struct CaddyAdmin {
    let socket: String
    private let client: HTTPClient

    /// Runs `body` with the control behind `socket`.
    static func with(socket: String, _ body: (CaddyAdmin) async throws -> Void) async throws {
        var configuration = HTTPClient.Configuration()
        // By default the client knocks at a closed door until the request's time is up.
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            try await body(CaddyAdmin(socket: socket, client: client))
            try await client.shutdown()
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    /// Whether something listens there and answers.
    func answers() async -> Bool { (try? await send("/config/admin", .GET)) != nil }

    /// Makes the configuration be this one, unless it is already. Throws ``GatewayError`` with what Caddy says of it.
    func push(_ configuration: JSONValue) async throws {
        let current = try? JSONDecoder().decode(JSONValue.self, from: Data(try await send("/config/", .GET)))
        guard current != configuration else { return }
        _ = try await send("/load", .POST, body: configuration.canonicalBytes)
    }

    /// Ends the process.
    func stop() async throws { _ = try await send("/stop", .POST) }

    private func send(_ path: String, _ method: HTTPMethod, body: [UInt8]? = nil) async throws -> [UInt8] {
        guard let url = URL(httpURLWithSocketPath: socket, uri: path) else { throw GatewayError.pathTooLong(socket) }
        var request = HTTPClientRequest(url: url.absoluteString)
        request.method = method
        request.headers.add(name: "Host", value: CaddyConfiguration.adminOrigin)
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(body)
        }
        let response = try await client.execute(request, timeout: .seconds(30))
        let answer = [UInt8](try await response.body.collect(upTo: 1 << 20).readableBytesView)
        guard response.status == .ok else {
            let said =
                (try? JSONDecoder().decode([String: String].self, from: Data(answer)))?["error"] ?? String(decoding: answer, as: UTF8.self)
            throw GatewayError(caddySaid: said)
        }
        return answer
    }
}

extension GatewayError {
    /// Caddy's own words, with the fix where the cause is known.
    init(caddySaid text: String) {
        self = .refused(Self.portFix(text) ?? "Caddy refused its configuration: \(Self.line(text))")
    }

    init(listening address: String, failed text: String) {
        self = .refused(
            Self.portFix("\(address): \(text)") ?? "the gateway can't listen on \(address): \(Self.line(text)); correct `routing.listen`")
    }

    private static func portFix(_ text: String) -> String? {
        let words = text.lowercased()
        if words.contains("address already in use") {
            return "the gateway's port is taken: \(line(text)); stop what listens there, or choose another `routing.listen`"
        }
        guard words.contains("permission denied"), words.contains("bind") else { return nil }
        return
            "the gateway may not listen there: \(line(text)); choose a port from 1024 on as `routing.listen`, or give serve CAP_NET_BIND_SERVICE"
    }

    private static func line(_ text: String) -> String {
        String(text.split(whereSeparator: \.isNewline).joined(separator: " ").prefix(500))
    }
}
