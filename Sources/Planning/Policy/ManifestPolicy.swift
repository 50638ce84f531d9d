import StagingModel
import StrictYAML

/// What a pull request's manifests may say: nothing that reaches out of the stack's namespace, or that would outlive it. The tables of
/// fields are the rules, so that clusters without admission of their own are safe too; here is what is the same for every kind.
struct ManifestPolicy {
    let namespace: String
    /// The stack's own; the first is its main one.
    let hosts: [String]
    let limits: StackLimits
    let level: StackPolicy.Level
    let allow: StackPolicy.Allowance

    /// The largest manifest in bytes of canonical JSON.
    static let largestManifest = 256 << 10

    init(_ request: PlanRequest) {
        namespace = request.addressing.namespace(of: request.stack)
        hosts =
            [request.addressing.host(of: request.stack)]
            + request.endpoints.map { request.addressing.host(of: request.stack, endpoint: $0.name) }
        limits = request.repository.limits
        level = request.repository.policy.level
        allow = request.repository.policy.allow
    }

    var refusesRoot: Bool { level == .restricted && !allow.runAsRoot }

    func allowsMetadata(_ key: String) -> Bool {
        allow.metadata.contains { $0 == key || ($0.hasSuffix("/*") && key.hasPrefix($0.dropLast())) }
    }

    func mayServe(_ host: String) -> Bool {
        if hosts.contains(host) { return true }
        guard !host.contains("*") else { return false }
        let rest = host.firstIndex(of: ".").map { "*\(host[$0...])" }
        return allow.ingressHosts.contains { $0 == host || $0 == rest }
    }

    func review(_ manifest: Manifest) -> [YAMLProblem] {
        var review = ManifestReview(manifest, self)
        guard let allowed = AllowedKind.of(manifest, allow) else {
            review.refuseKind()
            return review.problems
        }
        let apiVersion = manifest.value["apiVersion"]?.string ?? ""
        guard allowed.apiVersions.contains(apiVersion) else {
            let known = allowed.apiVersions.joined(separator: " or ")
            review.refuse(
                FieldPath("apiVersion"), "\(Wording.quoted(apiVersion)) is not an API of \(manifest.kind); use \(known)")
            return review.problems
        }
        review.name()
        if let fields = allowed.fields {
            review.check(manifest.value, fields)
            if let path = allowed.podTemplate { review.requirePods(at: path) }
        } else {
            review.here = FieldPath("metadata")
            review.check(manifest.value["metadata"] ?? .null, MetadataFields.metadata)
        }
        return review.problems
    }
}

extension ManifestReview {
    /// For what has a way without an administrator too.
    mutating func refuse(_ field: ManifestField, _ reason: String, orAllowedBy key: String, _ value: String) {
        refuse(field, "\(reason), or let an administrator set policy.allow.\(key): [\(Wording.printable(value, longest: 80))]")
    }

    fileprivate mutating func refuseKind() {
        let kind = manifest.kind
        guard !kind.isEmpty else { return refuse(FieldPath("kind"), "is missing; add it") }
        var reason = "a stack may consist of \(AllowedKind.all.keys.sorted().joined(separator: ", ")) only; remove the object"
        if StackPolicy.mayAllow(kind: manifest.kindAndGroup) {
            reason =
                kind == "NetworkPolicy"
                ? "policies add up, so it could open what keeps the stack apart; remove the object"
                : "nobody has judged it; remove the object"
            reason += ", or let an administrator set policy.allow.kinds: [\(Wording.printable(manifest.kindAndGroup, longest: 120))]"
        }
        refuse(FieldPath("kind"), "\(Wording.quoted(kind)) is not allowed: \(AllowedKind.refusals[kind] ?? reason)")
    }

    fileprivate mutating func name() {
        guard let name = ManifestField(manifest.value)[["metadata", "name"]] else {
            return refuse(FieldPath("metadata"), "metadata.name is missing; add it")
        }
        guard let text = name.value.string else { return refuse(name, "must be a string; write it in quotes") }
        guard isDNSSubdomain(text) else {
            return refuse(
                name, "must be a DNS name: lower-case letters, digits, - and ., 253 characters at most; rename the object")
        }
        let isOurs = text == StackMetadata.manager || text.hasPrefix("\(StackMetadata.manager)-")
        if isOurs || (manifest.kind == "ServiceAccount" && text == "default") {
            refuse(name, "the name is Slingshot's own; rename the object")
        }
    }

    /// The table can't say that something has to be there.
    fileprivate mutating func requirePods(at path: [String]) {
        guard problems.isEmpty, ManifestField(manifest.value)[path + ["spec"]]?.value.object == nil else { return }
        refuse(FieldPath((path + ["spec"]).map { .key($0) }), "must be a pod's specification; add it")
    }

    /// RFC 1123, as Kubernetes reads it for most names.
    private func isDNSSubdomain(_ text: String) -> Bool {
        text.utf8.count <= 253
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isDNSLabel(String($0), longest: 253) }
    }
}
