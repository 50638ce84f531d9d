import StagingModel
import StrictYAML
import Testing

@testable import Planning

@Suite struct TemplateTests {
    private let configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"x-${{ item.name }}\"}\n"

    private func template(_ descriptor: String, files: [String: String] = [:]) throws -> Template {
        try Template("t", files: files.merging(["template.yaml": descriptor]) { $1 }.mapValues { Array($0.utf8) })
    }

    private func render(_ template: Template, _ values: JSONValue) throws -> [String] {
        try template.render(ExpressionScope(request()).adding("values", values)).map { "\($0.kind)/\($0.name)" }
    }

    private func problem(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no problem"
        } catch {
            return "\(error)"
        }
    }

    @Test func everyShippedTemplateParses() throws {
        #expect(Template.shipped.keys.sorted() == ["web"])
        for template in Template.shipped.values { _ = try template.get() }
    }

    @Test func rendersConditionallyAndForEach() throws {
        let template = try template(
            "description: d\nmanifests:\n  - {file: a.yaml, when: \"${{ values.on }}\"}\n  - {file: b.yaml, forEach: \"${{ values.items }}\"}\n",
            files: ["a.yaml": "kind: A\nmetadata: {name: a}\n---\nkind: B\nmetadata: {name: b}\n", "b.yaml": configMap])
        let items: JSONValue = [["name": "one"], ["name": "two"]]
        #expect(try render(template, ["on": true, "items": items]) == ["A/a", "B/b", "ConfigMap/x-one", "ConfigMap/x-two"])
        #expect(try render(template, ["on": false, "items": []]) == [])
        #expect(
            problem { _ = try render(template, ["on": "yes", "items": []]) }
                == "templates/t/template.yaml:3: manifests[0].when: must be true or false")
        #expect(
            problem { _ = try render(template, ["on": true, "items": "x"]) }
                == "templates/t/template.yaml:4: manifests[1].forEach: must be a list")
        let many = JSONValue.array(Array(repeating: ["name": "x"], count: 201))
        #expect(problem { _ = try render(template, ["on": false, "items": many]) }.hasSuffix("more than 200 objects; use a shorter list"))
    }

    @Test(arguments: [
        ("", "templates/t/template.yaml: must be a mapping, not empty"),
        ("manifests: []\n", #"templates/t/template.yaml:1: "description" is missing; add it"#),
        (
            "description: d\nmanifests: [{file: c.yaml}]\n",
            #"templates/t/template.yaml:2: manifests[0].file: "c.yaml" is unknown; did you mean "b.yaml"? known: b.yaml"#
        ),
        (
            "description: d\nparameters: {a: {type: text}}\nmanifests: []\n",
            #"templates/t/template.yaml:2: parameters.a.type: "text" is unknown; known: string, integer, boolean, list, mapping, list of strings, mapping of strings"#
        ),
        (
            "description: d\nparameters:\n  a: {type: integer, description: d, default: x}\nmanifests: []\n",
            "templates/t/template.yaml:3: parameters.a.default: must be a whole number"
        ),
        (
            "description: d\nparameters:\n  a: {type: string, description: d, enum: [x, 1]}\n  b: {type: integer, description: d, minimum: 2, maximum: 1, default: 5}\n  c: {type: integer, description: d, pattern: x}\n  e: {type: string, description: d, pattern: \"(\"}\nmanifests: [{file: z.yaml}]\n",
            """
            templates/t/template.yaml:3: parameters.a.enum[1]: must be a string; write it in quotes
            templates/t/template.yaml:4: parameters.b: minimum is more than maximum; exchange them
            templates/t/template.yaml:4: parameters.b.default: must be at least 1 and at most 2, not 5
            templates/t/template.yaml:5: parameters.c.pattern: must be a regular expression, and the type string
            templates/t/template.yaml:6: parameters.e.pattern: must be a regular expression, and the type string
            templates/t/template.yaml:7: manifests[0].file: "z.yaml" is unknown; did you mean "b.yaml"? known: b.yaml
            """
        ),
        (
            "description: d\nparameters:\n  a: {type: integer, description: d, default: 1, required: true}\nmanifests: []\n",
            "templates/t/template.yaml:3: parameters.a.default: a required parameter has no default; remove one of the two"
        ),
    ])
    func saysWhatIsWrong(descriptor: String, expected: String) {
        #expect(problem { _ = try template(descriptor, files: ["b.yaml": configMap]) } == expected)
    }

    @Test(
        arguments: [
            (
                "{type: string, enum: [small, large]}", "smal",
                #"must be one of small, large: "smal" is unknown; did you mean "small"? known: small, large"#
            ),
            ("{type: integer, enum: [1, 3]}", 2, "must be one of 1, 3, not 2"),
            ("{type: integer, minimum: 1, maximum: 65535}", 0, "must be at least 1 and at most 65535, not 0"),
            ("{type: integer, maximum: 3}", 4, "must be at most 3, not 4"),
            ("{type: string, minimum: 2}", "a", "must be at least 2 characters, not 1"),
            ("{type: list of strings, maximum: 1}", ["a", "b"], "must be at most 1 items, not 2"),
            ("{type: string, pattern: \"[a-z]+\"}", "a1", #""a1" does not match [a-z]+; see the parameter's description: d"#),
            ("{type: string, enum: [small, large]}", "large", nil), ("{type: integer, minimum: 1, maximum: 65535}", 80, nil),
            ("{type: string, pattern: \"[a-z]+\"}", "abc", nil),
        ] as [(String, JSONValue, String?)])
    func valuesAreHeldToTheirParameter(parameter: String, value: JSONValue, expected: String?) throws {
        let template = try template(
            "description: d\nparameters: {a: \(parameter.dropLast()), description: d}}\nmanifests: [{file: b.yaml}]\n",
            files: ["b.yaml": configMap])
        #expect(template.parameters[0].complaint(about: value) == expected)
    }
}
