import StagingModel
import StrictYAML

/// A field of a manifest that is being reviewed. A null counts as absent, as it does for the API server.
struct ManifestField {
    let value: JSONValue
    let path: FieldPath

    init(_ value: JSONValue, _ path: FieldPath = FieldPath()) {
        self.value = value
        self.path = path
    }

    subscript(_ key: String) -> ManifestField? {
        guard let value = value.object?[key], value != .null else { return nil }
        return ManifestField(value, path.appending(key))
    }

    subscript(_ keys: [String]) -> ManifestField? {
        var field: ManifestField? = self
        for key in keys { field = field?[key] }
        return field
    }

    /// A list's items; none when it is something else.
    var items: [ManifestField] { (value.array ?? []).enumerated().map { ManifestField($0.element, path.appending($0.offset)) } }
}

/// What is wrong with one manifest.
struct ManifestReview {
    let manifest: Manifest
    let policy: ManifestPolicy
    /// Where the table is.
    var here = FieldPath()
    private(set) var problems: [YAMLProblem] = []

    init(_ manifest: Manifest, _ policy: ManifestPolicy) {
        self.manifest = manifest
        self.policy = policy
    }

    /// `reason` says why, and after a semicolon what to do.
    mutating func refuse(_ path: FieldPath, _ reason: String) { problems.append(manifest.problem(path, reason)) }

    mutating func refuse(_ field: ManifestField, _ reason: String) { refuse(field.path, reason) }

    /// For what an administrator can allow: the text names the key of the configuration and the value that it takes.
    mutating func refuse(_ field: ManifestField, _ reason: String, allowedBy key: String, _ value: String) {
        let example = value.isEmpty ? "policy.allow.\(key)" : "policy.allow.\(key): [\(Wording.printable(value, longest: 80))]"
        refuse(field, "\(reason); remove it, or let an administrator set \(example)")
    }
}
