import StagingModel
import Testing

@testable import StrictYAML

@Suite struct YAMLDocumentTests {
    private func parse(_ text: String, limits: YAMLLimits = YAMLLimits()) throws -> [JSONValue] {
        try YAMLDocument.parse(Array(text.utf8), file: "f.yaml", limits: limits).map { $0.json() }
    }

    private func problem(_ text: String, limits: YAMLLimits = YAMLLimits()) -> String {
        do {
            return "no problem: \(try parse(text, limits: limits))"
        } catch {
            return "\(error)"
        }
    }

    @Test func keepsQuotedTextAsWritten() throws {
        let text = """
            a: "1.10"
            b: '1234567e5'
            c: !!str 1.10
            d: |
              yes
            e: >-
              12
            f: "\\u263a \\x41"
            """
        #expect(try parse(text) == [["a": "1.10", "b": "1234567e5", "c": "1.10", "d": "yes\n", "e": "12", "f": "☺ A"]])
    }

    @Test func leavesEmptyDocumentsOut() throws {
        #expect(try parse("---\n# nothing\n---\na: 1\n---\n...\n---\nb: 2\n---\n") == [["a": 1], ["b": 2]])
        #expect(try parse("") == [])
        #expect(try parse("\u{FEFF}a: 1") == [["a": 1]])
        #expect(try parse("a: 1\r\nb:\r\n  - x\r\n") == [["a": 1, "b": ["x"]]])
    }

    @Test func expandsAliasesAndMergeKeys() throws {
        let text = """
            base: &base {a: 1, b: 2}
            more: &more {b: 3, c: 4}
            one: {<<: *base, b: 9}
            two: {<<: [*base, *more]}
            list: [*base, "*base"]
            """
        let value = try #require(try parse(text).first)
        #expect(value["one"] == ["a": 1, "b": 9])
        #expect(value["two"] == ["a": 1, "b": 2, "c": 4])
        #expect(value["list"] == [["a": 1, "b": 2], "*base"])
    }

    @Test func readsJSON() throws {
        #expect(
            try parse("{\n\t\"a\": [1, 2.5, null, true, \"x\\/y\\n\"],\n\t\"b\": {}\n}\n") == [
                ["a": [1, .number(2.5), .null, true, "x/y\n"], "b": [:]]
            ])
    }

    @Test(arguments: [
        ("a: 1\nb: 2\na: 3\n", #"f.yaml:3: the key "a" is given already in line 1; keep one of them"#),
        (#"{"a": 1, a: 2}"#, #"f.yaml:1: the key "a" is given already in line 1; keep one of them"#),
        ("a:\n  1: x\n", #"f.yaml:2: the key 1 is not a string; write it in quotes: "1""#),
        ("on: push\n", #"f.yaml:1: the key on is not a string; write it in quotes: "on""#),
        ("? [a]\n: x\n", "f.yaml:1: a mapping or a list can't be a key; write a string"),
        ("a: &a x\n*a : y\nb: [*a]\n? {b: *a}\n: z\n", "f.yaml:4: a mapping or a list can't be a key; write a string"),
        ("a: *b\n", "f.yaml:1: the alias *b names no anchor before it; define &b first"),
        ("a: &a [*a]\n", "f.yaml:1: the alias *a names no anchor before it; define &a first"),
        ("a: &a x\n---\nb: *a\n", "f.yaml:3: the alias *a names no anchor before it; define &a first"),
        ("a: 1\n<<: 2\n", "f.yaml:2: << takes a mapping or a list of mappings; name an anchor of one"),
        ("a: !!binary aGk=\n", #"f.yaml:1: the tag "tag:yaml.org,2002:binary" is not supported; remove it"#),
        ("a: !secret x\n", #"f.yaml:1: the tag "!secret" is not supported; remove it"#),
        ("a: .nan\n", "f.yaml:1: .nan is not a JSON number; write it in quotes"),
        ("a: [1\nb: 2\n", "f.yaml:2: not valid YAML: while parsing a flow sequence, did not find expected ',' or ']'"),
        ("a: 1\nb: \u{1}\n", "f.yaml:2: not valid YAML: control characters are not allowed"),
        ("a:\n\t- b\n", "f.yaml:2: not valid YAML: while scanning for the next token, found character that cannot start any token"),
        ("a: \"\\ud800\"\n", "f.yaml:1: not valid YAML: while parsing a quoted scalar, found invalid Unicode character escape code"),
    ])
    func saysWhereAndWhy(text: String, expected: String) {
        #expect(problem(text) == expected)
    }

    @Test func refusesWhatPassesTheLimits() {
        #expect(
            problem("aaaaaaaaaaa", limits: YAMLLimits(bytes: 10)) == "f.yaml: the file has 11 bytes, and 10 are allowed; make it smaller")
        #expect(problem("a\n---\nb\n---\nc", limits: YAMLLimits(documents: 2)) == "f.yaml:4: more than 2 documents; split the file")
        #expect(
            problem("[1, 2, 3]", limits: YAMLLimits(nodes: 3)) == "f.yaml:1: more than 3 values, aliases expanded; make the file smaller")
        #expect(problem("[[[[1]]]]", limits: YAMLLimits(depth: 4)) == "f.yaml:1: more than 4 levels inside each other; nest less")
        #expect(
            problem("a: &a [[1]]\nb: [[*a]]\n", limits: YAMLLimits(depth: 5)) == "f.yaml:2: more than 5 levels inside each other; nest less"
        )
    }

    /// Each of these takes a reader that looks at nothing before it is done seconds, gigabytes, or its stack.
    enum Bomb: CaseIterable {
        case openLists, openMappings, nestedKeys, nestedItems, wideKey, manyNulls, largeAlias, aliases, aliasesInKey, merges

        var text: String {
            switch self {
            case .openLists: String(repeating: "[", count: 500_000)
            case .openMappings: String(repeating: "{a: ", count: 999)
            case .nestedKeys: String(repeating: "? ", count: 990) + "a"
            case .nestedItems: String(repeating: "- ", count: 990) + "a"
            case .wideKey: String(repeating: "{", count: 900) + String(repeating: "a,", count: 100_000)
            case .manyNulls: String(repeating: "-\n", count: 500_000)
            case .largeAlias: "a: &a \(String(repeating: "x", count: 500_000))\nb: [\(String(repeating: "*a,", count: 50_000))]\n"
            case .aliases:
                "a: &a [x, x, x, x, x, x, x, x, x]\n"
                    + zip("abcdefghijkl", "bcdefghijklm").map { "\($1): &\($1) [\(String(repeating: "*\($0), ", count: 9))]\n" }.joined()
            case .aliasesInKey: Bomb.aliases.text + "? *m\n: x\n"
            case .merges: "a: &a {k: v}\nb: {<<: [\(String(repeating: "*a,", count: 100_000))]}\n"
            }
        }
    }

    @Test(arguments: Bomb.allCases)
    func refusesBombs(bomb: Bomb) {
        #expect(problem(bomb.text).hasPrefix("f.yaml:"))
    }

    @Test func refusesInvalidUTF8() {
        #expect(throws: YAMLProblem(file: "f", line: nil, message: "the file is not UTF-8; save it as UTF-8")) {
            try YAMLDocument.parse([0x61, 0x3A, 0x20, 0xC0, 0xAF], file: "f")
        }
    }

    @Test func aSingleDocumentIsSingle() throws {
        #expect(try YAMLDocument.single([], file: "f").isNull)
        #expect(throws: YAMLProblem(file: "f", line: 3, message: "a second document; this file may hold one only")) {
            try YAMLDocument.single(Array("a: 1\n---\nb: 2\n".utf8), file: "f")
        }
    }
}

