import StagingModel
import Testing

@testable import StrictYAML

@Suite struct YAMLValueTests {
    private let document = """
        name: shop
        version: 1.10
        port: 8080
        empty:
        wide: true
        life: 1h30m
        tags: [a, b]
        deep:
          list:
            - x: 1
            - "y.z": {q: no}
        """

    private func root() throws -> YAMLMapping {
        try YAMLDocument.single(Array(document.utf8), file: "f").mapping()
    }

    private func problem(_ body: (YAMLMapping) throws -> Void) -> String {
        do {
            try body(try root())
            return "no problem"
        } catch {
            return "\(error)"
        }
    }

    @Test func readsEachType() throws {
        let root = try root()
        #expect(try root.required("name").string() == "shop")
        #expect(try root.required("port").integer(in: 1...65_535) == 8080)
        #expect(try root.required("wide").boolean())
        #expect(try root.required("life").duration() == 5_400)
        #expect(try root.required("tags").strings() == ["a", "b"])
        #expect(try root.required("deep").json() == ["list": [["x": 1], ["y.z": ["q": false]]]])
        #expect(root.optional("empty") == nil)
        #expect(root.fields.map(\.key) == ["name", "version", "port", "empty", "wide", "life", "tags", "deep"])
    }

    @Test func namesLineFieldAndFix() {
        #expect(problem { _ = try $0.required("version").string() } == #"f:2: version: must be a string; write it in quotes: "1.10""#)
        #expect(problem { _ = try $0.required("port").integer(in: 1...100) } == "f:3: port: must be from 1 to 100, not 8080")
        #expect(problem { _ = try $0.required("name").integer() } == #"f:1: name: must be a whole number, not "shop""#)
        #expect(problem { _ = try $0.required("tags").boolean() } == "f:7: tags: must be true or false, not a list")
        #expect(
            problem { _ = try $0.required("name").duration() }
                == #"f:1: name: must be a duration such as 90s, 30m, 4h, 2d or 1h30m, not "shop""#)
        #expect(problem { _ = try $0.required("deep").list() } == "f:8: deep: must be a list, not a mapping")
        #expect(problem { _ = try $0.required("empty") } == #"f:1: "empty" is missing; add it"#)
        #expect(
            problem {
                _ = try $0.required("deep").mapping().required("list").list()[1].mapping().required("y.z").mapping().required("q").string()
            }
                == #"f:11: deep.list[1]["y.z"].q: must be a string; write it in quotes: "no""#)
    }

    @Test func refusesUnknownKeysWithASuggestion() {
        let mapping = #"f:9: deep: "list" is unknown; did you mean "lists"? known: lists, other"#
        #expect(problem { _ = try $0.required("deep").mapping(allowing: ["lists", "other"]) } == mapping)
        #expect(
            problem { _ = try $0.required("deep").mapping(allowing: ["something"]) } == #"f:9: deep: "list" is unknown; known: something"#)
        #expect(problem { _ = try $0.required("deep").mapping(allowing: []) } == #"f:9: deep: "list" is unknown; nothing is known here"#)
    }

    @Test func findsTheLineOfAPath() throws {
        let node = try YAMLDocument.single(Array(document.utf8), file: "f").node
        #expect(node.line(of: FieldPath("deep", "list").appending(1).appending("y.z").appending("q")) == 11)
        #expect(node.line(of: FieldPath("deep", "list").appending(0).appending("absent")) == 10)
        #expect(node.line(of: FieldPath("deep", "list").appending(7)) == 9)
        #expect(node.line(of: FieldPath()) == 1)
    }
}

@Suite struct WordingTests {
    @Test(arguments: [
        ("prot", "port"), ("Port", "port"), ("imag", "image"), ("heathPath", "healthPath"), ("x", nil), ("", nil), ("completely", nil),
    ])
    func suggestsTheNearestName(text: String, expected: String?) {
        #expect(Wording.nearest(to: text, among: ["image", "port", "healthPath"]) == expected)
    }

    @Test func textsStayOnOneLine() {
        let problem = YAMLProblem(file: "a\nb.yaml", line: 1, message: "x\u{1B}[31m\u{202E}y\r\n\(String(repeating: "z", count: 5_000))")
        #expect(problem.description.hasPrefix("a\u{FFFD}b.yaml:1: x\u{FFFD}[31m\u{FFFD}y\u{FFFD}\u{FFFD}zzz"))
        #expect(problem.description.unicodeScalars.count < 1_100)
    }
}
