import StagingModel
import StrictYAML
import Testing

@testable import Planning

@Suite struct StackFileTests {
    private func parse(_ text: String) throws -> StackFile { try StackFile.parse(Array(text.utf8)) }

    private func problem(_ text: String) -> String {
        do {
            return "no problem: \(try parse(text).source)"
        } catch {
            return "\(error)"
        }
    }

    @Test func namesOneSource() throws {
        #expect(try parse("template: web\nvalues: {port: 80}\nttl: 12h\n").source == .template("web"))
        #expect(try parse("template: web\nttl: 1h30m\n").timeToLive == 5_400)
        #expect(try parse("manifests: ./deploy//preview/\n").source == .manifests("deploy/preview"))
        #expect(try parse("manifests: deploy\n").timeToLive == nil)
    }

    @Test(arguments: [
        ("", ".slingshot.yaml: the file is empty; name a source, such as template: web"),
        ("- a\n", ".slingshot.yaml:1: must be a mapping, not a list"),
        ("values: {}\n", ".slingshot.yaml:1: no source; add one, such as template: web or manifests: deploy/preview"),
        ("template: web\nmanifests: x\n", ".slingshot.yaml:2: manifests: a second source beside template; keep one of them"),
        (
            "templat: web\n",
            #".slingshot.yaml:1: "templat" is unknown; did you mean "template"? known: template, manifests, kustomize, helm, compose, build, endpoints, values, ttl"#
        ),
        (
            "template: web\nbuild: {context: ../x, dockerfile: a}\n",
            #".slingshot.yaml:2: build: "dockerfile" is unknown; known: context, file, args, target"#
        ),
        (
            "template: web\nbuild: {context: ../x}\n",
            #".slingshot.yaml:2: build.context: "../x" is not a folder inside the repository; write . or a relative path"#
        ),
        (
            "template: web\nbuild: {file: Containerfile.in}\n",
            ".slingshot.yaml:2: build.file: a Containerfile's name must not end in .in; rename it"
        ),
        (
            "template: web\nbuild: {args: {SHA: \"${{ pr.sha }}\"}}\n",
            ".slingshot.yaml:2: build.args.SHA: an argument has no expressions, because an image is made once a commit; write the text itself"
        ),
        ("kustomize: x\n", ".slingshot.yaml:1: kustomize: not supported yet by this version; use template or manifests"),
        ("helm: {chart: x}\n", ".slingshot.yaml:1: helm: not supported yet by this version; use template or manifests"),
        ("compose: x\n", ".slingshot.yaml:1: compose: not supported yet by this version; use template or manifests"),
        (
            "template: web\nendpoints: {api: {}, Web: {service: web, port: 80}, b: {service: web, port: 0}}\n",
            """
            .slingshot.yaml:2: endpoints.api: "service" is missing; add it
            .slingshot.yaml:2: endpoints.Web: an endpoint's name is a lower-case letter and up to 15 more letters and digits; rename it
            .slingshot.yaml:2: endpoints.b.port: must be a port of the Service: its number or its name
            """
        ),
        (
            "manifests: ../x\nttl: 12\nvalues: 5\nnonsense: 1\n",
            """
            .slingshot.yaml:4: "nonsense" is unknown; known: template, manifests, kustomize, helm, compose, build, endpoints, values, ttl
            .slingshot.yaml:1: manifests: "../x" is not a folder inside the repository; write a relative path such as deploy/preview
            .slingshot.yaml:2: ttl: must be a duration such as 90s, 30m, 4h, 2d or 1h30m, not "12"
            .slingshot.yaml:3: values: must be a mapping, not "5"
            """
        ),
        ("template: 1.0\n", #".slingshot.yaml:1: template: must be a string; write it in quotes: "1.0""#),
        ("template: web\nttl: 12\n", #".slingshot.yaml:2: ttl: must be a duration such as 90s, 30m, 4h, 2d or 1h30m, not "12""#),
        ("template: web\nvalues: [a]\n", ".slingshot.yaml:2: values: must be a mapping, not a list"),
        (
            "manifests: ../other\n",
            #".slingshot.yaml:1: manifests: "../other" is not a folder inside the repository; write a relative path such as deploy/preview"#
        ),
        (
            "manifests: /etc\n",
            #".slingshot.yaml:1: manifests: "/etc" is not a folder inside the repository; write a relative path such as deploy/preview"#
        ),
        (
            "manifests: .\n",
            #".slingshot.yaml:1: manifests: "." is not a folder inside the repository; write a relative path such as deploy/preview"#
        ),
    ])
    func saysWhatIsWrong(text: String, expected: String) {
        #expect(problem(text) == expected)
    }

    @Test func isBounded() {
        #expect(problem("template: web # \(String(repeating: "x", count: 70_000))").hasSuffix("and 65536 are allowed; make it smaller"))
    }
}
