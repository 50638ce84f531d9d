import Foundation
import NIOHTTP1
import StagingModel

/// Caddy's control (https://caddyserver.com/docs/api).
struct CaddyAdmin {
    let address: CaddyAddress
    /// The `Host` that Caddy insists on.
    private let host: String

    /// The control of our own Caddy.
    init(socket: String) { (address, host) = (.socket(socket), CaddyConfiguration.adminOrigin) }

    /// The control of a Caddy of somebody else. What it insists on, unless it was told otherwise, is its own address, and nothing behind a
    /// socket.
    init(_ address: CaddyAddress) {
        self.address = address
        host = if case .tcp(let authority) = address { authority } else { "" }
    }

    /// A configuration, and what says that it is still the same one.
    struct Version {
        var configuration: JSONValue
        var tag: String
    }

    /// Whether something listens there and answers.
    func answers() async -> Bool { (try? await send("/config/admin", .GET)) != nil }

    /// Makes the configuration be this one, unless it is already. Throws ``GatewayError`` with what Caddy says of it.
    func push(_ configuration: JSONValue) async throws {
        if try await configurationNow().configuration == configuration { return }
        _ = try await send("/load", .POST, body: configuration.canonicalBytes)
    }

    /// The whole configuration; null where Caddy has none.
    func configurationNow() async throws -> Version {
        let answer = try await send("/config/", .GET)
        guard let tag = answer.tag else {
            throw GatewayError.refused("the Caddy of \(address) is too old; the gateway needs 2.6 or newer")
        }
        return Version(configuration: try JSONDecoder().decode(JSONValue.self, from: Data(answer.body)), tag: tag)
    }

    /// Puts `configuration` in the place of the one that `tag` is of; false when that is another by now.
    func replace(_ tag: String, by configuration: JSONValue) async throws -> Bool {
        try await send("/config/", .POST, body: configuration.canonicalBytes, ifMatch: tag, accepting: [200, 412]).status == 200
    }

    /// The part of the configuration with this `@id`; nil where there is none.
    func object(_ id: String) async throws -> JSONValue? {
        let answer = try await send("/id/\(id)", .GET, accepting: [200, 404])
        return answer.status == 200 ? try JSONDecoder().decode(JSONValue.self, from: Data(answer.body)) : nil
    }

    /// Ends the process.
    func stop() async throws { _ = try await send("/stop", .POST) }

    private func send(
        _ path: String, _ method: HTTPMethod, body: [UInt8]? = nil, ifMatch: String? = nil, accepting accepted: Set<UInt> = [200]
    ) async throws -> (status: UInt, body: [UInt8], tag: String?) {
        var head = HTTPRequestHead(version: .http1_1, method: method, uri: path, headers: ["Host": host, "Connection": "close"])
        if let ifMatch { head.headers.add(name: "If-Match", value: ifMatch) }
        if let body {
            head.headers.add(name: "Content-Type", value: "application/json")
            head.headers.add(name: "Content-Length", value: "\(body.count)")
        }
        let answer = try await CaddyExchange.send(head, body: body ?? [], to: address)
        guard accepted.contains(answer.status) else {
            let said =
                (try? JSONDecoder().decode([String: String].self, from: Data(answer.body)))?["error"]
                ?? String(decoding: answer.body, as: UTF8.self)
            throw GatewayError(caddySaid: said)
        }
        return (answer.status, answer.body, answer.headers.first(name: "Etag") ?? answer.trailers.first(name: "Etag"))
    }
}

extension GatewayError {
    /// Caddy's own words, with the fix where the cause is known.
    init(caddySaid text: String) {
        if text.hasPrefix("host not allowed") {
            self = .refused("Caddy's admin API refused: \(Self.line(text)); add the address to `origins` of its `admin`, or use its socket")
        } else {
            self = .refused(Self.portFix(text) ?? "Caddy refused its configuration: \(Self.line(text))")
        }
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

    static func line(_ text: String) -> String {
        String(text.split(whereSeparator: \.isNewline).joined(separator: " ").prefix(500))
    }
}
