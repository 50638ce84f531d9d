/// One repository of the server's configuration: trusted, unlike everything that comes from the repository itself.
public struct RepositorySettings: Codable, Hashable, Sendable {
    /// What to do with pull requests whose head is in another repository.
    public enum ForkPolicy: String, Codable, Sendable { case deny, approval, allow }

    public var name: RepositoryName
    public var forge: Forge
    /// The full name on the forge, `acme/shop`; compared without regard to case.
    public var repository: String
    /// The only address that is ever fetched.
    public var url: String
    /// The base address of the forge's API; nil where it is known from ``url``.
    public var api: String?
    /// What opens the address, and the API; nil when everybody can read it, and the forge is told nothing.
    public var credentials: GitCredentials?
    public var runtime: String
    /// The template for commits without a stack file.
    public var template: String?
    public var values: [String: JSONValue]
    public var limits: StackLimits
    public var policy: StackPolicy
    public var forks: ForkPolicy
    /// Which pull requests get a stack.
    public var when: AdmissionRules
    /// The name under which images built from its commits are kept, `localhost/slingshot/staging-shop`; nil when there is no place for them.
    public var imageRepository: String?

    public init(
        name: RepositoryName, forge: Forge, repository: String, url: String, api: String? = nil,
        credentials: GitCredentials? = nil, runtime: String,
        template: String? = nil, values: [String: JSONValue] = [:], limits: StackLimits = StackLimits(),
        policy: StackPolicy = StackPolicy(), forks: ForkPolicy = .deny,
        when: AdmissionRules = AdmissionRules(), imageRepository: String? = nil
    ) {
        self.name = name
        self.forge = forge
        self.repository = repository
        self.url = url
        self.api = api
        self.credentials = credentials
        self.runtime = runtime
        self.template = template
        self.values = values
        self.limits = limits
        self.policy = policy
        self.forks = forks
        self.when = when
        self.imageRepository = imageRepository
    }

    /// Whether its forge can be asked and told: it has an API, and there are credentials that are not git's alone.
    public var reachesForge: Bool {
        guard forge.hasAPI, let credentials else { return false }
        if case .ssh = credentials { return false }
        return true
    }

    /// The image that is built from a commit, by its name; nil when there is no place for one.
    public func image(of commit: CommitID) -> String? { imageRepository.map { "\($0):\(commit)" } }
}

/// What one stack may use, as Kubernetes quantities.
public struct StackLimits: Codable, Hashable, Sendable {
    public var cpu: String
    public var memory: String
    public var pods: Int
    /// What all volume claims together may ask for.
    public var storage: String
    public var volumeClaims: Int
    /// What all containers together may write to the nodes' own disks: logs, layers, `emptyDir`.
    public var ephemeralStorage: String

    public init(
        cpu: String = "2", memory: String = "4Gi", pods: Int = 20, storage: String = "10Gi", volumeClaims: Int = 10,
        ephemeralStorage: String = "20Gi"
    ) {
        self.cpu = cpu
        self.memory = memory
        self.pods = pods
        self.storage = storage
        self.volumeClaims = volumeClaims
        self.ephemeralStorage = ephemeralStorage
    }
}

/// How stacks are named and reached: the server's part of every plan.
public struct StackAddressing: Codable, Hashable, Sendable {
    /// The DNS domain under which each stack gets a host of one label.
    public var domain: String
    /// Goes before a stack's name to make its namespace: `staging-`.
    public var namespacePrefix: String
    /// The `ingressClassName` of made Ingress objects; nil leaves the cluster's default.
    public var ingressClass: String?
    /// The TLS secret that Ingress objects name; with one, URLs are https.
    public var tlsSecret: String?
    /// The gateway that people reach stacks by; nil when that is an ingress controller.
    public var gateway: GatewayAddress?

    public init(domain: String, namespacePrefix: String = "staging-", ingressClass: String? = nil, tlsSecret: String? = nil) {
        self.domain = domain
        self.namespacePrefix = namespacePrefix
        self.ingressClass = ingressClass
        self.tlsSecret = tlsSecret
    }

    public func namespace(of stack: StackName) -> String { namespacePrefix + stack.description }
    public func host(of stack: StackName) -> String { "\(stack).\(domain)" }
    public func url(of stack: StackName) -> String { url(ofHost: host(of: stack)) }

    /// For people: `https://<stack>.staging.example.com`.
    public var urlPattern: String { url(ofHost: "<stack>.\(domain)") }

    /// The address of a host below ``domain``, by whatever people reach stacks.
    public func url(ofHost host: String) -> String {
        guard let gateway else { return "\(tlsSecret == nil ? "http" : "https")://\(host)" }
        let usual = gateway.isSecure ? 443 : 80
        return "\(gateway.isSecure ? "https" : "http")://\(host)" + (gateway.port == usual ? "" : ":\(gateway.port)")
    }
}

/// How browsers reach the gateway.
public struct GatewayAddress: Codable, Hashable, Sendable {
    public var isSecure: Bool
    public var port: Int

    public init(isSecure: Bool, port: Int) {
        self.isSecure = isSecure
        self.port = port
    }
}
