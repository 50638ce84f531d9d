import StagingModel
import StrictYAML
import Testing

@testable import Planning

/// A pull request of `acme/shop`, number 42, as most tests want it.
func request(
    stackFile: String? = nil, files: [String: String] = [:], template: String? = nil, values: [String: JSONValue] = [:],
    limits: StackLimits = StackLimits(), policy: StackPolicy = StackPolicy(),
    addressing: StackAddressing = StackAddressing(domain: "staging.example.com"),
    pullRequest: PullRequest = PullRequest(
        number: 42, title: "A title", author: "mona", branch: "feature/login", base: "main", labels: ["preview"],
        url: "https://forge.example/acme/shop/pull/42")
) throws -> PlanRequest {
    let name = try #require(RepositoryName("shop"))
    return PlanRequest(
        stack: try #require(StackName(repository: name, number: 42)),
        repository: RepositorySettings(
            name: name, forge: .github, repository: "acme/shop", url: "https://forge.example/acme/shop.git", runtime: "cluster",
            template: template,
            values: values, limits: limits, policy: policy),
        pullRequest: pullRequest, commit: try #require(CommitID(String(repeating: "0123456789", count: 4))), addressing: addressing,
        stackFile: try stackFile.map { try StackFile.parse(Array($0.utf8)) }, files: files.mapValues { Array($0.utf8) })
}

/// The plan of one file of manifests.
func plan(manifests text: String, stackFile: String = "manifests: deploy\n", policy: StackPolicy = StackPolicy()) throws -> Plan {
    try plan(request(stackFile: stackFile, files: ["deploy/app.yaml": text], policy: policy))
}

/// What is wrong with one file of manifests; empty when nothing is.
func problems(of text: String, policy: StackPolicy = StackPolicy()) throws -> [String] {
    do {
        _ = try plan(manifests: text, policy: policy)
        return []
    } catch let error as PlanningError {
        return error.problems.map(\.description)
    }
}

extension Plan {
    func object(_ name: String) throws -> JSONValue {
        try #require(objects.first { $0.description == name }).manifest
    }
}

extension JSONValue {
    /// A value deep inside: keys and indices with dots between.
    subscript(path path: String) -> JSONValue? {
        path.split(separator: ".").reduce(self as JSONValue?) { value, part in
            if let index = Int(part) { value?.array.flatMap { $0.indices.contains(index) ? $0[index] : nil } } else { value?[String(part)] }
        }
    }
}