/// What is no UTF-8 text, and what is too much of one.
@Suite struct YAMLEncodingTests {
    private func problem(_ bytes: [UInt8], _ limits: YAMLLimits = YAMLLimits()) -> String {
        do {
            return "no problem: \(try YAMLDocument.parse(bytes, file: "f", limits: limits).map { $0.json() })"
        } catch {
            return "\(error)"
        }
    }

    @Test(
        arguments: [
            ([0xFF, 0xFE] + "a: 1\n".utf8.flatMap { [$0, 0] }, "f: the file is not UTF-8; save it as UTF-8"),
            ([0xFE, 0xFF] + "a: 1\n".utf8.flatMap { [0, $0] }, "f: the file is not UTF-8; save it as UTF-8"),
            ("a: 1\n".utf8.flatMap { [$0, 0] }, "f:1: not valid YAML: control characters are not allowed"),
            (Array("a: caf".utf8) + [0xE9, 0x0A], "f: the file is not UTF-8; save it as UTF-8"),
            (Array("a: ".utf8) + [0xED, 0xA0, 0x80], "f: the file is not UTF-8; save it as UTF-8"),
            (Array("a: 1\nb: ".utf8) + [0], "f:2: not valid YAML: control characters are not allowed"),
            (
                [0xEF, 0xBB, 0xBF] + Array("a: 1\n".utf8),
                #"no problem: [StagingModel.JSONValue.object(["a": StagingModel.JSONValue.integer(1)])]"#
            ),
        ] as [([UInt8], String)])
    func refusesOtherEncodings(bytes: [UInt8], expected: String) {
        #expect(problem(bytes) == expected)
    }

    @Test func refusesTenThousandDocumentsAndHugeScalars() {
        #expect(problem(Array(String(repeating: "---\na: 1\n", count: 10_000).utf8)) == "f:1001: more than 500 documents; split the file")
        #expect(
            problem(Array(repeating: UInt8(ascii: "x"), count: 100_000_000))
                == "f: the file has 100000000 bytes, and 1048576 are allowed; make it smaller")
        #expect(problem(Array(("\"" + String(repeating: "\\x41", count: 200_000)).utf8)).hasPrefix("f:1: not valid YAML"))
        #expect(problem(Array((String(repeating: "a", count: 1_000_000) + ": 1\n").utf8)).hasPrefix("f:"))
    }

    /// Found by fuzzing: what is read has to be readable again.
    @Test(arguments: ["a: {\(String(repeating: "k", count: 1_001)): 1}", "{\"\(String(repeating: "\u{FEFF}", count: 200))\": 1}"])
    func refusesKeysThatNoYAMLHas(text: String) {
        #expect(problem(Array(text.utf8)).hasSuffix("has more than 1000 characters; shorten it"))
    }

    /// Each level merges the one before ten times: a billion fields for a reader that expands them, and one for this one.
    @Test func laughsThroughMergeKeysStaySmall() throws {
        var text = "a0: &a0 {k: v}\n"
        for level in 1...9 { text += "a\(level): &a\(level) {<<: [\((0..<10).map { _ in "*a\(level - 1)" }.joined(separator: ", "))]}\n" }
        let found = problem(Array(text.utf8))
        #expect(found.hasPrefix("no problem") || found.hasPrefix("f:"))
        #expect(found.utf8.count < 10_000)
        var wide = "base: &b0 {\((0..<100).map { "k\($0): v" }.joined(separator: ", "))}\n"
        for level in 1...200 { wide += "b\(level): &b\(level) {<<: *b\(level - 1), n\(level): v}\n" }
        #expect(problem(Array(wide.utf8)).utf8.count > 0)
    }
}
