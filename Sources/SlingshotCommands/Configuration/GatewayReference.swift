import Foundation
import Gateway
import Glibc
import StagingModel
import StrictYAML

/// `routing: {kind: gateway, …}`, as the file has it.
struct GatewayReference: Sendable {
    /// A Caddy that the machine has already.
    struct Caddy: Sendable {
        var admin: CaddyAddress
        var socket: String?
        var group: String?
    }

    var listen: String
    var tls: GatewaySettings.TLS
    /// Nil for a Caddy of Slingshot's own.
    var caddy: Caddy?

    /// Reads `routing`, and writes into `addressing` what it means for stacks' URLs and Ingress objects. Nil for another kind.
    init?(_ value: YAMLValue?, _ addressing: inout StackAddressing) throws(YAMLProblem) {
        guard let value else { return nil }
        let routing = try value.mapping(allowing: ["kind", "class", "tlsSecret", "listen", "tls", "caddy"])
        let kind = try routing.required("kind")
        let others: [String]
        switch try kind.string() {
        case "ingress":
            others = ["listen", "tls", "caddy"]
            addressing.ingressClass = try routing.optional("class")?.string()
            addressing.tlsSecret = try routing.optional("tlsSecret")?.string()
        case "gateway": others = ["class", "tlsSecret"]
        default: throw kind.problem("must be ingress or gateway")
        }
        for key in others {
            if let other = routing.optional(key) { throw other.problem("is not for this kind of routing; remove it") }
        }
        guard try kind.string() == "gateway" else { return nil }
        tls =
            try routing.optional("tls").map({ (value) throws(YAMLProblem) in try Self.tls(value) })
            ?? (addressing.isLocal ? .off : .onDemand)
        listen = addressing.isLocal ? "127.0.0.1:8088" : tls == .off ? ":80" : ":443"
        var port = addressing.isLocal ? 8088 : tls == .off ? 80 : 443
        if let value = routing.optional("listen") {
            listen = try value.string()
            port = try ServerConfiguration.address(value).1
            guard port > 0 else { throw value.problem("needs a port that people can know; write one, such as :443 or 127.0.0.1:8088") }
        }
        caddy = try routing.optional("caddy").map { (value) throws(YAMLProblem) in try Caddy(value) }
        addressing.gateway = GatewayAddress(isSecure: tls != .off, port: port)
        // A class that no controller has: the rules are the gateway's to read.
        addressing.ingressClass = "slingshot"
    }

    private static func tls(_ value: YAMLValue) throws(YAMLProblem) -> GatewaySettings.TLS {
        switch value.json().string {
        case "none": return .off
        case "onDemand": return .onDemand
        case "internal": return .internal
        case .some: throw value.problem("must be none, onDemand, internal, or {certificate: FILE, key: FILE}")
        case nil:
            let files = try value.mapping(allowing: ["certificate", "key"])
            return .files(certificate: try path(files.required("certificate")), key: try path(files.required("key")))
        }
    }

    private static func path(_ value: YAMLValue) throws(YAMLProblem) -> String {
        let path = try value.string()
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw value.problem("names no file that can be read; correct the path or its rights")
        }
        return URL(filePath: path).path
    }
}

extension GatewayReference.Caddy {
    init(_ value: YAMLValue) throws(YAMLProblem) {
        let keys = try value.mapping(allowing: ["admin", "socket", "group"])
        let address = try keys.required("admin")
        guard let admin = CaddyAddress(try address.string()) else {
            throw address.problem(
                "must be where that Caddy is controlled from, such as unix//run/caddy/admin.socket or http://127.0.0.1:2019")
        }
        self.admin = admin
        if let path = keys.optional("socket") {
            socket = try path.string()
            guard try path.string().hasPrefix("/"), try path.string().utf8.count <= 107 else {
                throw path.problem("must be an absolute path of at most 107 bytes, such as /run/slingshot/pages.sock")
            }
        }
        if let name = keys.optional("group") {
            group = try name.string()
            guard getgrnam(try name.string()) != nil else {
                throw name.problem("names no group of this machine; correct it, or make the group")
            }
        }
    }
}

/// A repository's `access`, as the file has it.
struct AccessReference: Sendable {
    var user: String?
    var password: SecretReference?

    init(_ value: YAMLValue) throws(YAMLProblem) {
        guard let basic = try value.mapping(allowing: ["basic"]).optional("basic")?.mapping(allowing: ["user", "password"]) else { return }
        let user = try basic.required("user")
        guard try !user.string().isEmpty, try !user.string().contains(":") else { throw user.problem("must be a name without a colon") }
        self.user = try user.string()
        password = try SecretReference(basic.required("password"))
    }

    /// Reads the password. Throws ``ConfigurationError``.
    func policy(of repository: RepositoryName) throws -> AccessPolicy {
        guard let user, let password else { return AccessPolicy() }
        return AccessPolicy(basic: .init(user: user, password: try password.read(for: "the access password of \(repository)")))
    }
}

extension StackAddressing {
    /// Names that only this machine has, by RFC 6761.
    var isLocal: Bool { domain == "localhost" || domain.hasSuffix(".localhost") }
}
