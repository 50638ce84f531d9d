import StagingModel
import StrictYAML

/// Puts values in the place of the expressions of a parsed tree. The structure of the tree is never a value's to change: a text
/// stays within its scalar, and a scalar that is exactly one expression becomes the whole value.
struct Substitution {
    var scope: ExpressionScope
    /// Bytes that may still be inserted: a large value named in many places must not fill the memory.
    private var budget = 4 << 20

    init(_ scope: ExpressionScope) { self.scope = scope }

    mutating func render(_ node: YAMLNode, file: String) throws(YAMLProblem) -> JSONValue {
        switch node.content {
        case .scalar(let scalar):
            guard Expression.occurs(in: scalar.text) else { return scalar.value }
            do {
                return try render(scalar)
            } catch {
                throw YAMLProblem(file: file, line: node.line > 0 ? node.line : nil, message: error.message)
            }
        case .sequence(let nodes):
            var items: [JSONValue] = []
            items.reserveCapacity(nodes.count)
            for node in nodes {
                let value = try render(node, file: file)
                if value != .null || node.isNull { items.append(value) }
            }
            return .array(items)
        case .mapping(let nodes):
            var fields: [String: JSONValue] = [:]
            fields.reserveCapacity(nodes.count)
            for field in nodes {
                guard !Expression.occurs(in: field.key) else {
                    throw YAMLProblem(file: file, line: field.line, message: "an expression can't be a key; write the key out")
                }
                let value = try render(field.value, file: file)
                // An expression without a value (a parameter not given) leaves its field out.
                if value != .null || field.value.isNull { fields[field.key] = value }
            }
            return .object(fields)
        }
    }

    private mutating func render(_ scalar: YAMLScalar) throws(ExpressionProblem) -> JSONValue {
        let parts = try Expression(scalar.text).parts
        if parts.count == 1, case .path(let path) = parts[0], !scalar.isTaggedString {
            let value = try scope.value(at: path)
            try spend(on: value)
            return value
        }
        var text = ""
        for part in parts {
            switch part {
            case .text(let literal): text += literal
            case .path(let path):
                let value = try scope.value(at: path)
                try spend(on: value)
                text += try self.text(of: value, path)
            }
        }
        return .string(text)
    }

    private func text(of value: JSONValue, _ path: String) throws(ExpressionProblem) -> String {
        switch value {
        case .string(let text): text
        case .integer(let number): String(number)
        case .number(let number): "\(number)"
        case .bool(let flag): flag ? "true" : "false"
        case .null: throw ExpressionProblem("\(path) has no value, and can't be part of a text; give it one")
        case .array, .object: throw ExpressionProblem("\(path) is a list or a mapping, and can't be part of a text; let it stand alone")
        }
    }

    private mutating func spend(on value: JSONValue) throws(ExpressionProblem) {
        budget -= 8
        switch value {
        case .string(let text): budget -= text.utf8.count
        case .array(let items): for item in items { try spend(on: item) }
        case .object(let fields):
            for (key, value) in fields {
                budget -= key.utf8.count
                try spend(on: value)
            }
        case .null, .bool, .integer, .number: break
        }
        guard budget >= 0 else { throw ExpressionProblem("expressions insert more than 4 MiB; use smaller values") }
    }
}
