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
    }

    var host = "127.0.0.1"
    var port = 8080
    var apiToken: SecretReference?
    var state: URL
    var policy: LaunchPolicy
    var readyTimeout: Int
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
                "server", "state", "domain", "namespacePrefix", "runtimes", "routing", "lifetime", "limits", "policy", "deploy",
                "repositories",
            ], &problems)
        if let server = try top.optional("server")?.mapping(allowing: ["listen", "apiToken"], &problems) {
            if let listen = server.optional("listen"),
                let address = problems.collect({ () throws(YAMLProblem) in try Self.address(listen) })
            {
                (host, port) = address
            }
            apiToken =
                problems.collect { () throws(YAMLProblem) in
                    guard let token = server.optional("apiToken") else { return nil }
                    return try SecretReference(token)
                } ?? nil
        }
        let state = problems.collect { () throws(YAMLProblem) in
            URL(filePath: try top.required("state").string(), directoryHint: .isDirectory)
        }
        let lifetime = problems.collect { () throws(YAMLProblem) in try Self.lifetime(top.optional("lifetime")) }
        let addressing = problems.collect { () throws(YAMLProblem) in try Self.addressing(top) }
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
                repositories.append(repository)
            } catch {
                problems.add(error)
            }
        }
        try problems.check()
        guard let state, let lifetime, let addressing, let timeout, let runtimes else { throw root.problem("it can't be read") }
        self.state = state
        self.policy = LaunchPolicy(lifetime: lifetime, addressing: addressing)
        readyTimeout = timeout ?? 600
        self.runtimes = runtimes
    }

    private static func address(_ value: YAMLValue) throws(YAMLProblem) -> (String, Int) {
        let text = try value.string()
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port) else {
            throw value.problem("must be HOST:PORT, such as 127.0.0.1:8080")
        }
        return (String(text[..<colon]).trimmingCharacters(in: CharacterSet(charactersIn: "[]")), port)
    }

    private static func lifetime(_ value: YAMLValue?) throws(YAMLProblem) -> LifetimePolicy {
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

    private static func addressing(_ top: YAMLMapping) throws(YAMLProblem) -> StackAddressing {
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
        if let routing = try top.optional("routing")?.mapping(allowing: ["kind", "class", "tlsSecret"]) {
            let kind = try routing.required("kind")
            guard try kind.string() == "ingress" else { throw kind.problem("must be ingress; this version has no other") }
            addressing.ingressClass = try routing.optional("class")?.string()
            addressing.tlsSecret = try routing.optional("tlsSecret")?.string()
        }
        return addressing
    }

    private static func limits(_ value: YAMLValue?) throws(YAMLProblem) -> StackLimits {
        var limits = StackLimits()
        let keys = ["cpu", "memory", "pods", "storage", "volumeClaims", "ephemeralStorage"]
        guard let mapping = try value?.mapping(allowing: keys) else { return limits }
        if let cpu = mapping.optional("cpu") { limits.cpu = try quantity(cpu) }
        if let memory = mapping.optional("memory") { limits.memory = try quantity(memory) }
        if let pods = try mapping.optional("pods")?.integer(in: 1...10_000) { limits.pods = pods }
        if let storage = mapping.optional("storage") { limits.storage = try quantity(storage) }
        if let claims = try mapping.optional("volumeClaims")?.integer(in: 0...1_000) { limits.volumeClaims = claims }
        if let storage = mapping.optional("ephemeralStorage") { limits.ephemeralStorage = try quantity(storage) }
        return limits
    }

    /// A Kubernetes quantity, as the file has it: `2`, `500m`, `4Gi`.
    private static func quantity(_ value: YAMLValue) throws(YAMLProblem) -> String {
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

    private static func runtimes(_ value: YAMLValue) throws(YAMLProblem) -> [String: Runtime] {
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
    /// `runtimes` is nil when they could not be read; then none is missed.
    init(
        _ item: YAMLValue, runtimes: [String: ServerConfiguration.Runtime]?, limits: StackLimits, policy: StackPolicy
    ) throws(YAMLProblem) {
        var problems = YAMLProblems()
        let mapping = try item.mapping(
            allowing: ["name", "forge", "repository", "url", "runtime", "webhookSecret", "template", "values", "policy", "forks"], &problems
        )
        let name = problems.collect { () throws(YAMLProblem) in
            let value = try mapping.required("name")
            guard let name = RepositoryName(try value.string()) else {
                throw value.problem("must be a DNS label of at most 40 characters that does not end in - and digits, such as shop")
            }
            return name
        }
        let forge = problems.collect { () throws(YAMLProblem) in
            let forge = try mapping.required("forge")
            guard try forge.string() == "github" else { throw forge.problem("must be github; this version knows no other forge") }
            return try forge.string()
        }
        let url = problems.collect { () throws(YAMLProblem) in
            let url = try mapping.required("url")
            let text = try url.string()
            if text.hasPrefix("ssh:") || text.wholeMatch(of: /[^\/:]+@[^\/]+:.*/) != nil {
                throw url.problem("must be an https://, http:// or file:// address, or a path; this version has no credentials for ssh")
            }
            return text
        }
        let runtime = problems.collect { () throws(YAMLProblem) in
            let runtime = try mapping.required("runtime")
            if let runtimes, runtimes[try runtime.string()] == nil {
                throw runtime.problem(
                    "names no runtime of this file; \(Wording.unknown(try runtime.string(), among: runtimes.keys.sorted()))")
            }
            return try runtime.string()
        }
        problems.collect { () throws(YAMLProblem) in
            guard let forks = mapping.optional("forks") else { return }
            if try forks.string() != "deny" {
                throw forks.problem("must be deny; this version makes no stacks for forks")
            }
        }
        let fullName = problems.collect { () throws(YAMLProblem) in try mapping.required("repository").string() }
        let template = problems.collect { () throws(YAMLProblem) in try mapping.optional("template")?.string() }
        let given = problems.collect { () throws(YAMLProblem) in try mapping.optional("values")?.mapping().fields ?? [] } ?? []
        let own = problems.collect { () throws(YAMLProblem) in
            try mapping.optional("policy").map { (value) throws(YAMLProblem) in try StackPolicy(value) }
        }
        let secret = problems.collect { () throws(YAMLProblem) in try SecretReference(try mapping.required("webhookSecret")) }
        try problems.check()
        guard let name, let forge, let url, let runtime, let fullName, let template, let own, let secret else {
            throw item.problem("it can't be read")
        }
        settings = RepositorySettings(
            name: name, forge: forge, repository: fullName, url: url, runtime: runtime, template: template,
            values: Dictionary(given.map { ($0.key, $0.value.json()) }) { $1 }, limits: limits, policy: own ?? policy)
        webhookSecret = secret
    }
}

extension RepositorySettings {
    fileprivate func isSameRepository(as other: RepositorySettings) -> Bool {
        forge == other.forge && repository.lowercased() == other.repository.lowercased()
    }
}
