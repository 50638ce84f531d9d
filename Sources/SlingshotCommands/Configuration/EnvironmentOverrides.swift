import Configuration
import StagingModel
import StrictYAML

/// Single settings from the environment: `SLINGSHOT_<PATH>` over the file's `path`, with `_` between and within words
/// (`SLINGSHOT_LIFETIME_DEFAULT=12h`, `SLINGSHOT_NAMESPACE_PREFIX=pr-`). For scalars outside the lists.
struct EnvironmentOverrides {
    static let paths: [[String]] = [
        ["server", "listen"], ["server", "publicURL"], ["state"], ["domain"], ["namespacePrefix"], ["deploy", "timeout"],
        ["lifetime", "default"], ["lifetime", "maximum"], ["lifetime", "renewOnPush"],
        ["limits", "cpu"], ["limits", "memory"], ["limits", "pods"],
        ["logging", "format"], ["logging", "level"], ["retention"],
        ["routing", "kind"], ["routing", "class"], ["routing", "tlsSecret"], ["routing", "listen"], ["routing", "tls"],
    ]

    private let reader: ConfigReader

    init(environment: [String: String]) {
        reader = ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: environment))
    }

    static var process: EnvironmentOverrides { EnvironmentOverrides(reader: ConfigReader(provider: EnvironmentVariablesProvider())) }

    private init(reader: ConfigReader) { self.reader = reader }

    /// The document with every set variable in its place. Its problems then name the variables beside the file.
    func applied(to root: YAMLValue) throws -> YAMLValue {
        var node = root.node
        var names: [String] = []
        for path in Self.paths {
            guard let text = reader.string(forKey: ConfigKey(["slingshot"] + path)) else { continue }
            let name = "the environment's \(path.joined(separator: "."))"
            node.set(try YAMLDocument.single(Array(text.utf8), file: name).node, at: path[...])
            names.append(name)
        }
        return YAMLValue(node: node, path: root.path, file: ([root.file] + names).joined(separator: " with "))
    }
}

extension YAMLNode {
    fileprivate mutating func set(_ value: YAMLNode, at path: ArraySlice<String>) {
        guard let key = path.first else {
            self = YAMLNode(value.content, line: 0)
            return
        }
        var fields: [YAMLField] = []
        if case .mapping(let existing) = content { fields = existing }
        let index = fields.firstIndex { $0.key == key } ?? fields.endIndex
        if index == fields.endIndex { fields.append(YAMLField(key: key, line: 0, value: YAMLNode(.null))) }
        fields[index].value.set(value, at: path.dropFirst())
        fields[index].line = fields[index].value.line
        content = .mapping(fields)
    }
}
