import StagingModel
import StrictYAML

/// What a pull request's manifests may say: nothing that reaches out of the stack's namespace, or that would outlive it.
/// Pod security follows the Kubernetes Pod Security Standards, level "baseline"
/// (https://kubernetes.io/docs/concepts/security/pod-security-standards/), so that clusters without that admission are safe too.
struct ManifestPolicy {
    let namespace: String
    let host: String

    /// The largest manifest in bytes of canonical JSON.
    static let largestManifest = 256 << 10

    func review(_ manifest: Manifest) -> [YAMLProblem] {
        var review = ManifestReview(manifest)
        let object = ManifestField(manifest.value)
        let kind = manifest.kind
        let apiVersion = manifest.value["apiVersion"]?.string ?? ""
        guard let allowed = AllowedKind.all[kind] else {
            let reason =
                AllowedKind.refusals[kind]
                ?? "a stack may consist of \(AllowedKind.all.keys.sorted().joined(separator: ", ")) only; remove the object"
            review.refuse(FieldPath("kind"), kind.isEmpty ? "is missing; add it" : "\(Wording.quoted(kind)) is not allowed: \(reason)")
            return review.problems
        }
        guard allowed.apiVersions.contains(apiVersion) else {
            let known = allowed.apiVersions.joined(separator: " or ")
            review.refuse(FieldPath("apiVersion"), "\(Wording.quoted(apiVersion)) is not an API of \(kind); use \(known)")
            return review.problems
        }
        reviewName(object, kind, &review)
        reviewMetadata(object["metadata"], &review)
        if let path = allowed.podTemplate { review.pods(of: object, at: path, policy: self) }
        switch kind {
        case "Service": review.service(object)
        case "Ingress": review.ingress(object, host: host)
        case "PersistentVolumeClaim": review.volumeClaim(object)
        case "Secret":
            if object["type"]?.value == "kubernetes.io/service-account-token" {
                review.refuse(object["type"], "it would hold a token for the cluster's API; use another type")
            }
        case "ServiceAccount":
            review.refuseUnlessFalse(object["automountServiceAccountToken"], "stacks get no token for the cluster's API; remove the field")
        default: break
        }
        return review.problems
    }

    private func reviewName(_ object: ManifestField, _ kind: String, _ review: inout ManifestReview) {
        guard let name = object[["metadata", "name"]] else {
            review.refuse(FieldPath("metadata"), "metadata.name is missing; add it")
            return
        }
        guard let text = name.value.string else {
            review.refuse(name, "must be a string; write it in quotes")
            return
        }
        guard isDNSSubdomain(text) else {
            review.refuse(name, "must be a DNS name: lower-case letters, digits, - and ., 253 characters at most; rename the object")
            return
        }
        if text == StackMetadata.manager || text.hasPrefix("\(StackMetadata.manager)-") || (kind == "ServiceAccount" && text == "default") {
            review.refuse(name, "the name is Slingshot's own; rename the object")
        }
    }

    /// The metadata of an object, or of a template inside it.
    func reviewMetadata(_ metadata: ManifestField?, _ review: inout ManifestReview) {
        guard let metadata, review.isMapping(metadata) else { return }
        for field in metadata.fields {
            switch field.path.components.last {
            case .key("name"): break
            case .key("namespace"):
                if field.value != .string(namespace) {
                    review.refuse(field, "a stack stays in its own namespace \(namespace); remove the field")
                }
            case .key("labels"), .key("annotations"):
                for (key, value) in (review.isMapping(field) ? field.value.object ?? [:] : [:]).sorted(by: { $0.key < $1.key }) {
                    let path = field.path.appending(key)
                    if value.string == nil { review.refuse(path, "must be a string; write it in quotes") }
                    if key == StackMetadata.wave, field.path.components.last == .key("annotations") {
                        let isOrder = value.string.flatMap { Int($0) }.map(PlannedObject.orders.contains) ?? false
                        let (first, last) = (PlannedObject.orders.lowerBound, PlannedObject.orders.upperBound)
                        if !isOrder { review.refuse(path, "must be an integer from \(first) to \(last), in quotes") }
                    } else if let reason = Self.refusal(ofKey: key) {
                        review.refuse(path, reason)
                    }
                }
            case .key("finalizers"), .key("ownerReferences"):
                review.refuse(field, "it could keep the stack from being destroyed; remove the field")
            case .key("generateName"):
                review.refuse(field, "the object would be made anew with each push; give it a name")
            default:
                review.refuse(field, "is the cluster's to set; remove the field")
            }
        }
    }

    private static func refusal(ofKey key: String) -> String? {
        guard let slash = key.firstIndex(of: "/") else { return nil }
        let domain = key[..<slash]
        if domain == "slingshot.dev" || domain.hasSuffix(".slingshot.dev") || domain == "janitor" {
            return "is Slingshot's to set; remove it"
        }
        if domain == "seccomp.security.alpha.kubernetes.io" || domain == "container.seccomp.security.alpha.kubernetes.io"
            || domain == "container.apparmor.security.beta.kubernetes.io"
        {
            return "it could loosen the pod's confinement; remove it"
        }
        return nil
    }

    /// RFC 1123, as Kubernetes reads it for most names.
    private func isDNSSubdomain(_ text: String) -> Bool {
        text.utf8.count <= 253
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isDNSLabel(String($0), longest: 253) }
    }
}
