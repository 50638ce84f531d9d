import Foundation
public import StagingModel

/// An OpenAPI 3.1 document, as far as answers are held against it.
public struct OpenAPIDocument: Sendable {
    public let root: JSONValue

    /// Throws `DecodingError` when the bytes are no JSON.
    public init(_ bytes: [UInt8]) throws { root = try JSONDecoder().decode(JSONValue.self, from: Data(bytes)) }

    /// Method and path of every operation: `GET /api/v1/stacks/{stack}`.
    public var operations: Set<String> {
        Set(paths.flatMap { path, item in item.object?.keys.map { "\($0.uppercased()) \(path)" } ?? [] })
    }

    private var paths: [String: JSONValue] { root["paths"]?.object ?? [:] }

    /// What is wrong with an answer; empty when it is as documented. A path or a method that there is not has to be answered with a problem.
    public func faults(method: String, path: String, status: Int, contentType: String?, body: [UInt8]) throws -> [String] {
        let item = paths.first { matches($0.key, path) }?.value
        let operation = item?[(method == "HEAD" ? "get" : method.lowercased())]
        guard let operation else {
            return try faults(of: body, contentType, in: ["$ref": "#/components/responses/Problem"])
                + (status >= 400 ? [] : ["\(status) of nothing"])
        }
        let responses = operation["responses"]
        guard let response = responses?[String(status)] ?? (status >= 500 ? responses?["default"] : nil) else {
            return ["\(status) is not documented"]
        }
        return method == "HEAD" ? [] : try faults(of: body, contentType, in: response)
    }

    /// What is wrong with a value that the document has a schema for.
    public func faults(of value: JSONValue, schema name: String) -> [String] {
        JSONSchema(root: root).faults(of: value, ["$ref": .string("#/components/schemas/\(name)")], at: "$")
    }

    private func matches(_ template: String, _ path: String) -> Bool {
        let asked = path.prefix { $0 != "?" }.split(separator: "/")
        let segments = template.split(separator: "/")
        return segments.count == asked.count && zip(segments, asked).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }

    private func faults(of body: [UInt8], _ contentType: String?, in response: JSONValue) throws -> [String] {
        let content = resolved(response)["content"]?.object ?? [:]
        let type = contentType.map { String($0.prefix { $0 != ";" }) } ?? ""
        guard let schema = content[type]?["schema"] else { return ["the content type \"\(type)\" is not documented"] }
        guard type.hasSuffix("json") else { return [] }
        let value = try JSONDecoder().decode(JSONValue.self, from: Data(body))
        return JSONSchema(root: root).faults(of: value, schema, at: "$")
    }

    private func resolved(_ value: JSONValue) -> JSONValue { JSONSchema(root: root).resolved(value) }
}

/// JSON Schema (draft 2020-12), as far as this API's document uses it; a keyword that it does not know is a fault, so that nothing is
/// believed to be checked that is not.
struct JSONSchema {
    let root: JSONValue

    private static let known: Set<String> = [
        "$ref", "type", "description", "properties", "required", "additionalProperties", "items", "enum", "const", "format", "pattern",
        "minimum", "maximum", "default", "oneOf", "anyOf",
    ]

    func resolved(_ schema: JSONValue) -> JSONValue {
        guard let reference = schema["$ref"]?.string else { return schema }
        return resolved(reference.split(separator: "/").dropFirst().reduce(root) { $0[String($1)] ?? .null })
    }

    func faults(of value: JSONValue, _ unresolved: JSONValue, at path: String) -> [String] {
        let schema = resolved(unresolved)
        guard let fields = schema.object else { return ["\(path): there is no such schema"] }
        var faults = fields.keys.filter { !Self.known.contains($0) }.map { "\(path): the keyword \($0) is not checked" }
        if let type = fields["type"] { faults += typeFaults(of: value, type, at: path) }
        if let all = fields["enum"]?.array, !all.contains(value) { faults.append("\(path): \(value) is not in the enum") }
        if let only = fields["const"], only != value { faults.append("\(path): \(value) is not \(only)") }
        if case .integer(let number) = value {
            if let minimum = fields["minimum"]?.integer, number < minimum { faults.append("\(path): below the minimum") }
            if let maximum = fields["maximum"]?.integer, number > maximum { faults.append("\(path): above the maximum") }
        }
        if let text = value.string {
            if let pattern = fields["pattern"]?.string, (try? Regex(pattern).firstMatch(in: text)) == nil {
                faults.append("\(path): no match")
            }
            if fields["format"] == "date-time", Date(rfc3339: text) == nil { faults.append("\(path): \(text) is no instant") }
        }
        for (index, item) in (value.array ?? []).enumerated() {
            if let items = fields["items"] { faults += self.faults(of: item, items, at: "\(path)[\(index)]") }
        }
        if let object = value.object { faults += fieldFaults(of: object, fields, at: path) }
        for keyword in ["oneOf", "anyOf"] {
            guard let options = fields[keyword]?.array else { continue }
            let fitting = options.filter { self.faults(of: value, $0, at: path).isEmpty }.count
            if fitting == 0 || (keyword == "oneOf" && fitting > 1) { faults.append("\(path): \(fitting) of \(keyword) fit") }
        }
        return faults
    }

    private func typeFaults(of value: JSONValue, _ type: JSONValue, at path: String) -> [String] {
        let allowed = (type.array ?? [type]).compactMap(\.string)
        let actual =
            switch value {
            case .null: "null"
            case .bool: "boolean"
            case .integer: "integer"
            case .number: "number"
            case .string: "string"
            case .array: "array"
            case .object: "object"
            }
        let fits = allowed.contains(actual) || (actual == "integer" && allowed.contains("number"))
        return fits ? [] : ["\(path): is \(actual), not \(allowed.joined(separator: " or "))"]
    }

    private func fieldFaults(of object: [String: JSONValue], _ schema: [String: JSONValue], at path: String) -> [String] {
        let properties = schema["properties"]?.object ?? [:]
        var faults = (schema["required"]?.array ?? []).compactMap(\.string).filter { object[$0] == nil }.map { "\(path): \($0) is missing" }
        for (name, value) in object {
            if let property = properties[name] {
                faults += self.faults(of: value, property, at: "\(path).\(name)")
            } else if schema["additionalProperties"] == false {
                faults.append("\(path): \(name) is not documented")
            } else if let rest = schema["additionalProperties"], rest.object != nil {
                faults += self.faults(of: value, rest, at: "\(path).\(name)")
            }
        }
        return faults
    }
}
