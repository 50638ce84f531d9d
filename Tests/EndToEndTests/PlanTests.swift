import ControlAPI
import Foundation
import KubernetesClient
import Logging
import SlingshotTestSupport
import StagingModel
import Testing

@testable import Planning

@Suite(.serialized, .timeLimit(.minutes(10))) struct PlanTests {
    @Test func `a working tree is compared with the stack that runs`() async throws {
        try await ServeFixture.run { fixture async throws in
            try fixture.configure()
            let first = try await fixture.push(greeting: "Hello")
            let bare = try await fixture.repository.git(["show", "\(first):.slingshot.yaml"])
            let tree = fixture.directory.appending(path: "tree")
            try FileManager.default.createDirectory(at: tree, withIntermediateDirectories: true)
            try Data(bare.utf8).write(to: tree.appending(path: ".slingshot.yaml"))
            try await fixture.serving { serving async throws in
                try await serving.launch(first)
                let view = try await serving.client.stack("shop-7")
                let plan = try await serving.client.plan(of: "shop-7")
                #expect(plan.digest == view.planDigest && plan.deployedDigest == view.planDigest)
                let same = try await serving.cli(["plan", tree.path, "--against", "shop-7", "--exit-code"])
                #expect(same.output == "no difference to shop-7\n")
                try Data(bare.replacing("Hello", with: "Good evening").utf8).write(to: tree.appending(path: ".slingshot.yaml"))
                let other = try await serving.cli(["plan", tree.path, "--against", "shop-7", "--exit-code"], accepting: [1])
                #expect(other.output.contains("~ ConfigMap/web\n    data.GREETING:\n      - \"Hello\"\n      + \"Good evening\"\n"))
                #expect(other.output.contains("~ Deployment/web\n"))
                let json = try await serving.cli(["plan", tree.path, "--against", "shop-7", "-o", "json"]).output
                let difference = try JSONDecoder().decode(PlanDifference.self, from: Data(json.utf8))
                #expect(difference.objects.map(\.object) == ["ConfigMap/web", "Deployment/web"])
                _ = try await serving.cli(["plan", tree.path, "--against", "shop-8"], accepting: [3])
            }
        }
    }

    /// The tables of the policy beside what this cluster says that it has: no field of an allowed kind is missing.
    @Test func `every field of the cluster's kinds has been judged`() async throws {
        let kubeconfig = try #require(ProcessInfo.processInfo.environment["KUBECONFIG"])
        let cluster = try KubernetesClient(ClusterConfiguration.load(kubeconfig: kubeconfig), logger: Logger(label: "test"))
        do {
            let document = try JSONDecoder().decode(JSONValue.self, from: Data(try await cluster.raw("/openapi/v2")))
            let definitions = try #require(document["definitions"]?.object)
            var missing: Set<String> = []
            var found = 0
            for definition in definitions.values {
                for kind in definition["x-kubernetes-group-version-kind"]?.array ?? [] {
                    let (group, version) = (kind["group"]?.string ?? "", kind["version"]?.string ?? "")
                    guard let name = kind["kind"]?.string, let allowed = AllowedKind.all[name], let rule = allowed.fields,
                        allowed.apiVersions.contains(group.isEmpty ? version : "\(group)/\(version)")
                    else { continue }
                    found += 1
                    compare(definition, rule, at: name, definitions, &missing)
                }
            }
            #expect(found >= 12)
            #expect(missing == [])
        }
        await cluster.shutdown()
    }

    private func compare(
        _ schema: JSONValue, _ rule: FieldRule, at path: String, _ definitions: [String: JSONValue], _ missing: inout Set<String>
    ) {
        var schema = schema
        if let reference = schema["$ref"]?.string { schema = definitions[String(reference.split(separator: "/").last ?? "")] ?? [:] }
        switch rule {
        case .scalar, .any, .refused: break
        case .judged(let rule, _): compare(schema, rule, at: path, definitions, &missing)
        case .list(let rule): compare(schema["items"] ?? [:], rule, at: "\(path)[]", definitions, &missing)
        case .map(let rule): compare(schema["additionalProperties"] ?? [:], rule, at: "\(path).*", definitions, &missing)
        case .fields(let rules):
            for (key, field) in schema["properties"]?.object ?? [:] {
                guard let rule = rules[key] else {
                    missing.insert("\(path).\(key)")
                    continue
                }
                compare(field, rule, at: "\(path).\(key)", definitions, &missing)
            }
        }
    }
}
