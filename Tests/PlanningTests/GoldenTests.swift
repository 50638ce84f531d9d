import Foundation
import StagingModel
import StrictYAML
import Testing

@testable import Planning

/// Each folder of `Fixtures/Golden` is a commit (`tree/`) of a pull request (`case.yaml`), and the plan that has to come out
/// (`plan.json`). `UPDATE_GOLDEN=1 swift test` writes the plans anew: review the difference.
@Suite struct GoldenTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/Golden")

    static let cases: [String] =
        (try? FileManager.default.contentsOfDirectory(atPath: root.path))?.filter { !$0.hasPrefix(".") }.sorted() ?? []

    @Test func thereAreCases() { #expect(Self.cases.count >= 3) }

    @Test(arguments: cases)
    func matchesItsPlan(name: String) throws {
        let folder = Self.root.appending(path: name)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let found = String(decoding: try encoder.encode(try plan(request(from: folder))), as: UTF8.self) + "\n"
        let golden = folder.appending(path: "plan.json")
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" { try found.write(to: golden, atomically: true, encoding: .utf8) }
        #expect(try String(contentsOf: golden, encoding: .utf8) == found)
    }

    private func request(from folder: URL) throws -> PlanRequest {
        let file = try YAMLDocument.single(Array(Data(contentsOf: folder.appending(path: "case.yaml"))), file: "case.yaml").mapping()
        let pullRequest = try file.required("pullRequest").mapping()
        var request = try PlanningTests.request(
            template: file.optional("template")?.string(), values: file.optional("values")?.json().object ?? [:],
            addressing: StackAddressing(
                domain: "staging.example.com", ingressClass: file.optional("ingressClass")?.string(),
                tlsSecret: file.optional("tlsSecret")?.string()),
            pullRequest: PullRequest(
                number: 42, title: pullRequest.required("title").string(), author: pullRequest.required("author").string(),
                branch: pullRequest.required("branch").string(), base: "main", labels: ["preview"],
                url: "https://forge.example/acme/shop/pull/42"))
        let tree = try files(below: folder.appending(path: "tree"))
        request.stackFile = try tree[StackFile.path].map { try StackFile.parse($0) }
        if case .manifests(let folder)? = request.stackFile?.source { request.files = tree.filter { $0.key.hasPrefix(folder + "/") } }
        return request
    }

    private func files(below tree: URL) throws -> [String: [UInt8]] {
        guard FileManager.default.fileExists(atPath: tree.path) else { return [:] }
        var files: [String: [UInt8]] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: tree.path) {
            let url = tree.appending(path: path)
            if try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true { files[path] = Array(try Data(contentsOf: url)) }
        }
        return files
    }
}
