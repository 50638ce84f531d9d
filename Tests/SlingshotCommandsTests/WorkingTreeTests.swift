import Foundation
import Orchestration
import Planning
import SlingshotTestSupport
import StagingModel
import Testing

@testable import SlingshotCommands

@Suite struct WorkingTreeTests {
    private func plan(_ files: [String: String], link: String? = nil) async throws -> Plan {
        let root = FileManager.default.temporaryDirectory.appending(path: "tree-\(UUID().uuidString)", directoryHint: .isDirectory)
        defer { try? FileManager.default.removeItem(at: root) }
        for (path, text) in files {
            let file = root.appending(path: path)
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        if let link {
            try FileManager.default.createSymbolicLink(at: root.appending(path: link), withDestinationURL: URL(filePath: "/etc/passwd"))
        }
        let commit = try #require(WorkingTree.commit)
        return try await PlanSource(refs: WorkingTree(root: root), addressing: Samples.policy.addressing, repository: Samples.repository())
            .plan(of: Samples.stackName(), pullRequest: Samples.pullRequest(), commit: commit)
    }

    private let configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"

    @Test func isPlannedAsItLies() async throws {
        let plan = try await plan([
            ".slingshot.yaml": "manifests: deploy\n", "deploy/sub/a.yaml": configMap, "deploy/notes.md": "{", "other.yaml": "{",
        ])
        #expect(plan.objects.last?.description == "ConfigMap/x")
    }

    @Test func linksAreNotFollowed() async throws {
        await #expect(throws: StepError.self) {
            try await plan([".slingshot.yaml": "manifests: deploy\n", "deploy/a.yaml": configMap], link: "deploy/b.yaml")
        }
    }

    @Test func aMissingFolderIsNamed() async throws {
        await #expect(throws: StepError.self) { try await plan([".slingshot.yaml": "manifests: deploy\n"]) }
    }

    @Test func problemsKeepTheirLines() async throws {
        await #expect(throws: PlanningError.self) {
            try await plan([".slingshot.yaml": "manifests: deploy\n", "deploy/a.yaml": "kind: Role\n---\nkind: Node\n"])
        }
    }

    @Test func differencesAreTold() async throws {
        let before = try await plan([
            ".slingshot.yaml": "manifests: d\n",
            "d/a.yaml": configMap
                + "data: {k: one}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: hunter2, q: same}\n",
        ])
        let after = try await plan([
            ".slingshot.yaml": "manifests: d\n",
            "d/a.yaml": configMap
                + "data: {k: \"two\\e[31m\"}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: swordfish, q: same}\n---\n"
                + configMap.replacing("name: x", with: "name: other"),
        ])
        func hidden(_ plan: Plan) -> [PlannedObject] { plan.objects.map { $0.hidingSecrets(salt: "salt") } }
        let difference = PlanDifference(from: hidden(before), to: hidden(after))
        let text = PlanText.difference(difference, stack: "shop-7", isColoured: false)
        #expect(
            text == """
                ~ ConfigMap/x
                    data.k:
                      - "one"
                      + "two\\u001b[31m"
                ~ Secret/s
                    stringData.p: <redacted, changed>
                + ConfigMap/other

                """)
        #expect(
            PlanText.difference(PlanDifference(from: hidden(before), to: hidden(before)), stack: "shop-7") == "no difference to shop-7\n")
        let json = String(decoding: try JSONEncoder().encode(difference), as: UTF8.self)
        #expect(!json.contains("hunter2") && !json.contains("swordfish"))
        #expect(
            PlanText.difference(PlanDifference(from: hidden(after), to: []), stack: "s", isColoured: true).hasPrefix(
                "\u{1B}[31m- Namespace/"))
    }
}
