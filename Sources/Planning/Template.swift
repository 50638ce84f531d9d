import StackTemplates
import StagingModel
import StrictYAML

/// A folder that renders to manifests: `template.yaml` says how, with which parameters and from which files beside it.
struct Template: Sendable {
    static let descriptor = "template.yaml"

    /// One file, rendered once, or not, or for each item of a list.
    struct Entry: Sendable {
        let documents: [YAMLValue]
        let when: YAMLValue?
        let forEach: YAMLValue?
    }

    let name: String
    let description: String
    let parameters: [TemplateParameter]
    let entries: [Entry]

    /// The templates that ship with the binary, by name; each is parsed once.
    static let shipped: [String: Result<Template, PlanningError>] = Dictionary(
        uniqueKeysWithValues: StackTemplates.all.map { name, files in
            (name, Result { () throws(PlanningError) in try Template(name, files: files.mapValues { Array($0.utf8) }) })
        })

    init(_ name: String, files: [String: [UInt8]]) throws(PlanningError) {
        do {
            self = try Template(name: name, files: files)
        } catch {
            throw PlanningError(error)
        }
    }

    private init(name: String, files: [String: [UInt8]]) throws(YAMLProblem) {
        func file(_ path: String) -> String { "templates/\(name)/\(path)" }
        var problems = YAMLProblems()
        let descriptor = try YAMLDocument.single(files[Self.descriptor] ?? [], file: file(Self.descriptor))
        let fields = try descriptor.mapping(allowing: ["description", "parameters", "manifests"], &problems)
        self.name = name
        description = problems.collect { () throws(YAMLProblem) in try fields.required("description").string() } ?? ""
        let declared = problems.collect { () throws(YAMLProblem) in try fields.optional("parameters")?.mapping().fields ?? [] } ?? []
        var parameters: [TemplateParameter] = []
        for (name, value) in declared {
            if let parameter = problems.collect({ () throws(YAMLProblem) in try TemplateParameter(name, value) }) {
                parameters.append(parameter)
            }
        }
        self.parameters = parameters
        var entries: [Entry] = []
        for item in problems.collect({ () throws(YAMLProblem) in try fields.required("manifests").list() }) ?? [] {
            let entry = problems.collect { () throws(YAMLProblem) in
                let entry = try item.mapping(allowing: ["file", "when", "forEach"])
                let path = try entry.required("file")
                guard let bytes = files[try path.string()] else {
                    throw path.problem(Wording.unknown(try path.string(), among: files.keys.filter { $0 != Self.descriptor }.sorted()))
                }
                let documents = try YAMLDocument.parse(bytes, file: file(try path.string()))
                return Entry(documents: documents, when: entry.optional("when"), forEach: entry.optional("forEach"))
            }
            if let entry { entries.append(entry) }
        }
        self.entries = entries
        try problems.check()
    }

    /// The values of all parameters: what was given, checked, or else the default, in whose expressions `scope` counts. `place` is where the
    /// template was chosen.
    func values(_ given: [String: GivenValue], scope: ExpressionScope, place: YAMLValue) throws(PlanningError) -> JSONValue {
        var problems = complaints(about: given)
        var values: [String: JSONValue] = [:]
        for parameter in parameters {
            let value = given[parameter.name]
            if let value, value.value != .null {
                values[parameter.name] = value.value
                continue
            }
            let place = value?.source ?? place
            let need = "the template \(name) needs \(parameter.name) (\(parameter.description)); add it to values"
            if parameter.isRequired { problems.append(place.problem(need)) }
            do {
                values[parameter.name] = try parameter.standard(in: scope)
            } catch {
                problems.append(place.problem("\(need); \(error.message)"))
            }
        }
        guard problems.isEmpty else { throw PlanningError(problems) }
        return .object(values)
    }

    /// What is wrong with the values that were given; those that may come from elsewhere are not missed.
    func complaints(about given: [String: GivenValue]) -> [YAMLProblem] {
        misnamed(given)
            + parameters.compactMap { parameter in
                guard let value = given[parameter.name], value.value != .null else { return nil }
                return parameter.complaint(about: value.value).map { value.source.problem($0) }
            }
    }

    /// The values that no parameter takes.
    private func misnamed(_ given: [String: GivenValue]) -> [YAMLProblem] {
        let names = parameters.map(\.name)
        return given.sorted { $0.key < $1.key }.filter { !names.contains($0.key) }.map { name, value in
            value.source.problem("the template \(self.name) has no such parameter: \(Wording.unknown(name, among: names))")
        }
    }

    func render(_ scope: ExpressionScope) throws(YAMLProblem) -> [Manifest] {
        var manifests: [Manifest] = []
        var substitution = Substitution(scope)
        for entry in entries {
            if let when = entry.when {
                guard case .bool(let wanted) = try substitution.render(when.node, file: when.file) else {
                    throw when.problem("must be true or false")
                }
                guard wanted else { continue }
            }
            guard let forEach = entry.forEach else {
                for document in entry.documents { manifests += try Manifest.objects(in: document, &substitution) }
                continue
            }
            guard case .array(let items) = try substitution.render(forEach.node, file: forEach.file) else {
                throw forEach.problem("must be a list")
            }
            defer { substitution.scope = scope }
            for item in items {
                substitution.scope = scope.adding("item", item)
                for document in entry.documents { manifests += try Manifest.objects(in: document, &substitution) }
                guard manifests.count <= ManifestFolder.largestCount else {
                    throw forEach.problem("more than \(ManifestFolder.largestCount) objects; use a shorter list")
                }
            }
        }
        return manifests
    }
}
