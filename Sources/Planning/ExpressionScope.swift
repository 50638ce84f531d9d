import StagingModel
import StrictYAML

/// What expressions can name: a tree of values whose texts are data, never expanded again.
struct ExpressionScope {
    private static let image = "stack.image"

    private var root: [String: JSONValue]

    /// `pr`, `repo` and `stack`.
    init(_ request: PlanRequest) {
        let pullRequest = request.pullRequest
        let fullName = request.repository.repository
        let slash = fullName.lastIndex(of: "/")
        var stack: [String: JSONValue] = [
            "name": .string(request.stack.description), "namespace": .string(request.addressing.namespace(of: request.stack)),
            "host": .string(request.addressing.host(of: request.stack)), "url": .string(request.addressing.url(of: request.stack)),
            "endpoints": .object(
                Dictionary(request.endpoints.map { ($0.name, request.addressing.scope(of: request.stack, endpoint: $0.name)) }) { $1 }),
        ]
        stack["image"] = request.image.map { .string($0) }
        root = [
            "pr": [
                "number": .integer(Int64(request.stack.number)), "title": .string(pullRequest.title), "author": .string(pullRequest.author),
                "branch": .string(pullRequest.branch), "branchSlug": .string(branchSlug(pullRequest.branch)),
                "base": .string(pullRequest.base),
                "sha": .string(request.commit.description), "shortSha": .string(request.commit.short),
                "labels": .array(pullRequest.labels.map { .string($0) }), "url": .string(pullRequest.url),
            ],
            "repo": [
                "name": .string(slash.map { String(fullName[fullName.index(after: $0)...]) } ?? fullName),
                "owner": .string(slash.map { String(fullName[..<$0]) } ?? ""), "fullName": .string(fullName),
            ],
            "stack": .object(stack),
        ]
    }

    func adding(_ name: String, _ value: JSONValue) -> ExpressionScope {
        var scope = self
        scope.root[name] = value
        return scope
    }

    func value(at path: String) throws(ExpressionProblem) -> JSONValue {
        var value = JSONValue.object(root)
        var walked = ""
        for name in path.split(separator: ".") {
            guard let fields = value.object else { throw ExpressionProblem("\(path): \(walked) is not a mapping; end the path there") }
            guard let next = fields[String(name)] else {
                if path == Self.image {
                    throw ExpressionProblem(
                        "\(path): the stack file builds no image; add `build: {context: .}` to it, or name an image that there is")
                }
                let place = walked.isEmpty ? "" : "\(walked)."
                throw ExpressionProblem(Wording.unknown(path, among: fields.keys.sorted().map { place + $0 }))
            }
            walked += walked.isEmpty ? String(name) : ".\(name)"
            value = next
        }
        return value
    }
}
