import Foundation
import KubernetesClient
import Testing

@Suite struct KubeconfigTests {
    private static let pem = Data("PEM".utf8).base64EncodedString()

    /// A kubeconfig with one context, `dev`, and other parts of its cluster and user.
    private static func yaml(cluster: String = "server: https://one:6443", user: String = "token: t") -> String {
        """
        apiVersion: v1
        kind: Config
        current-context: dev
        clusters: [{name: c, cluster: {\(cluster)}}, {name: c, cluster: {server: "https://second:1"}}]
        contexts:
        - {name: dev, context: {cluster: c, user: u, namespace: team}}
        - {context: {cluster: c}, name: open}
        - {name: lost, context: {cluster: nowhere, user: u}}
        users: [{name: u, user: {\(user)}}]
        """
    }

    @Test func theCurrentContextIsResolved() throws {
        let user = "token: t, client-certificate-data: \(Self.pem), client-key-data: \(Self.pem)"
        let cluster = "server: 'https://one:6443/', certificate-authority-data: \(Self.pem), tls-server-name: api"
        let configuration = try Kubeconfig(yaml: Self.yaml(cluster: cluster, user: user)).configuration()
        #expect(configuration.server == "https://one:6443")
        #expect(configuration.tlsServerName == "api")
        #expect(configuration.trustRoots == Array("PEM".utf8))
        #expect(configuration.clientCertificate == .init(chain: Array("PEM".utf8), key: Array("PEM".utf8)))
        #expect(configuration.authentication == .token("t"))
        #expect(configuration.namespace == "team")
        #expect(!configuration.skipsTLSVerification)
    }

    @Test func anotherContextCanBeNamed() throws {
        let configuration = try Kubeconfig(yaml: Self.yaml()).configuration(context: "open")
        #expect(configuration.authentication == nil)
        #expect(configuration.namespace == "default")
    }

    @Test func whatItQuotesStaysOnOneLine() {
        #expect(throws: KubernetesError.self) { try Kubeconfig(yaml: Self.yaml()).configuration(context: "a\nb") }
        do { _ = try Kubeconfig(yaml: Self.yaml()).configuration(context: "a\nb") } catch { #expect(!"\(error)".contains("\n")) }
    }

    @Test func pathsAreRelativeToTheFile() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "kubeconfig-\(UUID())")
        try FileManager.default.createDirectory(at: folder.appending(path: "pki"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("CA".utf8).write(to: folder.appending(path: "pki/ca.crt"))
        let cluster = "server: 'https://one', certificate-authority: pki/ca.crt"
        try Data(Self.yaml(cluster: cluster, user: "tokenFile: t").utf8).write(to: folder.appending(path: "config"))
        let path = folder.appending(path: "config").path()
        for configuration in try [ClusterConfiguration.load(kubeconfig: path), .load(environment: ["KUBECONFIG": path])] {
            #expect(configuration.trustRoots == Array("CA".utf8))
            #expect(configuration.authentication == .tokenFile(folder.appending(path: "t").path()))
        }
    }

    /// User entries that can't be used, and what the error has to name.
    @Test(arguments: [
        ("auth-provider: {name: gcp}", "auth-provider"), ("exec: {command: aws}", "supported are client.authentication.k8s.io/v1 and"),
        ("exec: {command: aws, apiVersion: client.authentication.k8s.io/v1alpha1}", "v1alpha1"),
        ("exec: {apiVersion: client.authentication.k8s.io/v1}", "no command"),
        ("exec: {command: c, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always}", "interactiveMode"),
        ("exec: {command: c, apiVersion: client.authentication.k8s.io/v1, env: [{name: a=b, value: v}]}", "env"),
        ("username: u, token: t", "keep one"), ("password: p", "without a username"), ("username: 'u:v', password: p", "colon"),
        ("as-groups: [admins], token: t", "need as"), (#"as: "a\nb", token: t"#, "control"), (#"token: "a\nb""#, "control"),
        ("tokne: t", "tokne"), ("", "no credentials"), ("token: ''", "no credentials"),
        ("client-certificate-data: UEVN", "client-key"), ("client-key-data: UEVN", "client-certificate"),
        ("client-certificate-data: '!', client-key-data: UEVN", "base64"),
        ("client-certificate: missing, client-key: missing", "/nowhere/missing"),
    ])
    func aUserThatCanNotBeUsedIsNeverAnonymous(user: String, named: String) throws {
        let kubeconfig = try Kubeconfig(yaml: Self.yaml(user: user)).resolvingPaths(relativeTo: "/nowhere")
        let error = #expect(throws: KubernetesError.self) { try kubeconfig.configuration() }
        #expect(error?.description.contains(named) == true)
        #expect(error?.isRetryable == false)
    }

    @Test(
        arguments: [
            ("server: ''", nil, "https://HOST:PORT"), ("server: 'ftp://x'", nil, "https://HOST:PORT"),
            ("server: 'https://u:hidden@x'", nil, "https://HOST:PORT"),
            ("certificate-authority-data: UEVN", nil, "no server"),
            ("server: 'https://x', proxy-url: 'https://u:hidden@p'", nil, "proxy-url of https"),
            ("server: 'https://x', proxy-url: 'http://p/path'", nil, "write http://HOST:PORT"),
            ("server: 'https://x', proxy-url: 'socks5://u:hidden@p'", nil, "use an HTTP proxy"),
            ("server: 'https://x'", "absent", "dev, lost, open"), ("server: 'https://x'", "lost", "nowhere"),
        ] as [(String, String?, String)])
    func aClusterThatCanNotBeUsedIsNamed(cluster: String, context: String?, named: String) throws {
        let kubeconfig = try Kubeconfig(yaml: Self.yaml(cluster: cluster))
        let error = #expect(throws: KubernetesError.self) { try kubeconfig.configuration(context: context) }
        #expect(error?.description.contains(named) == true)
        #expect(error?.description.contains("hidden") == false)
    }

    @Test(arguments: ["", "[]", "clusters: 7", "users: [{name: u}]", "users: [{user: {}}]", "\t{"]) func whatIsNoKubeconfigIsRefused(
        yaml: String
    ) {
        #expect(throws: KubernetesError.self) { try Kubeconfig(yaml: yaml).configuration() }
    }
}
