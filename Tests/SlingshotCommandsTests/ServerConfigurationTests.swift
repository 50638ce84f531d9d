import Foundation
import Gateway
import Logging
import Orchestration
import PodmanRuntime
import StagingModel
import StrictYAML
import Telemetry
import Testing

@testable import SlingshotCommands

@Suite struct ServerConfigurationTests {
    private static let minimal = """
        state: /var/lib/slingshot
        domain: staging.example.com
        runtimes:
          cluster: {kind: kubernetes}
        repositories:
          - name: shop
            forge: github
            repository: acme/shop
            url: https://github.com/acme/shop.git
            runtime: cluster
            webhookSecret: {env: SHOP_WEBHOOK_SECRET}
        """

    private func load(_ text: String, environment: [String: String] = [:]) throws -> ServerConfiguration {
        let root = try YAMLDocument.single(Array(text.utf8), file: "slingshot.yaml")
        return try ServerConfiguration(try EnvironmentOverrides(environment: environment).applied(to: root))
    }

    @Test func `the least that works, and its defaults`() throws {
        let configuration = try load(Self.minimal)
        #expect(configuration.port == 8080)
        #expect(configuration.host == "127.0.0.1")
        #expect(configuration.policy.lifetime == LifetimePolicy(standard: 86_400, maximum: 604_800, renewOnPush: false))
        #expect(configuration.policy.addressing.namespacePrefix == "staging-")
        #expect(configuration.repositories.map(\.settings.name.description) == ["shop"])
        #expect(configuration.repositories[0].settings.forks == .deny)
    }

    @Test func `images are named by where they are run`() throws {
        let podman = Self.minimal.replacing("{kind: kubernetes}", with: "{kind: podman}")
        #expect(try load(podman).repositories[0].settings.imageRepository == "localhost/slingshot/staging-shop")
        #expect(try load(Self.minimal).repositories[0].settings.imageRepository == nil)
        let pushed = try load(
            Self.minimal
                + "\nbuilds: {push: \"r.example.com:5000/team\", credentials: {user: u, password: {env: P}}, timeout: 90s, size: 1Gi, free: 1Mi, memory: 512Mi, cpu: 500m, concurrency: 3, reach: [10.1.0.0/16], localImages: [\"localhost/base:1\"]}"
        )
        #expect(pushed.repositories[0].settings.imageRepository == "r.example.com:5000/team/staging-shop")
        let settings = BuildSettings(
            timeout: 90, size: 1 << 30, floor: 1 << 20, memory: 512 << 20, cpu: 500, access: .internet(reaching: ["10.1.0.0/16"]),
            localImages: ["localhost/base:1"])
        #expect(pushed.builds.settings == settings)
        #expect(pushed.builds.concurrency == 3)
    }

    @Test(arguments: [
        ("{psuh: r}", "\"psuh\" is unknown; did you mean \"push\"?"),
        ("{push: \"https://r.example.com\"}", "must be a registry and a path in it, such as registry.example.com/slingshot"),
        ("{insecure: true}", "builds.insecure: is of use with `push` only"),
        ("{network: host}", "builds.network: must be internet or none"),
        ("{network: none, reach: [10.0.0.1]}", "with network: none a build reaches nothing"),
        ("{reach: [example.com]}", "must be an address or a network, such as 10.1.2.0/24"),
        ("{size: 1Ki}", "builds.size: must be at least 1Mi"),
        ("{cpu: 1m}", "builds.cpu: must be at least 10m"),
        ("{push: r, credentials: {user: u, password: p}}", "builds.credentials.password: must be a mapping"),
    ])
    func `what is wrong with builds`(builds: String, expected: String) {
        let error = #expect(throws: YAMLProblem.self) { _ = try load("\(Self.minimal)\nbuilds: \(builds)") }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
    }

