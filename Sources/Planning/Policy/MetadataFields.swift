import StagingModel
import StrictYAML

/// Every field of `meta/v1` ObjectMeta, for objects and for the templates inside them.
enum MetadataFields {
    static let metadata = FieldRule.fields([
        "name": .scalar,
        "namespace": .judged(.scalar) { field, review in
            if field.value != .string(review.policy.namespace) {
                review.refuse(field, "a stack stays in its own namespace \(review.policy.namespace); remove the field")
            }
        },
        "labels": .map(text),
        "annotations": .map(text),
        "finalizers": .refused("it could keep the stack from being destroyed; remove the field"),
        "ownerReferences": .refused("it could keep the stack from being destroyed; remove the field"),
        "generateName": .refused("the object would be made anew with each push; give it a name"),
        "clusterName": ofTheCluster, "creationTimestamp": ofTheCluster, "deletionGracePeriodSeconds": ofTheCluster,
        "deletionTimestamp": ofTheCluster,
        "generation": ofTheCluster, "managedFields": ofTheCluster, "resourceVersion": ofTheCluster, "selfLink": ofTheCluster,
        "uid": ofTheCluster,
    ])

    private static let ofTheCluster = FieldRule.refused("is the cluster's to set; remove the field")

    private static let text = FieldRule.judged(.any) { field, review in
        if field.value.string == nil { review.refuse(field, "must be a string; write it in quotes") }
        guard case .key(let key)? = field.path.components.last else { return }
        if key == StackMetadata.wave, field.path.components.dropLast().last == .key("annotations") {
            let isOrder = field.value.string.flatMap { Int($0) }.map(PlannedObject.orders.contains) ?? false
            let (first, last) = (PlannedObject.orders.lowerBound, PlannedObject.orders.upperBound)
            if !isOrder { review.refuse(field, "must be an integer from \(first) to \(last), in quotes") }
            return
        }
        switch audience(of: key) {
        case .nobody: break
        case .slingshot: review.refuse(field, "is Slingshot's to set; remove it")
        case .confinement: review.refuse(field, "it could loosen the pod's confinement; remove it")
        case .others:
            if !review.policy.allowsMetadata(key) {
                review.refuse(field, "something outside the stack may act on it", allowedBy: "metadata", key)
            }
        }
    }

    private enum Audience { case nobody, slingshot, confinement, others }

    /// Who acts on a label or an annotation. Admission webhooks inject secrets and identities, network plugins attach other networks, and
    /// ingress controllers copy snippets into their configuration, each for a key below its own domain; so only domains that are known to
    /// be nobody's order pass.
    private static func audience(of key: String) -> Audience {
        guard let slash = key.firstIndex(of: "/") else { return .nobody }
        let domain = key[..<slash]
        if domain == "slingshot.dev" || domain.hasSuffix(".slingshot.dev") || domain == "janitor" { return .slingshot }
        if domain.hasSuffix("seccomp.security.alpha.kubernetes.io") || domain == "container.apparmor.security.beta.kubernetes.io" {
            return .confinement
        }
        return !domain.contains(".") || harmlessDomains.contains(String(domain)) || harmlessKeys.contains(key) ? .nobody : .others
    }

    private static let harmlessDomains: Set<String> = [
        "app.kubernetes.io", "helm.sh", "kubectl.kubernetes.io", "meta.helm.sh", "prometheus.io",
    ]
    private static let harmlessKeys: Set<String> = [
        "kubernetes.io/change-cause", "kubernetes.io/description", "kubernetes.io/name", "kubernetes.io/os", "kubernetes.io/arch",
    ]
}
