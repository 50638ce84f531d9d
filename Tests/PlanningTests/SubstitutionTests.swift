import StagingModel
import StrictYAML
import Testing

@testable import Planning

@Suite struct SubstitutionTests {
    private static let hostile = ##""]}: {{x}} ${{ pr.title }} && rm -rf /"##

    private func render(_ text: String, title: String = hostile, values: JSONValue = [:]) throws -> JSONValue {
        let scope = ExpressionScope(
            try request(pullRequest: PullRequest(number: 42, title: title, branch: "feature/login", labels: ["a", "b"])))
        var substitution = Substitution(scope.adding("values", values))
        return try substitution.render(YAMLDocument.single(Array(text.utf8), file: "f").node, file: "f")
    }

    private func problem(_ text: String, values: JSONValue = [:]) -> String {
        do {
            return "no problem: \(try render(text, values: values).canonicalText)"
        } catch {
            return "\(error)"
        }
    }

    @Test func aTextStaysInItsScalar() throws {
        #expect(
            try render("a: ${{ pr.title }}\nb: \"x ${{pr.title}} y\"\n") == [
                "a": .string(Self.hostile), "b": .string("x \(Self.hostile) y"),
            ])
        #expect(try render("a: ${{ pr.title }}\n", title: "yes\nb: 1") == ["a": "yes\nb: 1"])
    }

    @Test func aWholeScalarTakesTheValuesType() throws {
        let values: JSONValue = ["n": 3, "on": true, "list": [1, "x"], "map": ["k": "${{ pr.title }}"]]
        #expect(
            try render("p: ${{ values.n }}\nq: \"${{ values.n }}\"\nr: !!str ${{ values.n }}\ns: ${{values.on}}\n", values: values)
                == ["p": 3, "q": 3, "r": "3", "s": true])
        #expect(
            try render("[\"${{ values.list }}\", \"${{ values.map }}\", \"v${{ values.n }}-${{ values.on }}\"]", values: values)
                == [[1, "x"], ["k": "${{ pr.title }}"], "v3-true"])
        #expect(
            try render("[\"${{ pr.number }}\", \"${{ pr.labels }}\", \"${{ stack.host }}\", \"${{ repo.owner }}/${{ repo.name }}\"]")
                == [42, ["a", "b"], "shop-42.staging.example.com", "acme/shop"])
    }

    @Test func noValueLeavesTheFieldOut() throws {
        #expect(
            try render("{a: \"${{ values.none }}\", b: null, c: [\"${{ values.none }}\", 1]}", values: ["none": .null]) == [
                "b": .null, "c": [1],
            ])
    }

    @Test func twoDollarsWriteOne() throws {
        #expect(try render("a: $${{ pr.title }} $$ $${ {{x}} $x\n") == ["a": "${{ pr.title }} $$ $${ {{x}} $x"])
    }

    @Test(arguments: [
        (
            "\na: ${{ pr.titel }}\n",
            #"f:2: "pr.titel" is unknown; did you mean "pr.title"? known: pr.author, pr.base, pr.branch, pr.branchSlug, pr.labels, pr.number, pr.sha, pr.shortSha, pr.title, pr.url"#
        ),
        (
            "a: ${{ stack.image }}\n",
            "f:1: stack.image: the stack file builds no image; add `build: {context: .}` to it, or name an image that there is"
        ),
        ("a: ${{ env.HOME }}\n", #"f:1: "env.HOME" is unknown; known: pr, repo, stack, values"#),
        ("a: ${{ pr.title.x }}\n", "f:1: pr.title.x: pr.title is not a mapping; end the path there"),
        ("a: x${{ pr.labels }}\n", "f:1: pr.labels is a list or a mapping, and can't be part of a text; let it stand alone"),
        ("a: x${{ values.none }}\n", "f:1: values.none has no value, and can't be part of a text; give it one"),
        ("a: ${{ pr.title\n", "f:1: an expression is not closed; add }}"),
        ("a: ${{ }}\n", #"f:1: "" is not a path; write names with dots between, such as pr.number"#),
        ("a: ${{ pr..title }}\n", #"f:1: "pr..title" is not a path; write names with dots between, such as pr.number"#),
        ("a: ${{ 1 + 1 }}\n", #"f:1: "1 + 1" is not a path; write names with dots between, such as pr.number"#),
        ("\n${{ pr.title }}: a\n", "f:2: an expression can't be a key; write the key out"),
    ])
    func saysWhatIsWrong(text: String, expected: String) {
        #expect(problem(text, values: ["none": .null]) == expected)
    }

    @Test func manyLargeValuesAreRefused() {
        let list = String(repeating: "- ${{ values.big }}\n", count: 100)
        #expect(
            problem(list, values: ["big": .string(String(repeating: "x", count: 100_000))])
                == "f:42: expressions insert more than 4 MiB; use smaller values")
        #expect(problem(list, values: ["big": .array(Array(repeating: [], count: 100_000))]).hasSuffix("use smaller values"))
    }
}
