public import StagingModel

/// One node of a YAML document, its scalars resolved, its aliases expanded, its merge keys (`<<`) merged.
public struct YAMLNode: Hashable, Sendable {
    public enum Content: Hashable, Sendable {
        case scalar(YAMLScalar)
        case sequence([YAMLNode])
        /// In the order of the file; no key twice.
        case mapping([YAMLField])
    }

    public var content: Content
    /// The line where it starts, from 1; 0 for what was not read from a file.
    public var line: Int

    public init(_ content: Content, line: Int) {
        self.content = content
        self.line = line
    }

    /// A value that comes from no file.
    public init(_ value: JSONValue) {
        line = 0
        switch value {
        case .array(let items): content = .sequence(items.map { YAMLNode($0) })
        case .object(let fields):
            content = .mapping(fields.sorted { $0.key < $1.key }.map { YAMLField(key: $0.key, line: 0, value: YAMLNode($0.value)) })
        default: content = .scalar(YAMLScalar(text: value.string ?? "", value: value, isTaggedString: false))
        }
    }

    public var json: JSONValue {
        switch content {
        case .scalar(let scalar): scalar.value
        case .sequence(let items): .array(items.map(\.json))
        case .mapping(let fields): .object(Dictionary(fields.lazy.map { ($0.key, $0.value.json) }) { first, _ in first })
        }
    }

    public var isNull: Bool { if case .scalar(let scalar) = content { scalar.value == .null } else { false } }

    /// The line of the field at `path`, or of the nearest one around it that exists.
    public func line(of path: FieldPath) -> Int {
        var node = self
        var line = self.line
        for component in path.components {
            switch (component, node.content) {
            case (.key(let key), .mapping(let fields)):
                guard let field = fields.first(where: { $0.key == key }) else { return line }
                (line, node) = (field.line, field.value)
            case (.index(let index), .sequence(let items)) where items.indices.contains(index):
                (line, node) = (items[index].line, items[index])
            default: return line
            }
        }
        return line
    }
}

public struct YAMLField: Hashable, Sendable {
    public var key: String
    /// The key's line.
    public var line: Int
    public var value: YAMLNode

    public init(key: String, line: Int, value: YAMLNode) {
        self.key = key
        self.line = line
        self.value = value
    }
}

public struct YAMLScalar: Hashable, Sendable {
    /// As written, without quotes and escapes.
    public var text: String
    /// What it means: never an array or an object.
    public var value: JSONValue
    /// Whether `!!str` says that it is text whatever it looks like.
    public var isTaggedString: Bool

    public init(text: String, value: JSONValue, isTaggedString: Bool) {
        self.text = text
        self.value = value
        self.isTaggedString = isTaggedString
    }
}

/// Where a field is in a document: `spec.containers[0].image`.
public struct FieldPath: Hashable, Sendable, CustomStringConvertible {
    public enum Component: Hashable, Sendable {
        case key(String)
        case index(Int)
    }

    public var components: [Component]

    public init(_ components: [Component] = []) { self.components = components }

    /// A path of keys.
    public init(_ keys: String...) { components = keys.map { .key($0) } }

    public func appending(_ key: String) -> FieldPath { FieldPath(components + [.key(key)]) }
    public func appending(_ index: Int) -> FieldPath { FieldPath(components + [.index(index)]) }

    public var description: String {
        var text = ""
        for component in components {
            switch component {
            case .index(let index): text += "[\(index)]"
            case .key(let key) where key.utf8.allSatisfy { isWordByte($0) } && !key.isEmpty: text += text.isEmpty ? key : ".\(key)"
            case .key(let key): text += "[\(Wording.quoted(key))]"
            }
        }
        return text
    }
}

/// An ASCII letter or digit, `-` or `_`: also what libyaml takes for an anchor's name.
func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
    default: false
    }
}
