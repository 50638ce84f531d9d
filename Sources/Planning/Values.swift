import StagingModel
import StrictYAML

/// The values that a stack's manifests see. The weakest first: a template's defaults, the server's configuration, the stack file.
/// The repository owns its application, so it has the last word; a value given again replaces the weaker one whole.
enum Values {
    /// The server's configuration as a place for problems.
    static func configuration(of repository: RepositorySettings) -> YAMLValue {
        YAMLValue(node: YAMLNode(.null), path: FieldPath(), file: "server configuration, repository \(repository.name)")
    }

    static func given(_ request: PlanRequest, scope: ExpressionScope) throws(PlanningError) -> [String: GivenValue] {
        var substitution = Substitution(scope)
        let configuration = configuration(of: request.repository)
        var given: [String: GivenValue] = [:]
        do {
            for (name, value) in request.repository.values {
                let source = YAMLValue(node: YAMLNode(value), path: FieldPath("values", name), file: configuration.file)
                given[name] = GivenValue(
                    value: try substitution.render(source.node, file: source.file), source: source, isFromStackFile: false)
            }
            for field in request.stackFile?.values ?? [] {
                let source = YAMLValue(node: field.value, path: FieldPath("values", field.key), file: StackFile.path)
                given[field.key] = GivenValue(
                    value: try substitution.render(source.node, file: source.file), source: source, isFromStackFile: true)
            }
        } catch {
            throw PlanningError(error)
        }
        return given
    }
}

/// A value, and where it was given.
struct GivenValue {
    var value: JSONValue
    /// For problems with it.
    var source: YAMLValue
    var isFromStackFile: Bool
}
