import StagingModel
import StrictYAML

/// One object on its way into a plan, and where it was written.
struct Manifest {
    var value: JSONValue
    let source: YAMLValue

    /// The objects of a document, its expressions substituted; those of a `kind: List` one by one.
    static func objects(in document: YAMLValue, _ substitution: inout Substitution) throws(YAMLProblem) -> [Manifest] {
        guard case .mapping(let fields) = document.node.content else {
            throw document.problem("a manifest must be a mapping with apiVersion and kind")
        }
        if let items = fields.first(where: { $0.key == "items" }), fields.contains(where: { $0.key == "kind" && $0.value.json == "List" }) {
            let items = YAMLValue(node: items.value, path: document.path.appending("items"), file: document.file)
            guard !items.isNull else { return [] }
            var manifests: [Manifest] = []
            for item in try items.list() {
                // Paths of problems start at the object, as its fields do.
                let item = YAMLValue(node: item.node, path: FieldPath(), file: item.file)
                guard case .mapping = item.node.content else { throw item.problem("a manifest must be a mapping with apiVersion and kind") }
                manifests.append(Manifest(value: try substitution.render(item.node, file: item.file), source: item))
            }
            return manifests
        }
        return [Manifest(value: try substitution.render(document.node, file: document.file), source: document)]
    }

    var kind: String { value["kind"]?.string ?? "" }
    var name: String { value["metadata"]?["name"]?.string ?? "" }

    /// A problem of a field of this object.
    func problem(_ path: FieldPath, _ message: String) -> YAMLProblem {
        let object = kind.isEmpty ? "an object without a kind" : name.isEmpty ? "\(kind) without a name" : "\(kind)/\(name)"
        let line = source.node.line(of: path)
        let place = path.components.isEmpty ? "" : "\(path): "
        return YAMLProblem(file: source.file, line: line > 0 ? line : nil, message: "\(object): \(place)\(message)")
    }
}

/// The manifests of a folder of the commit.
enum ManifestFolder {
    static let largestCount = 200

    static func objects(
        in folder: String, files: [String: [UInt8]], scope: ExpressionScope, named source: YAMLValue
    ) throws(PlanningError) -> [Manifest] {
        let paths = files.keys.filter { path in
            path.hasPrefix("\(folder)/") && [".yaml", ".yml", ".json"].contains { path.hasSuffix($0) }
        }
        var substitution = Substitution(scope)
        var manifests: [Manifest] = []
        var problems: [YAMLProblem] = []
        for path in paths.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            do throws(YAMLProblem) {
                for document in try YAMLDocument.parse(files[path] ?? [], file: path) {
                    manifests += try Manifest.objects(in: document, &substitution)
                    guard manifests.count <= largestCount else {
                        throw source.problem("more than \(largestCount) objects; deploy fewer")
                    }
                }
            } catch {
                problems.append(error)
                if manifests.count > largestCount { break }
            }
        }
        if problems.isEmpty, manifests.isEmpty {
            problems.append(
                source.problem("no manifests in \(Wording.quoted(folder)); put *.yaml, *.yml or *.json files there, or name another folder")
            )
        }
        guard problems.isEmpty else { throw PlanningError(problems) }
        return manifests
    }
}
