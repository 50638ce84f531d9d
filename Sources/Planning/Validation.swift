public import StagingModel
public import StrictYAML

/// Finds what is wrong with files before any pull request meets them. Each function gives every problem that it sees.
public enum Validation {
    /// A stack file; values that the server may give are not missed.
    public static func stackFile(_ bytes: [UInt8], file: String) -> [YAMLProblem] {
        do {
            let document = try YAMLDocument.single(bytes, file: file, limits: StackFile.limits)
            do {
                return templateProblems(try StackFile(document), file: file)
            } catch {
                // The template can be looked at whatever is wrong beside it.
                let rest = document.keeping(["template", "values"])
                return error.all + ((try? StackFile(rest)).map { templateProblems($0, file: file) } ?? [])
            }
        } catch {
            return error.all
        }
    }

    private static func templateProblems(_ stackFile: StackFile, file: String) -> [YAMLProblem] {
        guard case .template(let name) = stackFile.source else { return [] }
        var request = sample(RepositorySettings(name: sampleName, forge: .github, repository: "example/app", url: "", runtime: ""))
        request.stackFile = stackFile
        do {
            return try complaints(about: request, template: name, place: stackFile.sourceValue, file: file)
        } catch {
            return error.problems
        }
    }

    /// What the server's configuration gives to a repository's commits that have no stack file.
    public static func repository(_ settings: RepositorySettings) -> [YAMLProblem] {
        guard let name = settings.template else { return [] }
        do {
            return try complaints(about: sample(settings), template: name, place: Values.configuration(of: settings), file: StackFile.path)
        } catch {
            return error.problems
        }
    }

    /// A template's folder, by file name: rendered once with its defaults, and with made-up values for what has none.
    public static func template(_ name: String, files: [String: [UInt8]]) -> [YAMLProblem] {
        do {
            let template = try Template(name, files: files)
            let request = sample(RepositorySettings(name: sampleName, forge: .github, repository: "example/app", url: "", runtime: ""))
            let scope = ExpressionScope(request)
            let values = Dictionary(
                template.parameters.map { ($0.name, $0.isRequired ? $0.sample : (try? $0.standard(in: scope)) ?? $0.sample) }
            ) { first, _ in first }
            let policy = ManifestPolicy(request)
            return try rendering { () throws(YAMLProblem) in
                try template.render(scope.adding("values", .object(values))).flatMap { policy.review($0) }
            }
        } catch {
            return error.problems
        }
    }

    private static func rendering(_ body: () throws(YAMLProblem) -> [YAMLProblem]) throws(PlanningError) -> [YAMLProblem] {
        do { return try body() } catch { throw PlanningError(error.all) }
    }

    private static func complaints(
        about request: PlanRequest, template name: String, place: YAMLValue, file: String
    ) throws(PlanningError) -> [YAMLProblem] {
        let given = try Values.given(request, scope: ExpressionScope(request))
        guard let shipped = Template.shipped[name] else {
            return [place.problem("no such template: \(Wording.unknown(name, among: Template.shipped.keys.sorted()))")]
        }
        return try shipped.get().complaints(about: given).map {
            YAMLProblem(file: $0.file == StackFile.path ? file : $0.file, line: $0.line, message: $0.message)
        }
    }

    private static func sample(_ repository: RepositorySettings) -> PlanRequest {
        var repository = repository
        repository.imageRepository = "localhost/slingshot/staging-\(repository.name)"
        guard let stack = StackName(repository: repository.name, number: 1), let commit = CommitID(String(repeating: "0", count: 40)) else {
            preconditionFailure("a repository's name makes a stack's, and zeros make a commit's id")
        }
        return PlanRequest(
            stack: stack, repository: repository,
            pullRequest: PullRequest(number: 1, title: "A pull request", branch: "feature", base: "main"),
            commit: commit, addressing: StackAddressing(domain: "staging.example.com"), stackFile: nil)
    }

    private static let sampleName: RepositoryName = {
        guard let name = RepositoryName("app") else { preconditionFailure("app is a DNS label") }
        return name
    }()
}

extension TemplateParameter {
    /// A value that a made-up stack can be rendered with.
    fileprivate var sample: JSONValue {
        if let first = choices?.first { return first }
        return switch kind {
        case .string: "example"
        case .integer: .integer(Int64(min(max(range.lowerBound, 1), range.upperBound)))
        case .boolean: true
        case .list, .strings: []
        case .mapping, .stringMapping: [:]
        }
    }
}

extension YAMLValue {
    /// The document without its other keys.
    fileprivate func keeping(_ keys: [String]) -> YAMLValue {
        guard case .mapping(let fields) = node.content else { return self }
        return YAMLValue(node: YAMLNode(.mapping(fields.filter { keys.contains($0.key) }), line: node.line), path: path, file: file)
    }
}
