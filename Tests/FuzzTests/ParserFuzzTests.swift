import Foundation
import KubernetesClient
import SlingshotTestSupport
import StagingModel
import StrictYAML
import Testing

@testable import Planning

/// Readers of what strangers send: none crashes or hangs, each refuses in its own words, and each says the same twice.
@Suite(.serialized) struct ParserFuzzTests {
    /// Whatever somebody quotes, indents or hides commands nothing.
    @Test func comments() throws {
        let corpus = [
            "/slingshot extend 4h\n", "> quoted\n/slingshot destroy\n\n", "```sh\n/slingshot destroy\n```\n", "<!-- hidden -->\n",
            "<details>\n\n/slingshot status\n</details>\n", "- ~~~\n  /slingshot help\n", "`a ``b` c\n", "-- \n", "Mona wrote:\n", "\r\n",
        ].map { Array($0.utf8) }
        try Fuzzing.run("comment-text", inputs: 5_000) { input, mutator in
            let text = String(decoding: mutator.mutate(mutator.mutate(corpus.flatMap(\.self)), corpus: corpus), as: UTF8.self)
            let lines = text.unicodeScalars.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r" }.map { String($0) }
            #expect(CommentCommand(comment: lines.map { "> \($0)\n" }.joined()) == nil, "input \(input)")
            #expect(CommentCommand(comment: lines.map { "    \($0)\n" }.joined()) == nil, "input \(input)")
            let hidden = "<!-- " + String(String.UnicodeScalarView(text.unicodeScalars.filter { $0 != ">" }))
            #expect(CommentCommand(comment: hidden) == nil, "input \(input)")
        }
    }

    @Test(arguments: ["<", "`", "<!-->", "<!--", "> ", "\n", "~~~\n", "<details>", "/slingshot\n", " ", "-\t", "`\n``\n", "\u{301}"])
    func aLongCommentTakesNoTime(piece: String) {
        let text = String(repeating: piece, count: 65_536 / piece.unicodeScalars.count)
        let start = ContinuousClock.now
        _ = CommentCommand(comment: text)
        #expect(ContinuousClock.now - start < .seconds(3))
    }

    private static let stackFiles = [
        "template: web\nvalues: {image: \"x:${{ pr.sha }}\", port: 8080, env: {A: b}}\nttl: 12h\n",
        "manifests: deploy/preview\nvalues:\n  list: [1, 2.5, null, true]\n  map: &a {x: y}\n  more: {<<: *a}\n",
        "template: web\nendpoints: {api: {service: web, port: 80}, admin: {service: web, port: http}}\n",
        "kustomize: deploy\nbuild: {context: ., file: Containerfile}\nhelm: {chart: x}\n",
    ]

