/// An API group and version as manifests write it: `v1`, `apps/v1`.
public struct GroupVersion: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    /// Nil unless the text is `<version>` or `<group>/<version>`, each of lower-case letters, digits, `-` and `.`, with a letter or a
    /// digit first: what an apiVersion from a stranger's manifest must be before it goes into a path.
    public init?(_ apiVersion: String) {
        let parts = apiVersion.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), apiVersion.utf8.count <= 317 else { return nil }
        func alphanumeric(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) }
        for part in parts {
            guard let first = part.utf8.first, alphanumeric(first) else { return nil }
            guard part.utf8.allSatisfy({ alphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }) else { return nil }
        }
        description = apiVersion
    }

    /// The path below which its resources are: the core group is at `/api`, all others at `/apis`.
    var path: String { description.contains("/") ? "/apis/\(description)" : "/api/\(description)" }
}

/// A kind as the cluster serves it.
public struct APIResource: Hashable, Sendable {
    public var groupVersion: GroupVersion
    public var kind: String
    /// The plural in paths: `deployments`.
    public var name: String
    public var isNamespaced: Bool
    /// What can be done with it: `get`, `list`, `watch`, `patch`, `deletecollection` …
    public var verbs: Set<String>

    public init(groupVersion: GroupVersion, kind: String, name: String, isNamespaced: Bool, verbs: Set<String>) {
        self.groupVersion = groupVersion
        self.kind = kind
        self.name = name
        self.isNamespaced = isNamespaced
        self.verbs = verbs
    }

    /// A kind that every cluster serves under the same name, so that nobody has to ask for it.
    private static func core(_ kind: String, _ name: String, isNamespaced: Bool) -> APIResource {
        APIResource(
            groupVersion: .core, kind: kind, name: name, isNamespaced: isNamespaced,
            verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"])
    }

    public static let namespaces = core("Namespace", "namespaces", isNamespaced: false)
    public static let pods = core("Pod", "pods", isNamespaced: true)
    public static let services = core("Service", "services", isNamespaced: true)
    /// What the account may do; only to be posted.
    public static let accessReviews = APIResource(
        groupVersion: .authorization, kind: "SelfSubjectAccessReview", name: "selfsubjectaccessreviews", isNamespaced: false,
        verbs: ["create"])
}

extension GroupVersion {
    /// The core group, `v1`.
    public static let core = GroupVersion(wellKnown: "v1")
    static let authorization = GroupVersion(wellKnown: "authorization.k8s.io/v1")

    private init(wellKnown: String) { description = wellKnown }
}
