import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import StagingModel

/// Caddy's control socket (https://caddyserver.com/docs/api).
struct CaddyAdmin {
    let socket: String

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
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
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
        let said = text.split(whereSeparator: \.isNewline).joined(separator: " ").prefix(500)
        if text.contains("address already in use") {
            self = .refused("the gateway's port is taken: \(said); stop what listens there, or choose another `routing.listen`")
        } else if text.contains("permission denied"), text.contains("bind") {
            self = .refused(
                "the gateway may not listen there: \(said); choose a port from 1024 on as `routing.listen`, or give serve CAP_NET_BIND_SERVICE"
            )
        } else {
            self = .refused("Caddy refused its configuration: \(said)")
        }
    }
}
