import StagingModel
import StrictYAML

extension ManifestReview {
    mutating func service(_ object: ManifestField) {
        let spec = object["spec"]
        if let type = spec?["type"], type.value != "ClusterIP" {
            refuse(type, "\(Wording.quoted(type.value.string ?? "")) would reach out of the stack; remove the field, and use an Ingress")
        }
        for key in ["externalIPs", "externalName"] { refuse(spec?[key], "it would reach out of the stack; remove the field") }
        if spec?["selector"]?[StackMetadata.managedBy] != nil {
            refuse(spec?["selector"], "Slingshot sets the label \(StackMetadata.managedBy) itself; select by another one")
        }
        annotations(object)
    }

    mutating func ingress(_ object: ManifestField, host: String) {
        annotations(object)
        let spec = object["spec"]
        refuse(spec?["defaultBackend"], "it would take requests for every host; use a rule for \(host)")
        refuse(spec?["tls"], "certificates are the server's to set; remove the field")
        guard let rules = spec?["rules"], !rules.items.isEmpty else {
            refuse(FieldPath("spec", "rules"), "is missing; add a rule with host: ${{ stack.host }}")
            return
        }
        for rule in rules.items {
            if rule["host"]?.value != .string(host) {
                refuse(rule["host"]?.path ?? rule.path, "a stack answers for its own host only; write host: ${{ stack.host }}")
            }
            for path in rule["http"]?["paths"]?.items ?? [] {
                // Controllers copy the path into their own configuration: see ingress-nginx's strict-validate-path-type.
                if let text = path["path"], !(text.value.string.map(isPlainPath) ?? false) {
                    refuse(text, "a path is made of letters, digits and / - _ . ~ % + @ : , only; write a plain prefix")
                }
            }
        }
    }

    /// Controllers outside the stack act on these objects' annotations: snippets of their configuration, DNS names, load balancers.
    private mutating func annotations(_ object: ManifestField) {
        guard let annotations = object["metadata"]?["annotations"], annotations.keys.contains(where: { $0 != StackMetadata.wave }) else {
            return
        }
        refuse(annotations, "controllers outside the stack act on annotations of \(manifest.kind) objects; remove the field")
    }

    private func isPlainPath(_ path: String) -> Bool {
        path.first == "/" && path.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/-_.~%+@:,".contains($0)) }
    }
}
