public import StagingModel

/// A place in a document, read as one type. What it throws names the file, the line and the field.
public struct YAMLValue: Hashable, Sendable {
    public let node: YAMLNode
    public let path: FieldPath
    public let file: String

    public init(node: YAMLNode, path: FieldPath, file: String) {
        self.node = node
        self.path = path
        self.file = file
    }

    public var isNull: Bool { node.isNull }

    /// A problem of this value.
    public func problem(_ message: String) -> YAMLProblem {
        YAMLProblem(file: file, line: node.line > 0 ? node.line : nil, message: path.components.isEmpty ? message : "\(path): \(message)")
    }

    public func json() -> JSONValue { node.json }

    /// Text. A number or a boolean is none: `1.10` would become `1.1` on the way.
    public func string() throws(YAMLProblem) -> String {
        if case .scalar(let scalar) = node.content {
            switch scalar.value {
            case .string(let text): return text
            case .null: break
            default: throw problem("must be a string; write it in quotes: \(Wording.quoted(scalar.text))")
            }
        }
        throw problem("must be a string, not \(kind)")
    }

    public func integer(in range: ClosedRange<Int> = Int.min...Int.max) throws(YAMLProblem) -> Int {
        guard case .scalar(let scalar) = node.content, case .integer(let value) = scalar.value else {
            throw problem("must be a whole number, not \(kind)")
        }
        guard let number = Int(exactly: value), range.contains(number) else {
            throw problem("must be from \(range.lowerBound) to \(range.upperBound), not \(value)")
        }
        return number
    }

    public func boolean() throws(YAMLProblem) -> Bool {
        guard case .scalar(let scalar) = node.content, case .bool(let value) = scalar.value else {
            throw problem("must be true or false, not \(kind)")
        }
        return value
    }

    /// Seconds, from a text such as `1h30m`.
    public func duration() throws(YAMLProblem) -> Int {
        guard case .scalar(let scalar) = node.content, case .string(let text) = scalar.value, let seconds = DurationText.seconds(text)
        else {
            throw problem("must be a duration such as 90s, 30m, 4h, 2d or 1h30m, not \(kind)")
        }
        return seconds
    }

    public func list() throws(YAMLProblem) -> [YAMLValue] {
        guard case .sequence(let items) = node.content else { throw problem("must be a list, not \(kind)") }
        return items.indices.map { YAMLValue(node: items[$0], path: path.appending($0), file: file) }
    }

    public func strings() throws(YAMLProblem) -> [String] {
        var strings: [String] = []
        for item in try list() { strings.append(try item.string()) }
        return strings
    }

    public func mapping() throws(YAMLProblem) -> YAMLMapping {
        guard case .mapping(let fields) = node.content else { throw problem("must be a mapping, not \(kind)") }
        return YAMLMapping(value: self, fields: fields)
    }

    /// A mapping without any other keys than these.
    public func mapping(allowing keys: [String]) throws(YAMLProblem) -> YAMLMapping {
        var problems = YAMLProblems()
        let mapping = try mapping(allowing: keys, &problems)
        try problems.check()
        return mapping
    }

    /// A mapping that should have no other keys than these; each other one is added to `problems`.
    public func mapping(allowing keys: [String], _ problems: inout YAMLProblems) throws(YAMLProblem) -> YAMLMapping {
        let mapping = try mapping()
        for field in mapping.entries where !keys.contains(field.key) {
            let place = path.components.isEmpty ? "" : "\(path): "
            problems.add(YAMLProblem(file: file, line: field.line, message: place + Wording.unknown(field.key, among: keys)))
        }
        return mapping
    }

    /// What it is instead of what it should be.
    private var kind: String {
        switch node.content {
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .scalar(let scalar): scalar.value == .null ? "empty" : Wording.quoted(scalar.text)
        }
    }
}

/// A mapping's fields by name. An empty value (`key:`) counts as absent.
public struct YAMLMapping: Hashable, Sendable {
    let value: YAMLValue
    let entries: [YAMLField]

    init(value: YAMLValue, fields: [YAMLField]) {
        self.value = value
        entries = fields
    }

    /// In the order of the file, the empty ones included.
    public var fields: [(key: String, value: YAMLValue)] { entries.map { ($0.key, field($0)) } }

    public func required(_ key: String) throws(YAMLProblem) -> YAMLValue {
        guard let value = optional(key) else { throw self.value.problem("\(Wording.quoted(key)) is missing; add it") }
        return value
    }

    public func optional(_ key: String) -> YAMLValue? {
        guard let entry = entries.first(where: { $0.key == key }), !entry.value.isNull else { return nil }
        return field(entry)
    }

    /// A problem of the mapping as a whole.
    public func problem(_ message: String) -> YAMLProblem { value.problem(message) }

    private func field(_ entry: YAMLField) -> YAMLValue {
        YAMLValue(node: YAMLNode(entry.value.content, line: entry.line), path: value.path.appending(entry.key), file: value.file)
    }
}
