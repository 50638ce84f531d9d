import Foundation
import StagingModel

/// The configuration of a Caddy that serves others too, with Slingshot's part in it. Pure: what is not Slingshot's stays as it is.
///
/// The part is a route for `*.<domain>`: in the server that listens on `routing.listen` already, or in one of its own; and what TLS needs.
/// Everything in it has an `@id` or a name by which it is found again.
extension CaddyConfiguration {
    /// Throws ``GatewayError`` when the two can't go together, naming what is in the way.
    func merged(into theirs: JSONValue) throws -> JSONValue {
        var whole = Self.removed(from: theirs)
        var servers = whole["apps"]?["http"]?["servers"]?.object ?? [:]
        if let (name, host) = try serverToShare(servers) {
            var host = host
            host["routes"] = .array([route] + (host["routes"]?.array ?? []))
            // With policies of its own, a server knows the hosts of those only.
            if settings.isSecure, let policies = host["tls_connection_policies"]?.array, !policies.isEmpty {
                host["tls_connection_policies"] = .array([Self.connectionPolicy(hosts)] + policies)
            }
            servers[name] = host
        } else {
            servers[Self.name] = server
        }
        whole.set(["apps", "http", "servers"], .object(servers))
        guard let tls else { return whole }
        if let policy = tls.policy { whole.prepend(policy, to: ["apps", "tls", "automation", "policies"]) }
        if let certificate = tls.certificate { whole.prepend(certificate, to: ["apps", "tls", "certificates", "load_files"]) }
        if settings.tls == .internal { whole.set(["apps", "pki", "certificate_authorities", Self.name], Self.authority) }
        if let ask = tls.ask {
            let path = ["apps", "tls", "automation", "on_demand", "ask"]
            if let other = whole.value(path)?.string {
                throw GatewayError.refused(
                    "that Caddy asks \(other) before it has certificates made, and it can ask only one; set `routing.tls` to {certificate: FILE, key: FILE}"
                )
            }
            whole.set(path, ask)
        }
        return whole
    }

    /// Without anything of Slingshot's.
    static func removed(from configuration: JSONValue) -> JSONValue {
        var whole = configuration
        let path = ["apps", "http", "servers"]
        if var servers = whole.value(path)?.object {
            servers[name] = nil
            for (name, server) in servers {
                for list in ["routes", "tls_connection_policies"] { servers[name]?[list] = server[list]?.without(Self.ids) }
            }
            whole.set(path, .object(servers))
        }
        for path in [["apps", "tls", "automation", "policies"], ["apps", "tls", "certificates", "load_files"]] {
            if let list = whole.value(path) { whole.set(path, list.without(ids)) }
        }
        let ask = ["apps", "tls", "automation", "on_demand", "ask"]
        if whole.value(ask)?.string?.hasSuffix(askPath) == true { whole.set(ask, nil) }
        let authority = ["apps", "pki", "certificate_authorities", name]
        if whole.value(authority) != nil { whole.set(authority, nil) }
        return whole
    }

    private static let connectionPolicyID = "slingshot-connections"
    private static let ids: Set<String> = [name, policyID, certificateID, connectionPolicyID]

    private static func connectionPolicy(_ hosts: String) -> JSONValue {
        ["@id": .string(connectionPolicyID), "match": ["sni": [.string(hosts)]]]
    }

    /// The server that listens on our address already; nil when none does.
    private func serverToShare(_ servers: [String: JSONValue]) throws -> (String, JSONValue)? {
        let wanted = Self.address(settings.listen)
        for (name, server) in servers.sorted(by: { $0.key < $1.key }) {
            for text in server["listen"]?.array?.compactMap(\.string) ?? [] {
                let address = Self.address(text)
                guard address.port == wanted.port else { continue }
                guard address == wanted else {
                    guard address.host.isEmpty || wanted.host.isEmpty else { continue }
                    throw GatewayError.refused(
                        "the gateway's port is taken by the server \(name) of that Caddy, which listens on \(text); set `routing.listen` to that, or choose another port"
                    )
                }
                let speaksTLS = Self.speaksTLS(server, port: address.port)
                guard speaksTLS == settings.isSecure else {
                    throw GatewayError.refused(
                        "the server \(name) of that Caddy speaks \(speaksTLS ? "TLS" : "plain HTTP") on \(text), and the gateway would not; correct `routing.tls`, or choose another port as `routing.listen`"
                    )
                }
                return (name, server)
            }
        }
        return nil
    }

    /// By Caddy's rules for automatic HTTPS (https://caddyserver.com/docs/automatic-https).
    private static func speaksTLS(_ server: JSONValue, port: Substring) -> Bool {
        if server["tls_connection_policies"]?.array?.isEmpty == false { return true }
        if server["automatic_https"]?["disable"]?.bool == true || port == "80" { return false }
        return port == "443" || server["routes"]?.array?.contains { $0["match"]?.array?.contains { $0["host"] != nil } == true } == true
    }

    private static func address(_ text: String) -> (host: Substring, port: Substring) {
        let text = text.hasPrefix("tcp/") ? text.dropFirst(4) : text[...]
        let colon = text.lastIndex(of: ":") ?? text.endIndex
        let host = text[..<colon]
        return (host == "0.0.0.0" || host == "[::]" ? "" : host, text[colon...].dropFirst())
    }
}

extension JSONValue {
    fileprivate func value(_ path: [String]) -> JSONValue? { path.reduce(self) { $0?[$1] } }

    fileprivate mutating func set(_ path: [String], _ value: JSONValue?) {
        guard let key = path.first else { return }
        var child = self[key] ?? [:]
        if path.count > 1 { child.set(Array(path.dropFirst()), value) }
        self[key] = path.count > 1 ? child : value
    }

    fileprivate mutating func prepend(_ item: JSONValue, to path: [String]) {
        set(path, .array([item] + (value(path)?.array ?? [])))
    }

    /// A list without the objects that have one of the ids.
    fileprivate func without(_ ids: Set<String>) -> JSONValue {
        array.map { .array($0.filter { item in item["@id"]?.string.map { !ids.contains($0) } ?? true }) } ?? self
    }
}
