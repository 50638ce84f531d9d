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

    /// A mapping's fields by name; none when it is something else.
    var fields: [ManifestField] {
        (value.object ?? [:]).filter { $0.value != .null }.sorted { $0.key < $1.key }.map {
            ManifestField($0.value, path.appending($0.key))
        }
    }

    /// A mapping's keys in order.
    var keys: [String] { value.object?.filter { $0.value != .null }.keys.sorted() ?? [] }

    /// A list's items; none when it is something else.
    var items: [ManifestField] { (value.array ?? []).enumerated().map { ManifestField($0.element, path.appending($0.offset)) } }
}

/// What is wrong with one manifest.
struct ManifestReview {
    let manifest: Manifest
    private(set) var problems: [YAMLProblem] = []

    init(_ manifest: Manifest) { self.manifest = manifest }

    /// `reason` says why, and after a semicolon what to do.
    mutating func refuse(_ path: FieldPath, _ reason: String) { problems.append(manifest.problem(path, reason)) }

    mutating func refuse(_ field: ManifestField?, _ reason: String) { if let field { refuse(field.path, reason) } }

    /// Refuses every value but `false`, whatever its type.
    mutating func refuseUnlessFalse(_ field: ManifestField?, _ reason: String) {
        if let field, field.value != false { refuse(field.path, reason) }
    }

    /// Whether the field is a mapping or absent; else it is refused. What gets additions has to be looked at.
    mutating func isMapping(_ field: ManifestField?) -> Bool {
        guard let field, field.value.object == nil else { return true }
        refuse(field.path, "must be a mapping")
        return false
    }
}