    @Test func stackFiles() throws {
        let corpus = Self.stackFiles.map { Array($0.utf8) }
        try Fuzzing.run("stack-file") { input, mutator in
            let bytes = mutator.mutate(corpus[Int(input) % corpus.count], corpus: corpus)
            let first = Result { () throws(PlanningError) in try StackFile.parse(bytes) }
            let second = Result { () throws(PlanningError) in try StackFile.parse(bytes) }
            #expect(first == second, "input \(input)")
            switch first {
            case .success(let file):
                if case .manifests(let folder) = file.source {
                    #expect(!folder.hasPrefix("/") && !folder.split(separator: "/").contains(".."), "input \(input)")
                }
                #expect(file.endpoints.count <= 10, "input \(input)")
            case .failure(let error):
                #expect((1...50).contains(error.problems.count), "input \(input)")
                #expect(
                    error.problems.allSatisfy { $0.message.unicodeScalars.count <= 1_001 && !$0.message.contains("\n") }, "input \(input)")
            }
            _ = Validation.stackFile(bytes, file: "f")
        }
    }

    @Test func yamlIsReadAsItWasWritten() throws {
        let corpus = Self.stackFiles.map { Array($0.utf8) }
        try Fuzzing.run("yaml") { input, mutator in
            let bytes = mutator.mutate(corpus[Int(input) % corpus.count], corpus: corpus)
            guard let documents = try? YAMLDocument.parse(bytes, file: "f") else { return }
            for document in documents {
                // What was read is JSON, and JSON is YAML: reading it again gives the same.
                let value = document.json()
                do {
                    let again = try YAMLDocument.parse(value.canonicalBytes, file: "f", limits: YAMLLimits(bytes: 16 << 20))
                    #expect(again.first?.json() ?? .null == value, "input \(input)")
                } catch {
                    Issue.record("input \(input): \(error): \(value.canonicalText.prefix(3_000))")
                }
            }
        }
    }

    @Test func expressions() throws {
        let corpus = [
            "${{ pr.title }}", "a ${{pr.number}} b ${{ stack.endpoints.api.url }}", "$${{ x }} ${{ values.list }}", "${{ pr.labels }}",
        ]
        .map { Array($0.utf8) }
        let request = try sampleRequest()
        let scope = ExpressionScope(request).adding("values", ["list": [1, ["a": "b"]], "text": "${{ pr.title }}", "none": .null])
        try Fuzzing.run("expression", inputs: 2_000) { input, mutator in
            let text = String(decoding: mutator.mutate(corpus[Int(input) % corpus.count], corpus: corpus), as: UTF8.self)
            let parts = Result { () throws(ExpressionProblem) in try Expression(text).parts }
            if !Expression.occurs(in: text), case .success(let parts) = parts {
                #expect(parts == (text.isEmpty ? [] : [.text(text)]), "input \(input)")
            }
            // Around it the structure stays, whatever the text is.
            let node = YAMLNode(["a": .string(text), "b": [.string(text), 1], "c": "!"])
            var substitution = Substitution(scope)
            guard let value = try? substitution.render(node, file: "f") else { return }
            #expect(Set((value.object ?? [:]).keys).isSubset(of: ["a", "b", "c"]), "input \(input)")
            #expect(value["c"] == "!" && value["b"]?.array?.last == 1, "input \(input)")
        }
    }

    @Test func kubeconfigs() throws {
        let text = """
            apiVersion: v1
            kind: Config
            current-context: dev
            clusters: [{name: c, cluster: {server: "https://one:6443", tls-server-name: api, proxy-url: "http://proxy:1"}}]
            contexts: [{name: dev, context: {cluster: c, user: u, namespace: team}}]
            users: [{name: u, user: {token: t, username: a, password: b, as: c, exec: {command: x, args: [y], env: [{name: a, value: b}], apiVersion: client.authentication.k8s.io/v1}}}]
            """
        let corpus = [
            Array(text.utf8), Array(text.replacing("token: t, ", with: "client-certificate-data: QQ==, client-key-data: QQ==, ").utf8),
        ]
        try Fuzzing.run("kubeconfig") { input, mutator in
            let broken = String(decoding: mutator.mutate(corpus[Int(input) % 2], corpus: corpus), as: UTF8.self)
            do throws(KubernetesError) {
                _ = try Kubeconfig(yaml: broken).configuration()
            } catch {
                #expect(!"\(error)".contains("\n"), "input \(input)")
            }
        }
    }
}

/// A pull request whose every text is hostile.
func sampleRequest(policy: StackPolicy = StackPolicy()) throws -> PlanRequest {
    let name = try #require(RepositoryName("shop"))
    return PlanRequest(
        stack: try #require(StackName(repository: name, number: 42)),
        repository: RepositorySettings(
            name: name, forge: .github, repository: "acme/shop", url: "", runtime: "", values: ["a": "x"], policy: policy),
        pullRequest: PullRequest(number: 42, title: #""]}: {{x}} ${{ pr.title }}"#, branch: "../../x", labels: ["a: b"]),
        commit: Samples.commit("a"), addressing: StackAddressing(domain: "staging.example.com"), stackFile: nil)
}
