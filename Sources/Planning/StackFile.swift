import StrictYAML

/// `.slingshot.yaml` at the root of a commit: what its stack is made from.
public struct StackFile: Hashable, Sendable {
    public static let path = ".slingshot.yaml"

    public enum Source: Hashable, Sendable {
        /// One of the templates that ship with Slingshot.
        case template(String)
        /// A folder of manifests: its path from the root of the tree, without slashes at either end.
        case manifests(String)
    }

    public let source: Source
    /// Seconds that the lease should be; the server's maximum still holds.
    public let timeToLive: Int?
    /// The place of `source` in the file, for problems with what it names.
    let sourceValue: YAMLValue
    /// Not yet substituted.
    let values: [YAMLField]

    private static let sources = ["template", "manifests", "kustomize", "helm", "compose"]
    private static let planned = ["kustomize", "helm", "compose", "build", "endpoints"]
    private static let limits = YAMLLimits(bytes: 64 << 10, documents: 1, nodes: 10_000, depth: 32)

    public static func parse(_ bytes: [UInt8]) throws(PlanningError) -> StackFile {
        do {
            return try StackFile(YAMLDocument.single(bytes, file: path, limits: limits))
        } catch {
            throw PlanningError(error)
        }
    }

    private init(_ document: YAMLValue) throws(YAMLProblem) {
        guard !document.isNull else { throw document.problem("the file is empty; name a source, such as template: web") }
        let file = try document.mapping(allowing: Self.sources + ["build", "endpoints", "values", "ttl"])
        for key in Self.planned {
            if let value = file.optional(key) { throw value.problem("not supported yet by this version; use template or manifests") }
        }
        let given = Self.sources.compactMap { file.optional($0) }
        guard let source = given.first, given.count == 1 else {
            throw given.count > 1
                ? given[1].problem("a second source beside \(given[0].path); keep one of them")
                : file.problem("no source; add one, such as template: web or manifests: deploy/preview")
        }
        let text = try source.string()
        self.source = source.path == FieldPath("template") ? .template(text) : .manifests(try Self.folder(text, source))
        sourceValue = source
        timeToLive = try file.optional("ttl").map { (value) throws(YAMLProblem) in try value.duration() }
        guard let values = file.optional("values") else {
            self.values = []
            return
        }
        self.values = try values.mapping().fields.map { YAMLField(key: $0.key, line: $0.value.node.line, value: $0.value.node) }
    }

    private static func folder(_ text: String, _ value: YAMLValue) throws(YAMLProblem) -> String {
        let parts = text.split(separator: "/", omittingEmptySubsequences: true).filter { $0 != "." }
        guard !text.hasPrefix("/"), !parts.isEmpty, !parts.contains(".."), !text.utf8.contains(0), !text.contains("\\") else {
            throw value.problem(
                "\(Wording.quoted(text)) is not a folder inside the repository; write a relative path such as deploy/preview")
        }
        return parts.joined(separator: "/")
    }
}
