import StagingModel

/// How much of a stranger's YAML is read. Beyond any of these the file is refused.
public struct YAMLLimits: Hashable, Sendable {
    /// The file's size; the text of its scalars with aliases expanded may reach four times as much.
    public var bytes: Int
    public var documents: Int
    /// Nodes of all documents together, with aliases expanded.
    public var nodes: Int
    /// Mappings and lists inside each other, with aliases expanded.
    public var depth: Int

    public init(bytes: Int = 1 << 20, documents: Int = 500, nodes: Int = 100_000, depth: Int = 64) {
        self.bytes = bytes
        self.documents = documents
        self.nodes = nodes
        self.depth = depth
    }
}

/// Reads YAML 1.1 as the Kubernetes tools do, but strictly: duplicate keys, keys that are not text, unknown tags and aliases
/// that expand past the limits are errors. Anchors, aliases and merge keys are otherwise allowed: manifests use them.
public enum YAMLDocument {
    /// All documents of a file that are not empty.
    public static func parse(_ bytes: [UInt8], file: String, limits: YAMLLimits = YAMLLimits()) throws(YAMLProblem) -> [YAMLValue] {
        guard bytes.count <= limits.bytes else {
            throw YAMLProblem(
                file: file, line: nil, message: "the file has \(bytes.count) bytes, and \(limits.bytes) are allowed; make it smaller")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw YAMLProblem(file: file, line: nil, message: "the file is not UTF-8; save it as UTF-8")
        }
        let nodes = try bytes.withUnsafeBufferPointer { (buffer) throws(YAMLProblem) -> [YAMLNode] in
            var reader = NodeReader(try EventParser(buffer, file: file), file: file, limits: limits)
            return try reader.documents()
        }
        return nodes.lazy.filter { !$0.isNull }.map { YAMLValue(node: $0, path: FieldPath(), file: file) }
    }

    /// The one document of a file. An empty file gives a null value.
    public static func single(_ bytes: [UInt8], file: String, limits: YAMLLimits = YAMLLimits()) throws(YAMLProblem) -> YAMLValue {
        let documents = try parse(bytes, file: file, limits: limits)
        if documents.count > 1 {
            throw YAMLProblem(file: file, line: documents[1].node.line, message: "a second document; this file may hold one only")
        }
        return documents.first ?? YAMLValue(node: YAMLNode(.null), path: FieldPath(), file: file)
    }
}
