import StagingModel
import StrictYAML

/// A typed input of a template.
struct TemplateParameter: Hashable, Sendable {
    enum Kind: String, CaseIterable {
        case string, integer, boolean, list, mapping
        case strings = "list of strings"
        case stringMapping = "mapping of strings"

        /// What is wrong with the value; nil when it fits.
        func complaint(about value: JSONValue) -> String? {
            switch (self, value) {
            case (.string, .string), (.integer, .integer), (.boolean, .bool), (.list, .array), (.mapping, .object): nil
            case (.strings, .array(let items)) where items.allSatisfy { $0.string != nil }: nil
            case (.stringMapping, .object(let fields)):
                fields.filter { $0.value.string == nil }.keys.min().map { "\($0) must be a string; write it in quotes" }
            case (.string, .integer), (.string, .number), (.string, .bool): "must be a string; write it in quotes"
            case (.strings, .array): "every item must be a string; write it in quotes"
            case (.list, _), (.strings, _), (.mapping, _), (.stringMapping, _): "must be a \(rawValue)"
            case (.integer, _): "must be a whole number"
            case (.boolean, _): "must be true or false"
            case (.string, _): "must be a string"
            }
        }
    }

    let name: String
    let kind: Kind
    let description: String
    let isRequired: Bool
    /// Null when there is none; not yet substituted.
    let standard: JSONValue
    /// The only values that it takes; nil when it takes any of its type.
    let choices: [JSONValue]?
    /// A regular expression that a string has to match whole.
    let pattern: String?
    /// The bounds of an integer; the length of a string, a list or a mapping otherwise.
    let range: ClosedRange<Int>

    init(_ name: String, _ value: YAMLValue) throws(YAMLProblem) {
        var problems = YAMLProblems()
        let fields = try value.mapping(
            allowing: ["type", "description", "required", "default", "enum", "pattern", "minimum", "maximum"], &problems)
        let type = try fields.required("type")
        guard let kind = Kind(rawValue: try type.string()) else {
            throw type.problem(Wording.unknown(try type.string(), among: Kind.allCases.map(\.rawValue)))
        }
        self.name = name
        self.kind = kind
        description = problems.collect { () throws(YAMLProblem) in try fields.required("description").string() } ?? ""
        isRequired = problems.collect { () throws(YAMLProblem) in try fields.optional("required")?.boolean() ?? false } ?? false
        let minimum = problems.collect { () throws(YAMLProblem) in try fields.optional("minimum")?.integer() } ?? nil
        let maximum = problems.collect { () throws(YAMLProblem) in try fields.optional("maximum")?.integer() } ?? nil
        let (least, most) = (minimum ?? .min, maximum ?? .max)
        if least > most { problems.add(value.problem("minimum is more than maximum; exchange them")) }
        range = min(least, most)...max(least, most)
        if let value = fields.optional("minimum") ?? fields.optional("maximum"), kind == .boolean {
            problems.add(value.problem("a boolean has no bounds; remove it"))
        }
        choices =
            problems.collect { () throws(YAMLProblem) in
                try fields.optional("enum")?.list().map { (choice) throws(YAMLProblem) in
                    if let complaint = kind.complaint(about: choice.json()) { throw choice.problem(complaint) }
                    return choice.json()
                }
            } ?? nil
        pattern =
            problems.collect { () throws(YAMLProblem) in
                guard let pattern = fields.optional("pattern") else { return nil }
                guard kind == .string, (try? Regex(try pattern.string())) != nil else {
                    throw pattern.problem("must be a regular expression, and the type string")
                }
                return try pattern.string()
            } ?? nil
        let standard = fields.optional("default")
        self.standard = standard?.json() ?? .null
        if let standard {
            if isRequired { problems.add(standard.problem("a required parameter has no default; remove one of the two")) }
            if let complaint = complaint(about: self.standard) { problems.add(standard.problem(complaint)) }
        }
        try problems.check()
    }

    /// The default, with its expressions expanded. Throws what has no value.
    func standard(in scope: ExpressionScope) throws(ExpressionProblem) -> JSONValue {
        var substitution = Substitution(scope)
        do { return try substitution.render(YAMLNode(standard), file: "") } catch { throw ExpressionProblem(error.message) }
    }

    /// What is wrong with a value for it; nil when it fits.
    func complaint(about value: JSONValue) -> String? {
        if let complaint = kind.complaint(about: value) { return complaint }
        if let choices, !choices.contains(value) {
            let names = choices.map { $0.string ?? $0.canonicalText }
            if let text = value.string { return "must be one of \(names.joined(separator: ", ")): \(Wording.unknown(text, among: names))" }
            return "must be one of \(names.joined(separator: ", ")), not \(value.canonicalText)"
        }
        if let complaint = complaint(aboutSize: value) { return complaint }
        guard let pattern, let text = value.string else { return nil }
        // The template is trusted, the text is not: a long one could keep a careless expression busy.
        guard text.utf8.count <= 1_024, let regex = try? Regex(pattern), (try? regex.wholeMatch(in: text)) != nil else {
            return "\(Wording.quoted(text)) does not match \(pattern); see the parameter's description: \(description)"
        }
        return nil
    }

    private func complaint(aboutSize value: JSONValue) -> String? {
        let (size, unit): (Int, String) =
            switch value {
            case .integer(let number): (Int(number), "")
            case .string(let text): (text.count, " characters")
            case .array(let items): (items.count, " items")
            case .object(let fields): (fields.count, " entries")
            case .null, .bool, .number: (range.lowerBound, "")
            }
        guard !range.contains(size) else { return nil }
        let least = range.lowerBound == .min ? nil : "at least \(range.lowerBound)\(unit)"
        let most = range.upperBound == .max ? nil : "at most \(range.upperBound)\(unit)"
        return "must be \([least, most].compactMap { $0 }.joined(separator: " and ")), not \(size)"
    }
}
