import Foundation
import Testing

@testable import KubernetesClient

@Suite struct KubeconfigUserTests {
    private static let plugin = "exec: {command: c, apiVersion: client.authentication.k8s.io/v1, args: [hidden]}"

    private static func configuration(user: String, cluster: String = "server: 'https://x'") throws -> ClusterConfiguration {
        try Kubeconfig(
            yaml: """
                current-context: c
                clusters: [{name: c, cluster: {\(cluster)}}]
                contexts: [{name: c, context: {cluster: c, user: u}}]
                users: [{name: u, user: {\(user)}}]
                """
        ).configuration()
    }

    @Test(
        arguments: [
            ("token: t", .token("t")), ("token: t, tokenFile: /f", .token("t")), ("tokenFile: /f, \(plugin)", .tokenFile("/f")),
            ("username: u, password: 'p:w'", .basic(username: "u", password: "p:w")),
            ("username: u, password: p, \(plugin)", .basic(username: "u", password: "p")),
            ("client-certificate-data: UEVN, client-key-data: UEVN", nil),
        ] as [(String, ClusterConfiguration.Authentication?)])
    func oneWayIsChosen(user: String, authentication: ClusterConfiguration.Authentication?) throws {
        #expect(try Self.configuration(user: user).authentication == authentication)
    }

    @Test(arguments: ["v1", "v1beta1"]) func aPluginIsTold(version: String) throws {
        let exec = """
            exec: {command: aws, args: [get, token], env: [{name: A, value: b}], provideClusterInfo: true, installHint: ask,
              interactiveMode: IfAvailable, apiVersion: client.authentication.k8s.io/\(version)}
            """
        let cluster = "server: 'https://x:6443/', tls-server-name: api, certificate-authority-data: UEVN, proxy-url: 'http://p:8080'"
        let authentication = try Self.configuration(user: exec, cluster: cluster).authentication
        guard case .plugin(let plugin) = authentication else {
            Issue.record("not a plugin: \(authentication.debugDescription)")
            return
        }
        #expect(plugin.command == "aws")
        #expect(plugin.arguments == ["get", "token"])
        #expect(plugin.environment["A"] == "b")
        #expect(plugin.installHint == "ask")
        #expect(
            plugin.environment["KUBERNETES_EXEC_INFO"]
                == #"{"apiVersion":"client.authentication.k8s.io/\#(version)","kind":"ExecCredential","spec":{"cluster":"#
                + #"{"certificate-authority-data":"UEVN","proxy-url":"http://p:8080","server":"https://x:6443","tls-server-name":"api"},"#
                + #""interactive":false}}"#)
    }

    @Test func aPluginIsToldOfTheClusterOnlyWhenItAsks() throws {
        guard case .plugin(let plugin) = try Self.configuration(user: Self.plugin).authentication else {
            Issue.record("not a plugin")
            return
        }
        #expect(plugin.environment["KUBERNETES_EXEC_INFO"]?.contains("cluster") == false)
    }

    @Test(
        arguments: [
            ("http://p", .http, "p", 80, nil), ("http://u:w@p:3128/", .http, "p", 3128, "u w"),
            ("socks5://[::1]", .socks5, "::1", 1080, nil),
        ] as [(String, ClusterConfiguration.Proxy.Kind, String, Int, String?)])
    func aProxyIsRead(url: String, kind: ClusterConfiguration.Proxy.Kind, host: String, port: Int, credentials: String?) throws {
        let cluster = "server: 'https://x', proxy-url: '\(url)'"
        let proxy = try #require(try Self.configuration(user: "token: t", cluster: cluster).proxy)
        #expect(proxy.kind == kind)
        #expect(proxy.host == host)
        #expect(proxy.port == port)
        #expect(proxy.credentials.map { "\($0.username) \($0.password)" } == credentials)
    }

    @Test func impersonationBecomesHeaders() throws {
        let user = "token: t, as: jane, as-uid: '7', as-groups: [a, 'b c'], as-user-extra: {acme.com/Team: [x, y], é: [z]}"
        let headers = try #require(try Self.configuration(user: user).impersonation).headers.map { "\($0.name): \($0.value)" }
        #expect(
            headers == [
                "Impersonate-User: jane", "Impersonate-Group: a", "Impersonate-Group: b c", "Impersonate-Uid: 7",
                "Impersonate-Extra-acme.com%2FTeam: x", "Impersonate-Extra-acme.com%2FTeam: y", "Impersonate-Extra-%C3%A9: z",
            ])
    }

    @Test(arguments: [
        "token: hidden", "username: u, password: hidden", "client-certificate-data: aGlkZGVu, client-key-data: aGlkZGVu", plugin,
    ])
    func secretsAreNotPrinted(user: String) throws {
        let cluster = "server: 'https://x', proxy-url: 'http://u:hidden@p'"
        let kubeconfig = try Kubeconfig(yaml: "{clusters: [{name: c, cluster: {\(cluster)}}], users: [{name: u, user: {\(user)}}]}")
        let configuration = try Self.configuration(user: user, cluster: cluster)
        let printed = [
            "\(kubeconfig)", String(reflecting: kubeconfig), "\(configuration)", String(reflecting: configuration),
            String(reflecting: configuration.authentication), String(reflecting: configuration.clientCertificate),
            String(reflecting: configuration.proxy),
        ]
        // 104 is the first byte of the certificate
        for text in printed { #expect(!text.contains("hidden") && !text.contains("aGlkZGVu") && !text.contains("104")) }
    }

    @Test(arguments: [
        "users: [{name: u, user: {token: [hidden]}}]", "users: [{name: u, user: {token: \"hidden}}]", "users: hidden",
        "users: [{name: u, user: {token: 'hidden' x}}]", "users:\n- hidden\n b: hidden",
    ])
    func whatCanNotBeReadIsNotRepeated(yaml: String) {
        let error = #expect(throws: KubernetesError.self) { try Kubeconfig(yaml: yaml) }
        #expect(error?.description.contains("hidden") == false)
    }
}
