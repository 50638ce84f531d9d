import Foundation
import StagingModel
import Testing

@testable import Gateway

@Suite struct SharedCaddyTests {
    func configuration(
        _ listen: String = ":443", _ tls: GatewaySettings.TLS = .internal, askPort: Int? = nil
    ) -> CaddyConfiguration {
        CaddyConfiguration(
            settings: GatewaySettings(
                listen: listen, domain: "staging.example.com", tls: tls,
                directory: URL(filePath: "/var/lib/slingshot/gateway", directoryHint: .isDirectory), caddy: .shared(.tcp("127.0.0.1:2019"))),
            askPort: askPort)
    }

    /// A site of somebody else.
    func theirs(_ listen: String = ":443", _ fields: JSONValue = [:]) -> JSONValue {
        var server = fields
        server["listen"] = [.string(listen)]
        server["routes"] = [["@id": "theirs", "match": [["host": ["www.example.com"]]], "handle": [["handler": "file_server"]]]]
        return [
            "admin": ["listen": "localhost:2019"], "logging": ["logs": ["default": ["level": "ERROR"]]],
            "apps": [
                "http": ["http_port": 80, "servers": ["srv0": server]],
                "tls": [
                    "automation": [
                        "policies": [["subjects": ["www.example.com"], "issuers": [["module": "acme", "email": "a@example.com"]]]]
                    ]
                ],
            ],
        ]
    }

    @Test(arguments: [":443", ":8443"], [GatewaySettings.TLS.internal, .onDemand, .files(certificate: "/a.pem", key: "/a.key")])
    func `what is not Slingshot's stays, and going in twice changes nothing`(listen: String, tls: GatewaySettings.TLS) throws {
        let configuration = configuration(listen, tls, askPort: 4_000)
        let merged = try configuration.merged(into: theirs())
        #expect(try configuration.merged(into: merged) == merged)
        let server = merged["apps"]?["http"]?["servers"]?["srv0"]
        #expect(server?["routes"]?.array?.last == theirs()["apps"]?["http"]?["servers"]?["srv0"]?["routes"]?.array?.first)
        for key in ["admin", "logging"] { #expect(merged[key] == theirs()[key]) }
        let policies = merged["apps"]?["tls"]?["automation"]?["policies"]?.array
        #expect(policies?.last == theirs()["apps"]?["tls"]?["automation"]?["policies"]?.array?.first)
        let removed = CaddyConfiguration.removed(from: merged)
        #expect(removed["apps"]?["http"] == theirs()["apps"]?["http"])
        #expect(removed["apps"]?["tls"]?["automation"]?["policies"] == theirs()["apps"]?["tls"]?["automation"]?["policies"])
        #expect(!removed.canonicalText.contains("slingshot"))
    }

    @Test func `it goes into the server of its address, before what is there, or into one of its own`() throws {
        let shared = try configuration().merged(into: theirs())["apps"]?["http"]?["servers"]
        #expect(shared?["slingshot"] == nil)
        #expect(shared?["srv0"]?["routes"]?.array?.first == configuration().route)
        #expect(configuration().route["match"] == [["host": ["*.staging.example.com"]]])
        let own = try configuration(":8443").merged(into: theirs())["apps"]?["http"]?["servers"]
        #expect(own?["srv0"] == theirs()["apps"]?["http"]?["servers"]?["srv0"])
        #expect(own?["slingshot"]?["routes"] == [configuration().route])
        #expect(try configuration().merged(into: .null)["apps"]?["http"]?["servers"]?["slingshot"] != nil)
    }

    @Test func `a server that knows some hosts only learns of ours`() throws {
        let server = theirs(":443", ["tls_connection_policies": [["match": ["sni": ["www.example.com"]]]]])
        let policies = try configuration().merged(into: server)["apps"]?["http"]?["servers"]?["srv0"]?["tls_connection_policies"]?.array
        #expect(policies?.count == 2)
        #expect(policies?.first?["match"] == ["sni": ["*.staging.example.com"]])
    }

    @Test(
        arguments: [
            ("127.0.0.1:443", ":443", .internal, "", "taken by the server srv0 of that Caddy, which listens on :443"),
            (":443", ":443", .off, "", "speaks TLS on :443, and the gateway would not"),
            (":80", ":80", .internal, "", "speaks plain HTTP on :80"),
            (":8080", ":8080", .off, "", "speaks TLS on :8080"),
            (":443", "127.0.0.1:443", .onDemand, "", "set `routing.listen` to that"),
            (":8443", ":443", .onDemand, "http://127.0.0.1:1/mine", "it can ask only one"),
        ] as [(String, String, GatewaySettings.TLS, String, String)])
    func `what is in the way is named`(listen: String, theirListen: String, tls: GatewaySettings.TLS, ask: String, expected: String) throws
    {
        var whole = theirs(theirListen)
        if !ask.isEmpty {
            var apps = try #require(whole["apps"])
            apps["tls"] = ["automation": ["on_demand": ["ask": .string(ask)]]]
            whole["apps"] = apps
        }
        let error = #expect(throws: GatewayError.self) { try configuration(listen, tls, askPort: 1).merged(into: whole) }
        #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
    }

    @Test(
        arguments: [
            ("127.0.0.1:8080", ["automatic_https": ["disable": true]]), ("0.0.0.0:80", [:]), (":80", [:]), ("tcp/:80", [:]),
        ] as [(String, JSONValue)]) func `plain HTTP goes with plain HTTP`(listen: String, fields: JSONValue) throws
    {
        let ours = listen.hasSuffix(":80") ? ":80" : listen
        let merged = try configuration(ours, .off).merged(into: theirs(listen, fields))
        #expect(merged["apps"]?["http"]?["servers"]?["srv0"]?["routes"]?.array?.count == 2)
    }

    @Test func `addresses are read as Caddy writes them`() {
        #expect(CaddyAddress("unix//run/caddy/admin.socket") == .socket("/run/caddy/admin.socket"))
        #expect(CaddyAddress("unix:///run/caddy/admin.socket") == .socket("/run/caddy/admin.socket"))
        #expect(CaddyAddress("http://127.0.0.1:2019") == .tcp("127.0.0.1:2019"))
        #expect(CaddyAddress("localhost:2019") == .tcp("localhost:2019"))
        for text in [
            "", "unix/run", "/run/caddy.sock", "localhost", ":2019", "http://a:b@c:1", "https://127.0.0.1:2019", "127.0.0.1:99999", "a:1/x",
        ] {
            #expect(CaddyAddress(text) == nil, "\(text)")
        }
    }
}
