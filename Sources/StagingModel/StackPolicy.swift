/// How the manifests of a repository's stacks are judged. It is the server's configuration that says so, never a pull request.
public struct StackPolicy: Codable, Hashable, Sendable {
    /// A level of the Pod Security Standards: https://kubernetes.io/docs/concepts/security/pod-security-standards/
    public enum Level: String, Codable, Sendable, CaseIterable { case privileged, baseline, restricted }

    /// What pods are held to: `baseline` or `restricted`.
    public var level: Level
    public var allow: Allowance

    public init(level: Level = .baseline, allow: Allowance = Allowance()) {
        self.level = level
        self.allow = allow
    }

    /// What an administrator lets a repository's stacks have beyond the level. Everything is denied unless named.
    public struct Allowance: Codable, Hashable, Sendable {
        /// Further namespaced kinds as `<Kind>.<group>`, which kubectl understands too: `Certificate.cert-manager.io`.
        public var kinds: [String] = []
        /// Linux capabilities that containers may add, without `CAP_`.
        public var capabilities: [String] = []
        /// Whether containers may run as root although the level is `restricted`.
        public var runAsRoot = false
        /// Further volume types, as pods name them: `nfs`, `csi`.
        public var volumes: [String] = []
        /// Service types beside `ClusterIP`.
        public var serviceTypes: [String] = []
        /// Hosts that Ingress rules may name beside the stack's own; `*.` before one stands for any one label.
        public var ingressHosts: [String] = []
        /// Keys of labels and annotations that something outside the stack acts on; `example.com/*` for all of a domain.
        public var metadata: [String] = []
        /// Resources that containers may ask for beside processor, memory and local storage: `nvidia.com/gpu`.
        public var resources: [String] = []
        /// Whether pods may choose their nodes: `nodeSelector`, node affinity, tolerations.
        public var placement = false
        public var priorityClasses: [String] = []
        public var runtimeClasses: [String] = []

        public init() {}
    }

    /// Capabilities that the level `baseline` lets containers add.
    public static let baselineCapabilities: Set<String> = [
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP",
        "SETUID", "SYS_CHROOT",
    ]

    /// The level that the cluster itself can enforce on the namespace: what is allowed beyond ``level`` must not fail there.
    public var enforceable: Level {
        if !allow.capabilities.allSatisfy(Self.baselineCapabilities.contains) { return .privileged }
        guard level == .restricted else { return level }
        let isWithin =
            !allow.runAsRoot && allow.capabilities.allSatisfy { $0 == "NET_BIND_SERVICE" } && allow.volumes.allSatisfy { $0 == "csi" }
        return isWithin ? .restricted : .baseline
    }
}

extension StackPolicy {
    /// What ``Allowance/serviceTypes`` may name. An ExternalName leads wherever its author likes.
    public static let allowableServiceTypes = ["LoadBalancer", "NodePort"]

    /// Whether ``Allowance/kinds`` may name the kind. Of Kubernetes' own kinds those that are safe are allowed anyway, and the others are
    /// no stack's business, but for network policies, which reach no further than the stack.
    public static func mayAllow(kind: String) -> Bool {
        if kind == "NetworkPolicy.networking.k8s.io" { return true }
        guard let dot = kind.firstIndex(of: ".") else { return false }
        let name = kind[..<dot]
        let group = String(kind[kind.index(after: dot)...])
        let isCamel =
            (name.first.map { $0.isASCII && $0.isUppercase } ?? false) && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
        return isCamel && group.contains(".")
            && group.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isDNSLabel(String($0)) }
            && !ownGroups.contains(group)
    }

    /// The API groups that Kubernetes itself serves, besides those without a dot.
    private static let ownGroups: Set<String> = [
        "admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "authentication.k8s.io", "authorization.k8s.io",
        "certificates.k8s.io", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io", "flowcontrol.apiserver.k8s.io",
        "internal.apiserver.k8s.io", "metrics.k8s.io", "networking.k8s.io", "node.k8s.io", "rbac.authorization.k8s.io", "resource.k8s.io",
        "scheduling.k8s.io", "storage.k8s.io", "storagemigration.k8s.io",
    ]
}
