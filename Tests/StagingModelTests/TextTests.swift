import Foundation
import StagingModel
import Testing

@Suite struct DurationTextTests {
    @Test(arguments: [("90s", 90), ("30m", 1_800), ("4h", 14_400), ("2d", 172_800), ("1h30m", 5_400), ("1d1s", 86_401)])
    func `reads durations as people write them`(text: String, seconds: Int) {
        #expect(DurationText.seconds(text) == seconds)
    }

    @Test(arguments: ["", "0s", "4", "h", "-4h", "4h4h", "30m1h", "4 h", "1.5h", "4w", "99999999999999999999h", "4000d", "\u{0664}h"])
    func `refuses what is no duration`(text: String) {
        #expect(DurationText.seconds(text) == nil)
    }

    @Test func `writes exactly, and roughly`() {
        #expect(DurationText.text(5_400) == "1h30m")
        #expect(DurationText.text(0) == "0s")
        #expect(DurationText.rough(86_399) == "23h59m")
        #expect(DurationText.rough(276_000) == "3d4h")
        #expect(DurationText.rough(61) == "1m1s")
        #expect(DurationText.rough(12) == "12s")
    }
}

@Suite struct InstantTests {
    @Test(arguments: ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00.250Z"])
    func `reads RFC 3339`(text: String) {
        #expect(Date(rfc3339: text)?.rfc3339 == "2026-01-01T00:00:00Z")
    }

    @Test(arguments: ["", "2026-01-01", "yesterday", "2026-13-01T00:00:00Z"])
    func `refuses what is not`(text: String) {
        #expect(Date(rfc3339: text) == nil)
    }
}

@Suite struct JSONTextTests {
    @Test func `keys are sorted and nothing is escaped that YAML would not read`() {
        let value: JSONValue = ["b": "a/b", "a": [1, true, .null, .number(0.5)], "é": "\u{1F600}"]
        #expect(value.canonicalText == #"{"a":[1,true,null,0.5],"b":"a/b","é":"\#u{1F600}"}"#)
    }

    @Test func `characters outside YAML's printable set are escaped`() {
        #expect(JSONValue.string("\"\\\n\t\u{7F}\u{1}\u{85}\u{FEFF}\u{2028}").canonicalText == #""\"\\\n\t\u007f\u0001\u0085\ufeff\u2028""#)
    }

    @Test func `a JSON parser reads it back`() throws {
        let value: JSONValue = ["t": .string("\"]}: {{x}} ${{ pr.title }} && rm -rf / \u{0}\u{7F}\r"), "n": -12, "o": [:], "l": []]
        #expect(try JSONDecoder().decode(JSONValue.self, from: Data(value.canonicalBytes)) == value)
    }
}
