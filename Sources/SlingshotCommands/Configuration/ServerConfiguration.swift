import Foundation
import Orchestration
import StagingModel
import StrictYAML

/// The server's configuration file, read. `contract.md` lists its keys.
struct ServerConfiguration: Sendable {
    struct Runtime: Hashable, Sendable {
        /// Nil for `KUBECONFIG`, `~/.kube/config`, or the pod's own service account.
        var kubeconfig: String?
        var context: String?
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
    var state: URL
    var policy: LaunchPolicy
    var readyTimeout: Int
    /// Nil when an ingress controller does the routing.
    var gateway: GatewayReference?
    var runtimes: [String: Runtime]
    var repositories: [Repository]

    /// Reads the file. Throws ``StrictYAML/YAMLProblem`` with file and line, and ``ConfigurationError``.
    static func load(path: String, overrides: EnvironmentOverrides = .process) throws -> ServerConfiguration {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError("can't read the configuration \(path); name an existing file with --config")
        }
        return try ServerConfiguration(try overrides.applied(to: YAMLDocument.single(Array(bytes), file: path)))
    }

    init(_ root: YAMLValue) throws {
        let top = try root.mapping(allowing: [
            "server", "state", "domain", "namespacePrefix", "runtimes", "routing", "lifetime", "limits", "deploy", "repositories",
        ])
        if let server = try top.optional("server")?.mapping(allowing: ["listen", "apiToken"]) {
            if let listen = server.optional("listen") { (host, port) = try Self.address(listen) }
            apiToken = try server.optional("apiToken").map { try SecretReference($0) }
        }
        state = URL(filePath: try top.required("state").string(), directoryHint: .isDirectory)
        var addressing = try Self.addressing(top)
        gateway = try GatewayReference(top.optional("routing"), &addressing)
        policy = LaunchPolicy(lifetime: try Self.lifetime(top.optional("lifetime")), addressing: addressing)
        readyTimeout = try top.optional("deploy")?.mapping(allowing: ["timeout"]).required("timeout").duration() ?? 600
        runtimes = try Self.runtimes(top.required("runtimes"))
        let limits = try Self.limits(top.optional("limits"))
        repositories = []
        for item in try top.required("repositories").list() {
            let repository = try Repository(item, runtimes: runtimes, limits: limits)
            if repository.access != nil, gateway == nil {
                throw item.problem("`access` is the gateway's to enforce; set routing: {kind: gateway}, or remove it")
            }
            if repositories.contains(where: { $0.settings.name == repository.settings.name }) {
                throw item.problem("there are two repositories named \"\(repository.settings.name)\"; rename one")
            }
            if repositories.contains(where: { $0.settings.isSameRepository(as: repository.settings) }) {
                throw item.problem("\(repository.settings.repository) is there twice; keep one: a delivery belongs to one repository")
            }
            repositories.append(repository)
        }
    }

