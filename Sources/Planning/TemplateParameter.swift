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
    /// Null when there is none.
    let standard: JSONValue

    init(_ name: String, _ value: YAMLValue) throws(YAMLProblem) {
        let fields = try value.mapping(allowing: ["type", "description", "required", "default"])
        let type = try fields.required("type")
        guard let kind = Kind(rawValue: try type.string()) else {
            throw type.problem(Wording.unknown(try type.string(), among: Kind.allCases.map(\.rawValue)))
        }
        self.name = name
        self.kind = kind
        description = try fields.required("description").string()
        isRequired = try fields.optional("required")?.boolean() ?? false
        let standard = fields.optional("default")
        self.standard = standard?.json() ?? .null
        if let standard {
            guard !isRequired else { throw standard.problem("a required parameter has no default; remove one of the two") }
            if let complaint = kind.complaint(about: self.standard) { throw standard.problem(complaint) }
        }
    }
}