    private func when(_ when: String, forge: String = "github", credentials: Bool = true) throws -> AdmissionRules {
        let text = Self.minimal.replacing("forge: github", with: "forge: \(forge)") + "\n    when: \(when)"
        return try load(credentials ? text + "\n    credentials: {token: {env: TOKEN}}" : text).repositories[0].settings.when
    }

    @Test(arguments: [
        ("deny", "bitbucket", RepositorySettings.ForkPolicy.deny), ("approval", "gitlab", .approval), ("allow", "bitbucket-server", .allow),
    ])
    func `what becomes of forks can be set`(text: String, forge: String, forks: RepositorySettings.ForkPolicy) throws {
        let configuration = try load(Self.minimal.replacing("forge: github", with: "forge: \(forge)") + "\n    forks: \(text)")
        #expect(configuration.repositories[0].settings.forks == forks)
    }

    @Test(arguments: [
        ("maybe", "github", "forks: must be deny, approval or allow"), ("approval", "bitbucket", "forks: must be deny: Bitbucket Cloud's"),
        ("allow", "bitbucket", "forks: must be deny"),
    ])
    func `what can't become of forks`(text: String, forge: String, expected: String) {
        let error = #expect(throws: YAMLProblem.self) {
            try load(Self.minimal.replacing("forge: github", with: "forge: \(forge)") + "\n    forks: \(text)")
        }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
    }

    @Test func `the public address can be told, also by the environment`() throws {
        #expect(try load(Self.minimal).publicURL == nil)
        let server = Self.minimal + "\nserver: {publicURL: \"https://slingshot.example.com/\"}"
        #expect(try load(server).publicURL == "https://slingshot.example.com")
        let environment = ["SLINGSHOT_SERVER_PUBLIC_URL": "https://other.example.com"]
        #expect(try load(Self.minimal, environment: environment).publicURL == "https://other.example.com")
    }

    @Test(arguments: ["slingshot.example.com", "ftp://x.example.com", "https://", "https://u:p@x.example.com", "https://x.example.com?t=1"])
    func `what is no public address`(text: String) {
        let error = #expect(throws: YAMLProblem.self) { _ = try load(Self.minimal + "\nserver: {publicURL: \"\(text)\"}") }
        #expect(error?.description.contains("server.publicURL: must be the address at which forges and people reach it") == true)
    }

    @Test func `who gets a stack can be set, and is everybody`() throws {
        #expect(try load(Self.minimal).repositories[0].settings.when == AdmissionRules())
        let all =
            #"{label: preview, removeLabelOnExpiry: true, drafts: false, branches: [main], authors: ["**", "!bot"], paths: ["src/**"]}"#
        #expect(
            try when(all)
                == AdmissionRules(
                    label: "preview", removesLabelOnExpiry: true, drafts: false, branches: Patterns(["main"]),
                    authors: Patterns(["**", "!bot"], ignoringCase: true), paths: Patterns(["src/**"])))
        #expect(try when("{drafts: true}", forge: "bitbucket") == AdmissionRules())
    }

    @Test(arguments: [
        ("{lable: preview}", "github", true, "\"lable\" is unknown; did you mean \"label\"?"),
        ("{label: \"\"}", "github", true, "when.label: must be a label's name"),
        ("{label: preview}", "bitbucket", true, "when.label: Bitbucket's pull requests have no labels; use branches, authors or paths"),
        ("{label: preview}", "bitbucket-server", true, "Bitbucket's pull requests have no labels"),
        ("{removeLabelOnExpiry: true}", "github", true, "when.removeLabelOnExpiry: needs `label`; add it"),
        ("{label: p, removeLabelOnExpiry: true}", "github", false, "when.removeLabelOnExpiry: needs `credentials`"),
        ("{label: p, removeLabelOnExpiry: true}", "generic", true, "a plain git server has no labels that could be removed"),
        ("{drafts: maybe}", "github", true, "when.drafts: must be true or false"),
        ("{branches: main}", "github", true, "when.branches: must be a list"),
        ("{branches: []}", "github", true, "when.branches: lets nothing in"),
        ("{paths: [\"!docs/**\"]}", "github", true, "when.paths: lets nothing in; begin with a pattern that has no ! before it"),
        ("{paths: [\"\"]}", "github", true, "must be a pattern"), ("{paths: [\"!\"]}", "github", true, "must be a pattern"),
        ("{paths: [/src/**]}", "github", true, "begins with a slash, as no path does"),
        ("{authors: [7]}", "github", true, "when.authors[0]: must be a string"),
    ])
    func `what is wrong with when`(rules: String, forge: String, credentials: Bool, expected: String) {
        let error = #expect(throws: YAMLProblem.self) { _ = try when(rules, forge: forge, credentials: credentials) }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
    }

    @Test func `everything that can be set`() throws {
        let configuration = try load(
            """
            server: {listen: "[::1]:9090", apiToken: {file: /run/token}}
            state: /srv
            domain: pr.example.com
            namespacePrefix: pr-
            runtimes: {cluster: {kind: kubernetes, kubeconfig: /etc/k, context: dev}}
            routing: {kind: ingress, class: nginx, tlsSecret: wildcard}
            lifetime: {default: 12h, maximum: 2d, renewOnPush: true}
            limits: {cpu: 500m, memory: 1Gi, pods: 5}
            deploy: {timeout: 90s}
            repositories:
              - {name: shop, forge: github, repository: acme/shop, url: /srv/shop.git, runtime: cluster, webhookSecret: {file: /run/s},
                 template: web, values: {image: "r/shop:${{ pr.sha }}", port: 80}, forks: deny}
            """)
        #expect(configuration.host == "::1")
        #expect(configuration.readyTimeout == 90)
        #expect(configuration.policy.addressing.url(of: try #require(StackName("shop-7"))) == "https://shop-7.pr.example.com")
        #expect(configuration.runtimes["cluster"] == .kubernetes(kubeconfig: "/etc/k", context: "dev"))
        #expect(configuration.repositories[0].settings.values == ["image": "r/shop:${{ pr.sha }}", "port": 80])
        #expect(configuration.repositories[0].settings.limits == StackLimits(cpu: "500m", memory: "1Gi", pods: 5))
    }

    @Test(arguments: [
        ("{token: {env: SHOP_TOKEN}}", "https://github.com/acme/shop.git", GitCredentials.token(.environment("SHOP_TOKEN"))),
        ("{token: {file: /run/t}}", "https://github.com/acme/shop.git", .token(.file("/run/t"))),
        ("{ssh: {key: {file: /k}, knownHosts: {file: /h}}}", "git@github.com:acme/shop.git", .ssh(key: "/k", knownHosts: "/h")),
        ("{ssh: {knownHosts: {file: /h}}}", "ssh://git@github.com/acme/shop.git", .ssh(key: nil, knownHosts: "/h")),
        ("{ssh: {}}", "git@github.com:acme/shop.git", .ssh(key: nil, knownHosts: nil)),
        (
            "{githubApp: {id: 123, privateKey: {file: /k}}}", "https://github.com/acme/shop.git",
            .githubApp(GitHubApp(id: "123", privateKey: .file("/k")))
        ),
        (
            "{githubApp: {id: Iv23liABC, privateKey: {env: K}, installation: 4711}}", "https://github.com/acme/shop.git",
            .githubApp(GitHubApp(id: "Iv23liABC", privateKey: .environment("K"), installation: 4_711))
        ),
    ])
    func `credentials are references`(text: String, url: String, expected: GitCredentials) throws {
        let file = Self.minimal.replacing("https://github.com/acme/shop.git", with: url) + "\n    credentials: \(text)"
        let settings = try load(file).repositories[0].settings
        #expect(settings.credentials == expected)
        #expect(settings.url == url)
    }

    @Test(arguments: Forge.allCases)
    func `every forge can be named`(forge: Forge) throws {
        let configuration = try load(Self.minimal.replacing("forge: github", with: "forge: \(forge.rawValue)"))
        #expect(configuration.repositories.first?.settings.forge == forge)
    }

    @Test func `a repository may name its forge's API`() throws {
        let file = Self.minimal + "\n    api: https://ghe.example.com/api/v3/"
        #expect(try load(file).repositories[0].settings.api == "https://ghe.example.com/api/v3")
        #expect(try load(Self.minimal).repositories[0].settings.api == nil)
    }

    @Test(arguments: [
        ("domain: staging.example.com", "domain: staging.example.com\ndomian: x", "3: \"domian\" is unknown; did you mean \"domain\"?"),
        ("domain: staging.example.com", "domain: Staging", "2: domain"),
        ("kind: kubernetes", "kind: nomad", "4: runtimes.cluster.kind"),
        ("kind: kubernetes", "kind: podman, kubeconfig: /etc/k", "4: "),
        ("kind: kubernetes", "kind: podman, socket: podman.sock", "4: runtimes.cluster.socket"),
        ("name: shop", "name: shop-1", "6: repositories[0].name"),
        ("forge: github", "forge: gitlub", "7: repositories[0].forge: names no forge; \"gitlub\" is unknown; did you mean \"github\"?"),
        ("runtime: cluster", "runtime: box", "10: repositories[0].runtime"),
        ("webhookSecret: {env: SHOP_WEBHOOK_SECRET}", "webhookSecret: hunter2", "11: repositories[0].webhookSecret"),
        ("webhookSecret: {env: SHOP_WEBHOOK_SECRET}", "webhookSecret: {env: A, file: B}", "11: repositories[0].webhookSecret"),
        ("state: /var/lib/slingshot", "lifetime: {default: 8d}\nstate: /x", "1: lifetime"),
        ("state: /var/lib/slingshot", "limits: {cpu: lots}\nstate: /x", "1: limits.cpu"),
        ("state: /var/lib/slingshot", "namespacePrefix: Staging\nstate: /x", "1: namespacePrefix"),
        ("state: /var/lib/slingshot", "server: {listen: 8080}\nstate: /x", "1: server.listen"),
        ("url: https://github.com/acme/shop.git", "url: git://github.com/acme/shop.git", "9: repositories[0].url: the url"),
        ("url: https://github.com/acme/shop.git", "url: https://ada:s3cret@github.com/acme/shop.git", "9: repositories[0].url"),
        ("runtime: cluster", "runtime: cluster\n    credentials: {token: hunter2}", "11: repositories[0].credentials.token"),
        ("runtime: cluster", "runtime: cluster\n    credentials: {token: {env: A}, ssh: {}}", "11: repositories[0].credentials"),
        ("runtime: cluster", "runtime: cluster\n    credentials: {}", "11: repositories[0].credentials"),
        ("runtime: cluster", "runtime: cluster\n    credentials: {githubApp: {id: 1}}", "11: repositories[0].credentials.githubApp"),
        (
            "runtime: cluster", "runtime: cluster\n    credentials: {githubApp: {id: a b, privateKey: {file: /k}}}",
            "11: repositories[0].credentials.githubApp.id"
        ),
        (
            "runtime: cluster", "runtime: cluster\n    credentials: {githubApp: {id: 1, privateKey: s3cret}}",
            "11: repositories[0].credentials.githubApp.privateKey"
        ),
        (
            "runtime: cluster", "runtime: cluster\n    credentials: {username: ada, password: {env: P}}",
            "11: repositories[0].credentials.username"
        ),
        ("runtime: cluster", "runtime: cluster\n    credentials: {password: {env: P}}", "11: repositories[0].credentials"),
        ("runtime: cluster", "runtime: cluster\n    api: http://ghe.example.com/api/v3", "11: repositories[0].api"),
        ("runtime: cluster", "runtime: cluster\n    api: ghe.example.com", "11: repositories[0].api"),
        ("runtime: cluster", "runtime: cluster\n    credentials: {ssh: {key: {file: /k}}}", "9: repositories[0].url: ssh credentials need"),
        ("runtime: cluster", "runtime: cluster\n    credentials: {ssh: {key: {env: K}}}", "11: repositories[0].credentials.ssh.key"),
        ("state: /var/lib/slingshot\n", "", "\"state\" is missing"),
        ("state: /var/lib/slingshot", "logging: {format: xml}\nstate: /x", "1: logging.format"),
        ("state: /var/lib/slingshot", "logging: {level: loud}\nstate: /x", "1: logging.level"),
        ("state: /var/lib/slingshot", "retention: 1h\nstate: /x", "1: retention"),
        ("state: /var/lib/slingshot", "server: {trustedProxies: [proxy.example.com]}\nstate: /x", "1: server.trustedProxies"),
    ])
    func `a mistake is told with file and line`(old: String, new: String, told: String) {
        let problem = #expect(throws: YAMLProblem.self) { try load(Self.minimal.replacing(old, with: new)) }
        #expect(problem?.description.contains(told) == true, "\(problem?.description ?? "")")
        #expect(problem?.description.hasPrefix("slingshot.yaml:") == true)
    }

    @Test(arguments: [
        ("kind: podman", nil), ("kind: podman, socket: /run/p.sock", "/run/p.sock"),
        ("kind: podman, socket: unix:///run/p.sock", "/run/p.sock"),
    ])
    func `podman is a kind of runtime`(text: String, socket: String?) throws {
        #expect(try load(Self.minimal.replacing("kind: kubernetes", with: text)).runtimes["cluster"] == .podman(socket: socket))
    }

    @Test(arguments: [
        ("{kind: gateway}", "staging.localhost", "http://shop-7.staging.localhost:8088"),
        ("{kind: gateway}", "staging.example.com", "https://shop-7.staging.example.com"),
        ("{kind: gateway, tls: none}", "staging.example.com", "http://shop-7.staging.example.com"),
        ("{kind: gateway, tls: internal, listen: \"127.0.0.1:8443\"}", "staging.example.com", "https://shop-7.staging.example.com:8443"),
        ("{kind: ingress}", "staging.example.com", "http://shop-7.staging.example.com"),
    ]) func `a stack's URL follows from the routing`(routing: String, domain: String, url: String) throws {
        let text = Self.minimal.replacing("domain: staging.example.com", with: "domain: \(domain)\nrouting: \(routing)")
        let configuration = try load(text)
        #expect(configuration.policy.addressing.url(of: try #require(StackName("shop-7"))) == url)
        #expect((configuration.gateway != nil) == routing.contains("gateway"))
        #expect(configuration.policy.addressing.ingressClass == (routing.contains("gateway") ? "slingshot" : nil))
    }

    @Test(arguments: [
        ("routing: {kind: traefik}", "must be ingress or gateway"), ("routing: {kind: gateway, class: nginx}", "is not for this kind"),
        ("routing: {kind: ingress, tls: internal}", "is not for this kind"), ("routing: {kind: gateway, tls: yes}", "must be"),
        ("routing: {kind: gateway, listen: 8088}", "routing.listen"), ("routing: {kind: gateway, listen: \":0\"}", "needs a port"),
        ("routing: {kind: gateway, tls: {certificate: /nowhere.pem, key: /nowhere.key}}", "names no file"),
        ("routing: {kind: ingress, caddy: {admin: \"127.0.0.1:2019\"}}", "is not for this kind"),
        ("routing: {kind: gateway, caddy: {}}", "admin"),
        ("routing: {kind: gateway, caddy: {admin: /run/caddy.sock}}", "such as unix//run/caddy"),
        ("routing: {kind: gateway, caddy: {admin: \"localhost:2019\", socket: pages.sock}}", "must be an absolute path"),
        ("routing: {kind: gateway, caddy: {admin: \"localhost:2019\", group: no-such-group}}", "names no group"),
    ]) func `a mistake of the routing is told`(line: String, told: String) {
        let problem = #expect(throws: YAMLProblem.self) { try load(Self.minimal + "\n" + line) }
        #expect(problem?.description.contains(told) == true, "\(problem?.description ?? "")")
    }

    @Test func `a Caddy that is there is read`() throws {
        let caddy = "{admin: unix//run/caddy/admin.socket, socket: /run/slingshot/pages.sock, group: root}"
        let gateway = try load(Self.minimal + "\nrouting: {kind: gateway, caddy: \(caddy)}").gateway
        #expect(gateway?.caddy?.admin == .socket("/run/caddy/admin.socket"))
        #expect(gateway?.caddy?.socket == "/run/slingshot/pages.sock")
        #expect(gateway?.caddy?.group == "root")
        #expect(try load(Self.minimal + "\nrouting: {kind: gateway}").gateway?.caddy == nil)
    }

    @Test func `mistakes of the routing are told together with others`() {
        let text = Self.minimal.replacing("domain: staging.example.com", with: "domain: staging.example.com\nrouting: {kind: traefik}")
        let problem = #expect(throws: YAMLProblem.self) { try load(text + "\n    access: {basic: {user: \"a:b\", password: {env: P}}}") }
        #expect(problem?.all.count == 2, "\(problem?.description ?? "")")
    }

    @Test func `access is the gateway's`() throws {
        let access = "\n    access: {basic: {user: team, password: {env: P}}}"
        #expect(throws: YAMLProblem.self) { try load(Self.minimal + access) }
        let configuration = try load(Self.minimal + access + "\nrouting: {kind: gateway}")
        #expect(configuration.repositories[0].access?.user == "team")
        #expect(throws: YAMLProblem.self) {
            try load(Self.minimal + "\n    access: {basic: {user: \"a:b\", password: {env: P}}}\nrouting: {kind: gateway}")
        }
    }

    @Test func `two repositories of one name are refused`() {
        let twice = Self.minimal + "\n" + Self.minimal.split(separator: "repositories:\n")[1]
        #expect(throws: YAMLProblem.self) { try load(twice) }
    }

    @Test func `logging, retention and trusted proxies are read, and have defaults`() throws {
        let plain = try load(Self.minimal)
        #expect(plain.logging == LoggingSettings())
        #expect(plain.retention == 30 * 86_400)
        let text = "logging: {format: json, level: debug}\nretention: 7d\nserver: {trustedProxies: [10.0.0.7, \"::1\"]}\n" + Self.minimal
        let configuration = try load(text, environment: ["SLINGSHOT_LOGGING_LEVEL": "warning"])
        #expect(configuration.logging.format == .json)
        #expect(configuration.logging.level == .warning)
        #expect(configuration.retention == 7 * 86_400)
        #expect(configuration.trustedProxies == ["10.0.0.7", "::1"])
    }

    @Test func `the environment overrides single settings`() throws {
        let configuration = try load(
            Self.minimal,
            environment: [
                "SLINGSHOT_SERVER_LISTEN": "0.0.0.0:80", "SLINGSHOT_LIFETIME_DEFAULT": "2h", "SLINGSHOT_LIMITS_PODS": "3",
                "SLINGSHOT_NAMESPACE_PREFIX": "pr-", "SLINGSHOT_SERVER": "http://elsewhere", "SLINGSHOT_TOKEN": "t",
            ])
        #expect(configuration.port == 80)
        #expect(configuration.policy.lifetime.standard == 7_200)
        #expect(configuration.repositories[0].settings.limits.pods == 3)
        #expect(configuration.policy.addressing.namespacePrefix == "pr-")
    }

    @Test func `a bad value from the environment is refused as one in the file`() {
        #expect(throws: YAMLProblem.self) { try load(Self.minimal, environment: ["SLINGSHOT_LIFETIME_DEFAULT": "soon"]) }
    }
}