    static func address(_ value: YAMLValue) throws -> (String, Int) {
        let text = try value.string()
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port) else {
            throw value.problem("must be HOST:PORT, such as 127.0.0.1:8080")
        }
        return (String(text[..<colon]).trimmingCharacters(in: CharacterSet(charactersIn: "[]")), port)
    }

    private static func lifetime(_ value: YAMLValue?) throws -> LifetimePolicy {
        var policy = LifetimePolicy()
        guard let value else { return policy }
        let mapping = try value.mapping(allowing: ["default", "maximum", "renewOnPush"])
        if let seconds = try mapping.optional("default")?.duration() { policy.standard = seconds }
        if let seconds = try mapping.optional("maximum")?.duration() { policy.maximum = seconds }
        if let renew = try mapping.optional("renewOnPush")?.boolean() { policy.renewOnPush = renew }
        guard policy.standard <= policy.maximum else {
            throw value.problem("`default` is longer than `maximum`; shorten one or lengthen the other")
        }
        return policy
    }

    private static func addressing(_ top: YAMLMapping) throws -> StackAddressing {
        let domain = try top.required("domain")
        let text = try domain.string()
        guard text.utf8.count <= 180, text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy({ isDNSLabel(String($0)) })
        else {
            throw domain.problem("must be a DNS name in lower case, such as staging.example.com")
        }
        var addressing = StackAddressing(domain: text)
        if let prefix = top.optional("namespacePrefix") {
            addressing.namespacePrefix = try prefix.string()
            // Together with a name of 40 and a number of 10 digits it has to stay a DNS label.
            guard isDNSLabel(addressing.namespacePrefix + "a", longest: 12) else {
                throw prefix.problem("must be at most 11 lower-case letters, digits and dashes, such as staging-")
            }
        }
        return addressing
    }

    private static func limits(_ value: YAMLValue?) throws -> StackLimits {
        var limits = StackLimits()
        guard let mapping = try value?.mapping(allowing: ["cpu", "memory", "pods"]) else { return limits }
        if let cpu = mapping.optional("cpu") { limits.cpu = try quantity(cpu) }
        if let memory = mapping.optional("memory") { limits.memory = try quantity(memory) }
        if let pods = try mapping.optional("pods")?.integer(in: 1...10_000) { limits.pods = pods }
        return limits
    }

    /// A Kubernetes quantity, as the file has it: `2`, `500m`, `4Gi`.
    private static func quantity(_ value: YAMLValue) throws -> String {
        let text =
            switch value.json() {
            case .string(let text): text
            case .integer(let number): String(number)
            case .number(let number): String(number)
            default: ""
            }
        guard text.wholeMatch(of: /[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?/) != nil else {
            throw value.problem("must be a Kubernetes quantity, such as \"2\", 500m or 4Gi")
        }
        return text
    }

    private static func runtimes(_ value: YAMLValue) throws -> [String: Runtime] {
        var runtimes: [String: Runtime] = [:]
        for (name, value) in try value.mapping().fields {
            let mapping = try value.mapping(allowing: ["kind", "kubeconfig", "context"])
            let kind = try mapping.required("kind")
            guard try kind.string() == "kubernetes" else { throw kind.problem("must be kubernetes; this version has no other") }
            runtimes[name] = Runtime(
                kubeconfig: try mapping.optional("kubeconfig")?.string(), context: try mapping.optional("context")?.string())
        }
        guard !runtimes.isEmpty else { throw value.problem("names no runtime; add one, such as cluster: {kind: kubernetes}") }
        return runtimes
    }
}

extension ServerConfiguration.Repository {
    init(_ item: YAMLValue, runtimes: [String: ServerConfiguration.Runtime], limits: StackLimits) throws {
        let mapping = try item.mapping(allowing: [
            "name", "forge", "repository", "url", "runtime", "webhookSecret", "template", "values", "forks", "access",
        ])
        let nameValue = try mapping.required("name")
        guard let name = RepositoryName(try nameValue.string()) else {
            throw nameValue.problem("must be a DNS label of at most 40 characters that does not end in - and digits, such as shop")
        }
        let forge = try mapping.required("forge")
        guard try forge.string() == "github" else { throw forge.problem("must be github; this version knows no other forge") }
        let url = try mapping.required("url")
        if try url.string().hasPrefix("ssh:") || url.string().wholeMatch(of: /[^\/:]+@[^\/]+:.*/) != nil {
            throw url.problem("must be an https://, http:// or file:// address, or a path; this version has no credentials for ssh")
        }
        let runtime = try mapping.required("runtime")
        guard runtimes[try runtime.string()] != nil else {
            throw runtime.problem("names no runtime of this file; \(Wording.unknown(try runtime.string(), among: runtimes.keys.sorted()))")
        }
        if let forks = mapping.optional("forks"), try forks.string() != "deny" {
            throw forks.problem("must be deny; this version makes no stacks for forks")
        }
        var values: [String: JSONValue] = [:]
        for (key, value) in try mapping.optional("values")?.mapping().fields ?? [] { values[key] = value.json() }
        settings = RepositorySettings(
            name: name, forge: try forge.string(), repository: try mapping.required("repository").string(),
            url: try url.string(),
            runtime: try runtime.string(), template: try mapping.optional("template")?.string(), values: values, limits: limits)
        webhookSecret = try SecretReference(try mapping.required("webhookSecret"))
        access = try mapping.optional("access").map { try AccessReference($0) }
    }
}

extension RepositorySettings {
    fileprivate func isSameRepository(as other: RepositorySettings) -> Bool {
        forge == other.forge && repository.lowercased() == other.repository.lowercased()
    }
}
