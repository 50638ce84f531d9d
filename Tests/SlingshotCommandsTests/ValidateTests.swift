import Foundation
import SlingshotTestSupport
import Testing

@testable import SlingshotCommands

@Suite struct ValidateTests {
    private func report(_ text: String, name: String = "file.yaml") throws -> FileReport {
        let folder = FileManager.default.temporaryDirectory.appending(path: "validate-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: name)
        try Data(text.utf8).write(to: file)
        return FileReport(of: file.path)
    }

    private func lines(_ report: FileReport) -> [String] { report.problems.map { "\($0.line ?? 0): \($0.message)" } }

    @Test func aStackFileHasAllItsProblemsTold() throws {
        let report = try report("template: wed\nvalues: {port: x}\nttl: 5\nendpoints: {API: {}}\n")
        #expect(report.kind == .stackFile || report.kind == .unknown)
        #expect(
            lines(report) == [
                #"3: ttl: must be a duration such as 90s, 30m, 4h, 2d or 1h30m, not "5""#,
                "4: endpoints.API: an endpoint's name is a lower-case letter and up to 15 more letters and digits; rename it",
                #"1: template: no such template: "wed" is unknown; did you mean "web"? known: web"#,
            ])
    }

    @Test func valuesAreHeldToTheTemplate() throws {
        #expect(try report("template: web\nvalues: {image: \"x:${{ pr.sha }}\", port: \"${{ pr.number }}\"}\n").problems == [])
        #expect(
            lines(try report("template: web\nvalues: {port: 70000, imag: x}\n")) == [
                #"2: values.imag: the template web has no such parameter: "imag" is unknown; did you mean "image"? known: image, port, replicas, env, command, args, healthPath, resources"#,
                "2: values.port: must be at least 1 and at most 65535, not 70000",
            ])
    }

    @Test func aConfigurationHasAllItsProblemsTold() throws {
        let text = """
            domain: X
            state: 5
            foo: 1
            runtimes: {c: {kind: docker}}
            repositories:
              - name: a-1
                forge: gitlub
                url: ftp://x
                policy: {level: none, allow: {kinds: [Role.rbac.authorization.k8s.io], foo: 1, capabilities: [CAP_X]}}
            """
        let report = try report(text)
        #expect(report.kind == .configuration)
        #expect(report.problems.map(\.line) == [3, 2, 1, 4, 6, 7, 8, 6, 6, 9, 9, 9, 9, 6])
    }

    @Test func whatTheServerGivesItsTemplateIsChecked() throws {
        let text = """
            domain: example.com
            state: /tmp/x
            runtimes: {c: {kind: kubernetes}}
            repositories:
              - {name: shop, forge: github, repository: a/b, url: /srv/x.git, runtime: c, webhookSecret: {env: X}, template: web, values: {prot: 1}}
            """
        let report = try report(text)
        #expect(report.problems.count == 1 && report.problems[0].message.contains(#"did you mean "port"?"#))
        #expect(try self.report(text.replacing("prot", with: "port")).problems == [])
    }

    @Test func aTemplateIsItsFolder() throws {
        let descriptor = "description: d\nparameters: {a: {type: string, description: d, required: true}}\nmanifests: [{file: x.yaml}]\n"
        let folder = FileManager.default.temporaryDirectory.appending(path: "validate-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(descriptor.utf8).write(to: folder.appending(path: "template.yaml"))
        for (manifest, count) in [
            ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: \"${{ values.a }}\"}\n", 0),
            ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: \"${{ values.b }}\"}\n", 1),
            ("apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {hostNetwork: true, hostPID: true}\n", 2),
        ] {
            try Data(manifest.utf8).write(to: folder.appending(path: "x.yaml"))
            for path in [folder.path, folder.appending(path: "template.yaml").path] {
                let report = FileReport(of: path)
                #expect(report.kind == .template)
                #expect(report.problems.count == count)
            }
        }
    }

    @Test(arguments: [
        ("a: [\n", ".slingshot.yaml", 2), ("colour: red\n", "x.yaml", 1), ("", "x.yaml", nil), ("a: 1\n---\nb: 2\n", "x.yaml", 3),
    ])
    func whatCanNotBeReadIsAProblem(text: String, name: String, line: Int?) throws {
        let report = try report(text, name: name)
        #expect(report.problems.count == 1 && report.problems[0].line == line)
    }

    @Test func aMissingFileIsAProblem() { #expect(FileReport(of: "/nowhere/x.yaml").problems.count == 1) }
}
