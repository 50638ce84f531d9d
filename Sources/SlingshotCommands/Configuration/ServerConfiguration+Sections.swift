import Foundation
import Service
import StagingModel
import StrictYAML

/// The parts of the file, each from its own value.
extension ServerConfiguration {
    static func address(_ value: YAMLValue) throws(YAMLProblem) -> (String, Int) {
        let text = try value.string()
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port) else {
            throw value.problem("must be HOST:PORT, such as 127.0.0.1:8080")
        }
        return (String(text[..<colon]).trimmingCharacters(in: CharacterSet(charactersIn: "[]")), port)
    }

    static func publicURL(_ value: YAMLValue) throws(YAMLProblem) -> String {
        let text = try value.string()
        guard let parts = URLComponents(string: text), ["https", "http"].contains(parts.scheme), parts.host?.isEmpty == false,
            parts.user == nil, parts.password == nil, parts.query == nil, parts.fragment == nil
        else {
            throw value.problem("must be the address at which forges and people reach it, such as https://slingshot.example.com")
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    static func proxy(_ value: YAMLValue) throws(YAMLProblem) -> String {
        let text = try value.string()
        guard SlingshotService.isAddress(text) else { throw value.problem("must be an IP address, such as 10.0.0.7 or \"::1\"") }
        return text
    }

    /// Not under a day: a forge offers its deliveries of the last days for another try, and then they have to be known.
    static func retention(_ value: YAMLValue) throws(YAMLProblem) -> Int {
        let seconds = try value.duration()
        guard seconds >= 86_400 else { throw value.problem("must be at least 1d") }
        return seconds
    }

    static func lifetime(_ value: YAMLValue?) throws(YAMLProblem) -> LifetimePolicy {
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

    /// How stacks are named and reached, and by which gateway: `domain`, `namespacePrefix` and `routing`.
    static func routing(_ top: YAMLMapping) throws(YAMLProblem) -> (addressing: StackAddressing, gateway: GatewayReference?) {
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
        let gateway = try GatewayReference(top.optional("routing"), &addressing)
        return (addressing, gateway)
    }

    static func limits(_ value: YAMLValue?) throws(YAMLProblem) -> StackLimits {
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
    static func quantity(_ value: YAMLValue) throws(YAMLProblem) -> String {
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

    static func runtimes(_ value: YAMLValue) throws(YAMLProblem) -> [String: Runtime] {
        var runtimes: [String: Runtime] = [:]
        for (name, value) in try value.mapping().fields { runtimes[name] = try runtime(value) }
        guard !runtimes.isEmpty else {
            throw value.problem("names no runtime; add one, such as cluster: {kind: kubernetes} or box: {kind: podman}")
        }
        return runtimes
    }

    private static func runtime(_ value: YAMLValue) throws(YAMLProblem) -> Runtime {
        let kind = try value.mapping(allowing: ["kind", "kubeconfig", "context", "socket"]).required("kind")
        switch try kind.string() {
        case "kubernetes":
            let mapping = try value.mapping(allowing: ["kind", "kubeconfig", "context"])
            return .kubernetes(
                kubeconfig: try mapping.optional("kubeconfig")?.string(), context: try mapping.optional("context")?.string())
        case "podman":
            guard let socket = try value.mapping(allowing: ["kind", "socket"]).optional("socket") else { return .podman(socket: nil) }
            let path = try socket.string()
            let plain = path.hasPrefix("unix://") ? String(path.dropFirst("unix://".count)) : path
            guard plain.hasPrefix("/"), plain.utf8.count < 108 else {
                throw socket.problem("must be the absolute path of podman's socket, such as /run/podman/podman.sock")
            }
            return .podman(socket: plain)
        default: throw kind.problem("must be kubernetes or podman")
        }
    }
}
