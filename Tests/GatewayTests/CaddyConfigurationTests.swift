import Foundation
import StagingModel
import Testing

@testable import Gateway

/// The golden files are what Caddy is told; `GOLDEN=write` in the environment writes them anew.
@Suite struct CaddyConfigurationTests {
    static let cases: [(name: String, settings: GatewaySettings, askPort: Int?)] = [
        ("plain", settings("127.0.0.1:8088", "staging.localhost", .off), nil),
        ("on-demand", settings(":443", "staging.example.com", .onDemand), 40_001),
        (
            "files", settings(":8443", "staging.example.com", .files(certificate: "/etc/ssl/wildcard.pem", key: "/etc/ssl/wildcard.key")),
            nil
        ),
        ("internal", settings("127.0.0.1:8443", "staging.test", .internal), nil),
    ]

    static func settings(_ listen: String, _ domain: String, _ tls: GatewaySettings.TLS) -> GatewaySettings {
        GatewaySettings(
            listen: listen, domain: domain, tls: tls, directory: URL(filePath: "/var/lib/slingshot/gateway", directoryHint: .isDirectory))
    }

    @Test(arguments: cases.indices) func golden(index: Int) throws {
        let (name, settings, askPort) = Self.cases[index]
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text =
            String(decoding: try encoder.encode(CaddyConfiguration(settings: settings, askPort: askPort).whole), as: UTF8.self) + "\n"
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name).json")
        if ProcessInfo.processInfo.environment["GOLDEN"] == "write" { try Data(text.utf8).write(to: file) }
        #expect(try String(contentsOf: file, encoding: .utf8) == text)
    }

    @Test func `plain HTTP has no certificates, and TLS no other hosts`() throws {
        let plain = CaddyConfiguration(settings: Self.cases[0].settings).whole
        #expect(plain["apps"]?["tls"] == nil)
        for (_, settings, _) in Self.cases.dropFirst() {
            let server = CaddyConfiguration(settings: settings).whole["apps"]?["http"]?["servers"]?["slingshot"]
            #expect(server?["routes"]?.array?.first?["match"]?.array?.first?["host"] == [.string("*.\(settings.domain)")])
            #expect(server?["tls_connection_policies"] != nil)
        }
    }

    @Test func `Caddy's words get the fix`() {
        let taken =
            "loading new config: http app module: start: listening on 127.0.0.1:80: listen tcp 127.0.0.1:80: bind: address already in use"
        #expect("\(GatewayError(caddySaid: taken))".contains("choose another `routing.listen`"))
        let denied = "listening on :80: listen tcp :80: bind: permission denied"
        #expect("\(GatewayError(caddySaid: denied))".contains("CAP_NET_BIND_SERVICE"))
        #expect("\(GatewayError(caddySaid: "a\nb"))" == "Caddy refused its configuration: a b")
    }

    @Test func `a path that is too long for a socket is noticed`() {
        let long = GatewaySettings(
            listen: ":80", domain: "localhost", tls: .off,
            directory: URL(filePath: "/" + String(repeating: "a", count: 97), directoryHint: .isDirectory))
        #expect(!long.hasPathsThatFit)
        #expect(Self.cases[0].settings.hasPathsThatFit)
    }
}
