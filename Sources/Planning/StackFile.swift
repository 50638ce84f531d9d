public import StagingModel
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
    /// The image to build of the commit; nil for none.
    public let build: ImageRecipe?
    /// The place of `build` in the file.
    let buildValue: YAMLValue?
    /// The place of `source` in the file, for problems with what it names.
    let sourceValue: YAMLValue
    /// Not yet substituted.
    let values: [YAMLField]
    /// Further hosts, in the order of the file.
    let endpoints: [Endpoint]

    private static let sources = ["template", "manifests", "kustomize", "helm", "compose"]
    private static let unsupported = "not supported yet by this version; use template or manifests"
    static let limits = YAMLLimits(bytes: 64 << 10, documents: 1, nodes: 10_000, depth: 32)

    /// `file` is its name for problems.
    public static func parse(_ bytes: [UInt8], file: String = path) throws(PlanningError) -> StackFile {
        do {
            return try StackFile(YAMLDocument.single(bytes, file: file, limits: limits))
        } catch {
            throw PlanningError(error)
        }
    }

    init(_ document: YAMLValue) throws(YAMLProblem) {
        guard !document.isNull else { throw document.problem("the file is empty; name a source, such as template: web") }
        var problems = YAMLProblems()
        let file = try document.mapping(allowing: Self.sources + ["build", "endpoints", "values", "ttl"], &problems)
        // A misspelt source is no missing one.
        let isMisspelt = !problems.all.isEmpty && Self.sources.allSatisfy { file.optional($0) == nil }
        buildValue = file.optional("build")
        build =
            problems.collect { () throws(YAMLProblem) in
                try file.optional("build").map { (value) throws(YAMLProblem) in try ImageRecipe(value) }
            } ?? nil
        let source = isMisspelt ? nil : problems.collect { () throws(YAMLProblem) in try Self.source(file) }
        let timeToLive = problems.collect { () throws(YAMLProblem) in try file.optional("ttl")?.duration() }
        let values = problems.collect { () throws(YAMLProblem) in
            try file.optional("values")?.mapping().fields.map { YAMLField(key: $0.key, line: $0.value.node.line, value: $0.value.node) }
                ?? []
        }
        var endpoints: [Endpoint] = []
        let listed = problems.collect { () throws(YAMLProblem) in try file.optional("endpoints")?.mapping().fields ?? [] } ?? []
        for (name, value) in listed {
            if let endpoint = problems.collect({ () throws(YAMLProblem) in try Endpoint(name, value) }) { endpoints.append(endpoint) }
        }
        if listed.count > Endpoint.most, let value = file.optional("endpoints") {
            problems.add(value.problem("\(listed.count) endpoints, and \(Endpoint.most) are allowed; name fewer"))
        }
        try problems.check()
        guard let (source, sourceValue) = source, let timeToLive, let values else { throw document.problem("it can't be read") }
        self.source = source
        self.sourceValue = sourceValue
        self.timeToLive = timeToLive
        self.values = values
        self.endpoints = endpoints
    }

    private static func source(_ file: YAMLMapping) throws(YAMLProblem) -> (Source, YAMLValue) {
        let given = sources.compactMap { file.optional($0) }
        guard let source = given.first, given.count == 1 else {
            throw given.count > 1
                ? given[1].problem("a second source beside \(given[0].path); keep one of them")
                : file.problem("no source; add one, such as template: web or manifests: deploy/preview")
        }
        switch source.path {
        case FieldPath("template"): return (.template(try source.string()), source)
        case FieldPath("manifests"): return (.manifests(try folder(try source.string(), source)), source)
        default: throw source.problem(unsupported)
        }
    }

    private static func folder(_ text: String, _ value: YAMLValue) throws(YAMLProblem) -> String {
        guard let path = plainPath(text), !path.isEmpty else {
            throw value.problem(
                "\(Wording.quoted(text)) is not a folder inside the repository; write a relative path such as deploy/preview")
        }
        return path
    }
}

/// A relative path that stays inside, without `.` and superfluous slashes; empty for the root itself. Nil for everything else.
func plainPath(_ text: String) -> String? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: true).filter { $0 != "." }
    guard !text.hasPrefix("/"), !parts.contains(".."), !text.utf8.contains(0), !text.contains("\\") else { return nil }
    return parts.joined(separator: "/")
}
