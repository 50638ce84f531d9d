import Foundation
import Planning
import PodmanRuntime
import StagingModel
import StrictYAML

/// `builds` of the server's configuration: how images are built of commits, and where they go.
struct BuildReference: Sendable {
    var settings = BuildSettings()
    /// How many builds run at a time.
    var concurrency = 1
    /// The prefix of names in a registry, `registry.example.com/slingshot`, that clusters pull from; nil for none.
    var push: String?
    var isInsecure = false
    var user: String?
    var password: SecretReference?

    init() {}

    init(_ value: YAMLValue) throws(YAMLProblem) {
        var problems = YAMLProblems()
        let fields = try value.mapping(
            allowing: [
                "push", "insecure", "credentials", "timeout", "size", "free", "memory", "cpu", "concurrency", "network", "reach",
                "localImages",
            ], &problems)
        push = problems.collect { () throws(YAMLProblem) in try fields.optional("push").map(Self.registryName) } ?? nil
        isInsecure = problems.collect { () throws(YAMLProblem) in try fields.optional("insecure")?.boolean() ?? false } ?? false
        problems.collect { () throws(YAMLProblem) in
            guard let credentials = try fields.optional("credentials")?.mapping(allowing: ["user", "password"]) else { return }
            user = try credentials.required("user").string()
            password = try SecretReference(try credentials.required("password"))
        }
        problems.collect { () throws(YAMLProblem) in
            if let timeout = try fields.optional("timeout")?.duration() { settings.timeout = timeout }
            if let size = fields.optional("size") { settings.size = try Self.bytes(size) }
            if let free = fields.optional("free") { settings.floor = try Self.bytes(free) }
            if let memory = fields.optional("memory") { settings.memory = try Self.bytes(memory) }
            if let cpu = fields.optional("cpu") { settings.cpu = try Self.thousandths(cpu) }
            if let places = try fields.optional("concurrency")?.integer(in: 1...100) { concurrency = places }
            if let images = try fields.optional("localImages")?.strings() { settings.localImages = Set(images) }
        }
        if let access = problems.collect({ () throws(YAMLProblem) in try Self.access(fields) }) { settings.access = access }
        if push == nil, let value = fields.optional("insecure") ?? fields.optional("credentials") {
            problems.add(value.problem("is of use with `push` only; add it, or remove this"))
        }
        try problems.check()
    }

    /// Reads the password. Throws ``ConfigurationError``.
    func registry() throws -> BuildSettings.Registry? {
        guard push != nil else { return nil }
        return BuildSettings.Registry(
            isInsecure: isInsecure, user: user, password: try password?.read(for: "the password of `builds.credentials`"))
    }

    private static func registryName(_ value: YAMLValue) throws(YAMLProblem) -> String {
        let text = try value.string()
        guard text.utf8.count <= 200, text.wholeMatch(of: /[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*/) != nil else {
            throw value.problem("must be a registry and a path in it, such as registry.example.com/slingshot")
        }
        return text
    }

    private static func access(_ fields: YAMLMapping) throws(YAMLProblem) -> BuildSettings.Access {
        let reach = fields.optional("reach")
        var reachable: [String] = []
        for item in try reach?.list() ?? [] {
            guard try item.string().wholeMatch(of: /[0-9]{1,3}(\.[0-9]{1,3}){3}(\/[0-9]{1,2})?/) != nil else {
                throw item.problem("must be an address or a network, such as 10.1.2.0/24")
            }
            reachable.append(try item.string())
        }
        guard let network = fields.optional("network") else { return .internet(reaching: reachable) }
        switch try network.string() {
        case "internet": return .internet(reaching: reachable)
        case "none":
            if let reach { throw reach.problem("with network: none a build reaches nothing; remove one of the two") }
            return .none
        default: throw network.problem("must be internet or none")
        }
    }

    private static func bytes(_ value: YAMLValue) throws(YAMLProblem) -> Int64 {
        guard let bytes = quantity(try ServerConfiguration.quantity(value)), bytes >= 1_048_576, bytes < 1e18 else {
            throw value.problem("must be at least 1Mi")
        }
        return Int64(bytes)
    }

    private static func thousandths(_ value: YAMLValue) throws(YAMLProblem) -> Int {
        guard let cpu = quantity(try ServerConfiguration.quantity(value)), (0.01...1_000).contains(cpu) else {
            throw value.problem("must be at least 10m")
        }
        return Int(cpu * 1_000)
    }
}
