import Foundation
import Orchestration
import StagingModel
import StrictYAML

/// The server's configuration file, read. `contract.md` lists its keys.
struct ServerConfiguration: Sendable {
    enum Runtime: Hashable, Sendable {
        /// Without a kubeconfig: `KUBECONFIG`, `~/.kube/config`, or the pod's own service account.
        case kubernetes(kubeconfig: String?, context: String?)
        /// Without a socket: podman's usual one where a service answers, or else an own service.
        case podman(socket: String?)
    }

    struct Repository: Sendable {
        var settings: RepositorySettings
        var webhookSecret: SecretReference
        /// Who may look at its stacks through the gateway; nil for everybody.
        var access: AccessReference?
    }

    var host = "127.0.0.1"
    var port = 8080
    var apiToken: SecretReference?
    /// Where people and forges find it, `https://slingshot.example.com`, without a slash at the end; nil when that is not told.
    var publicURL: String?
    /// Addresses of the reverse proxies whose `X-Forwarded-For` is believed.
    var trustedProxies: [String] = []
    var logging = LoggingSettings()
    /// Seconds that deliveries, events and destroyed stacks are kept: 30 days unless configured.
    var retention = 30 * 86_400
    var state: URL
    var policy: LaunchPolicy
    var readyTimeout: Int
    /// Nil when an ingress controller does the routing.
    var gateway: GatewayReference?
    var builds = BuildReference()
    var runtimes: [String: Runtime]
    var repositories: [Repository]

    /// Reads the file. Throws ``StrictYAML/YAMLProblem`` with file and line, and ``ConfigurationError``.
    static func load(path: String, overrides: EnvironmentOverrides = .process) throws -> ServerConfiguration {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError("can't read the configuration \(path); name an existing file with --config")
        }
        return try ServerConfiguration(try overrides.applied(to: YAMLDocument.single(Array(bytes), file: path)))
    }

    /// Throws everything that is wrong at once.
    init(_ root: YAMLValue) throws(YAMLProblem) {
        var problems = YAMLProblems()
        let top = try root.mapping(
            allowing: [
                "server", "state", "domain", "namespacePrefix", "runtimes", "routing", "lifetime", "limits", "policy", "deploy", "logging",
                "retention", "repositories", "builds",
            ], &problems)
        let server = try top.optional("server")?.mapping(allowing: ["listen", "publicURL", "apiToken", "trustedProxies"], &problems)
        if let listen = server?.optional("listen"),
            let address = problems.collect({ () throws(YAMLProblem) in try Self.address(listen) })
        {
            (host, port) = address
        }
        if let value = server?.optional("publicURL") {
            publicURL = problems.collect { () throws(YAMLProblem) in try Self.publicURL(value) }
        }
        if let token = server?.optional("apiToken") {
            apiToken = problems.collect { () throws(YAMLProblem) in try SecretReference(token) }
        }
        for proxy in problems.collect({ () throws(YAMLProblem) in try server?.optional("trustedProxies")?.list() ?? [] }) ?? [] {
            if let address = problems.collect({ () throws(YAMLProblem) in try Self.proxy(proxy) }) { trustedProxies.append(address) }
        }
        if let value = top.optional("logging"),
            let settings = problems.collect({ () throws(YAMLProblem) in try LoggingSettings(value) })
        {
            logging = settings
        }
        if let value = top.optional("retention"),
            let seconds = problems.collect({ () throws(YAMLProblem) in try Self.retention(value) })
        {
            retention = seconds
        }
        if let value = top.optional("builds"), let settings = problems.collect({ () throws(YAMLProblem) in try BuildReference(value) }) {
            builds = settings
        }
        let state = problems.collect { () throws(YAMLProblem) in
            URL(filePath: try top.required("state").string(), directoryHint: .isDirectory)
        }
        let lifetime = problems.collect { () throws(YAMLProblem) in try Self.lifetime(top.optional("lifetime")) }
        let routing = problems.collect { () throws(YAMLProblem) in try Self.routing(top) }
        let timeout = problems.collect { () throws(YAMLProblem) in
            try top.optional("deploy")?.mapping(allowing: ["timeout"]).required("timeout").duration()
        }
        let runtimes = problems.collect { () throws(YAMLProblem) in try Self.runtimes(top.required("runtimes")) }
        let limits = problems.collect { () throws(YAMLProblem) in try Self.limits(top.optional("limits")) } ?? StackLimits()
        let policy = problems.collect { () throws(YAMLProblem) in try StackPolicy(top.optional("policy")) } ?? StackPolicy()
        repositories = []
        for item in problems.collect({ () throws(YAMLProblem) in try top.required("repositories").list() }) ?? [] {
            do throws(YAMLProblem) {
                let repository = try Repository(item, runtimes: runtimes, limits: limits, policy: policy)
                if repositories.contains(where: { $0.settings.name == repository.settings.name }) {
                    throw item.problem("there are two repositories named \"\(repository.settings.name)\"; rename one")
                }
                if repositories.contains(where: { $0.settings.isSameRepository(as: repository.settings) }) {
                    throw item.problem("\(repository.settings.repository) is there twice; keep one: a delivery belongs to one repository")
                }
                if repository.access != nil, let routing, routing.gateway == nil {
                    throw item.problem("`access` is the gateway's to enforce; set routing: {kind: gateway}, or remove it")
                }
                repositories.append(repository)
            } catch {
                problems.add(error)
            }
        }
        try problems.check()
        guard let state, let lifetime, let routing, let timeout, let runtimes else { throw root.problem("it can't be read") }
        self.state = state
        self.policy = LaunchPolicy(lifetime: lifetime, addressing: routing.addressing)
        gateway = routing.gateway
        readyTimeout = timeout ?? 600
        self.runtimes = runtimes
        nameImages()
    }
}
