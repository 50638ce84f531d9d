public import StagingModel

/// A stack as podman runs it: what a ``StagingModel/Plan`` says in Kubernetes' words, as pods, volumes and names on one network. Pure:
/// equal plans give equal values.
public struct PodmanPlan: Hashable, Sendable {
    var workloads: [PodmanWorkload]
    /// The claims that pods share, by name. How large they may get is not podman's to limit.
    var claims: [String]
    /// What the Ingress objects say; a Service's port is redirected to that of its pods inside each of them.
    var rules: [RouteRule]

    /// - Throws: ``PodmanRefusal`` with everything that podman can't honour.
    public init(_ plan: Plan) throws(PodmanRefusal) {
        var translation = Translation(plan)
        workloads = translation.workloads()
        claims = translation.claims.keys.sorted()
        rules = RouteRule.rules(of: translation.ingresses, services: translation.services)
        translation.checkQuota(workloads)
        guard translation.problems.isEmpty else { throw PodmanRefusal(problems: translation.problems) }
    }
}

/// What of a plan can't run on podman; each problem names the object, the field and the reason.
public struct PodmanRefusal: Error, Hashable, CustomStringConvertible {
    public var problems: [String]

    public var description: String {
        let shown = problems.prefix(5).joined(separator: "; ")
        return problems.count > 5 ? "\(shown); and \(problems.count - 5) more" : shown
    }
}

/// A Deployment, StatefulSet, DaemonSet, Job or Pod.
struct PodmanWorkload: Hashable, Sendable {
    var kind: String
    var name: String
    /// The author's: those with a lower one are ready before this is made.
    var order: Int
    /// Whether the new pods may run beside the old ones until they are ready; otherwise the old ones go first.
    var surges: Bool
    var pods: [PodmanPod]
}

struct PodmanPod: Hashable, Codable, Sendable {
    /// Ends in a digest of everything below, so that a pod of this name is the right one.
    var name = ""
    var workload: String
    var hostname: String
    var aliases: [String]
    var hostAliases: [String]
    var sharesProcesses: Bool
    /// The ports of Services that differ from those of the containers.
    var redirects: [PortRedirect]
    /// Seconds that its containers have to end by themselves.
    var grace: Int
    var volumes: [PodmanVolume]
    /// The init containers come first, in their order.
    var containers: [PodmanContainer]
}

/// What arrives at `port` of a pod's address goes to `target`.
struct PortRedirect: Hashable, Codable, Sendable {
    /// `tcp` or `udp`.
    var transport: String
    var port: Int
    var target: Int
}

struct PodmanVolume: Hashable, Codable, Sendable {
    enum Source: Hashable, Codable, Sendable {
        /// A claim, which outlives the pod.
        case claim(String)
        /// An empty folder of the pod; in memory, with a limit of bytes, when there is one.
        case empty(memory: Bool, limit: Int64?)
        /// Files that only the pod reads.
        case files([PodmanFile])
    }
    var name: String
    var source: Source
}

struct PodmanFile: Hashable, Codable, Sendable {
    /// Relative to the volume, or absolute in a container.
    var path: String
    var mode: Int
    var content: [UInt8]
}

struct PodmanContainer: Hashable, Codable, Sendable {
    struct Mount: Hashable, Codable, Sendable {
        var volume: String
        var path: String
        var readOnly: Bool
    }
    enum PullPolicy: String, Codable, Sendable { case always = "Always", ifNotPresent = "IfNotPresent", never = "Never" }

    var name: String
    /// Its place among the init containers; nil for one that comes after them.
    var initial: Int?
    var image: String
    var pull: PullPolicy
    /// Nil for the image's own.
    var entrypoint: [String]?
    var command: [String]?
    var workingDirectory: String?
    var environment: [String: String]
    var mounts: [Mount]
    /// Single files that are put over those of the image.
    var files: [PodmanFile]
    var user: String?
    var groups: [String]
    var mustNotBeRoot: Bool
    var addedCapabilities: [String]
    var droppedCapabilities: [String]
    var readOnlyRoot: Bool
    var noNewPrivileges: Bool
    /// Bytes.
    var memory: Int64?
    /// Thousandths of a processor.
    var cpu: Int64?
    var requestedCPU: Int64?
    var rules: ContainerRules
}

/// What the keeper has to know of a container; it is on the container's label.
struct ContainerRules: Hashable, Codable, Sendable {
    enum Restart: String, Codable, Sendable { case always = "Always", onFailure = "OnFailure", never = "Never" }

    var restart: Restart
    /// For a Job: how often it may fail before it has failed.
    var backoffLimit: Int?
    var startup: Probe?
    var readiness: Probe?
    var liveness: Probe?
}

struct Probe: Hashable, Codable, Sendable {
    enum Action: Hashable, Codable, Sendable {
        case http(port: Int, path: String, tls: Bool, headers: [String: String])
        case tcp(port: Int)
        case exec([String])
    }
    var action: Action
    /// Seconds.
    var initialDelay: Int
    var period: Int
    var timeout: Int
    var successes: Int
    var failures: Int
}
