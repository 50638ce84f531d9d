import Forges
import GitRefs
import Orchestration
import StagingModel
import StrictYAML

extension ServerConfiguration.Repository {
    /// `runtimes` is nil when they could not be read; then none is missed.
    init(
        _ item: YAMLValue, runtimes: [String: ServerConfiguration.Runtime]?, limits: StackLimits, policy: StackPolicy
    ) throws(YAMLProblem) {
        var problems = YAMLProblems()
        let mapping = try item.mapping(
            allowing: [
                "name", "forge", "repository", "url", "api", "credentials", "runtime", "webhookSecret", "template", "values", "policy",
                "forks", "when", "access",
            ], &problems
        )
        let name = problems.collect { () throws(YAMLProblem) in
            let value = try mapping.required("name")
            guard let name = RepositoryName(try value.string()) else {
                throw value.problem("must be a DNS label of at most 40 characters that does not end in - and digits, such as shop")
            }
            return name
        }
        let forge = problems.collect { () throws(YAMLProblem) in
            let value = try mapping.required("forge")
            guard let forge = Forge(rawValue: try value.string()) else {
                throw value.problem("names no forge; \(Wording.unknown(try value.string(), among: Forge.allCases.map(\.rawValue)))")
            }
            return forge
        }
        let credentials = problems.collect { () throws(YAMLProblem) in
            try mapping.optional("credentials").map { (value) throws(YAMLProblem) in try GitCredentials(value, forge: forge) }
        }
        let url = problems.collect { () throws(YAMLProblem) in
            let url = try mapping.required("url")
            let text = try url.string()
            do throws(StepError) { try GitRefs.check(url: text, credentials: credentials ?? nil) } catch {
                throw url.problem(error.message)
            }
            return text
        }
        let api = problems.collect { () throws(YAMLProblem) in try mapping.optional("api").map(Self.api) }
        let runtime = problems.collect { () throws(YAMLProblem) in
            let runtime = try mapping.required("runtime")
            if let runtimes, runtimes[try runtime.string()] == nil {
                throw runtime.problem(
                    "names no runtime of this file; \(Wording.unknown(try runtime.string(), among: runtimes.keys.sorted()))")
            }
            return try runtime.string()
        }
        let forks = problems.collect { () throws(YAMLProblem) in
            try mapping.optional("forks").map { (value) throws(YAMLProblem) in try Self.forks(value, on: forge) }
        }
        let fullName = problems.collect { () throws(YAMLProblem) in try mapping.required("repository").string() }
        let template = problems.collect { () throws(YAMLProblem) in try mapping.optional("template")?.string() }
        let given = problems.collect { () throws(YAMLProblem) in try mapping.optional("values")?.mapping().fields ?? [] } ?? []
        let own = problems.collect { () throws(YAMLProblem) in
            try mapping.optional("policy").map { (value) throws(YAMLProblem) in try StackPolicy(value) }
        }
        let access = problems.collect { () throws(YAMLProblem) in
            try mapping.optional("access").map { (value) throws(YAMLProblem) in try AccessReference(value) }
        }
        let when = problems.collect { () throws(YAMLProblem) in
            try mapping.optional("when").map { (value) throws(YAMLProblem) in
                try AdmissionRules(value, forge: forge, credentials: credentials)
            }
        }
        let secret = problems.collect { () throws(YAMLProblem) in try SecretReference(try mapping.required("webhookSecret")) }
        try problems.check()
        guard let name, let forge, let url, let api, let credentials, let runtime, let fullName, let template, let own, let access,
            let when, let forks, let secret
        else {
            throw item.problem("it can't be read")
        }
        settings = RepositorySettings(
            name: name, forge: forge, repository: fullName, url: url, api: api, credentials: credentials, runtime: runtime,
            template: template,
            values: Dictionary(given.map { ($0.key, $0.value.json()) }) { $1 }, limits: limits, policy: own ?? policy,
            forks: forks ?? .deny, when: when ?? AdmissionRules())
        webhookSecret = secret
        self.access = access
    }

    private static func forks(_ value: YAMLValue, on forge: Forge?) throws(YAMLProblem) -> RepositorySettings.ForkPolicy {
        guard let policy = RepositorySettings.ForkPolicy(rawValue: try value.string()) else {
            throw value.problem("must be deny, approval or allow")
        }
        guard policy == .deny || forge?.servesForks != false else {
            throw value.problem("must be deny: Bitbucket Cloud's repositories don't serve the commits of forks")
        }
        return policy
    }

    private static func api(_ value: YAMLValue) throws(YAMLProblem) -> String {
        let text = try value.string()
        do throws(ForgeError) { return try ForgeAddress(text).description } catch { throw value.problem(error.message) }
    }
}

extension RepositorySettings {
    func isSameRepository(as other: RepositorySettings) -> Bool {
        forge == other.forge && repository.lowercased() == other.repository.lowercased()
    }
}
