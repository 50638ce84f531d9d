import StagingModel
import Testing

@testable import Gateway

@Suite struct LogExcerptTests {
    @Test(
        arguments: [
            ("plain text", "plain text"), ("\u{1B}[31mred\u{1B}[0m", "red"), ("\u{1B}[38;5;196mred\u{1B}[m", "red"),
            ("\u{9B}1mbold", "bold"),
            ("\u{1B}]0;title\u{07}text", "text"), ("\u{1B}]8;;http://evil.example\u{1B}\\link\u{1B}]8;;\u{1B}\\", "link"),
            ("\u{1B}Pq#0\u{1B}\\picture", "picture"), ("\u{1B}(Btext\u{1B}7", "text"), ("10%\r20%\r100%", "100%"), ("text\r", "text"),
            ("a\tb", "a b"), ("a\u{0}\u{8}\u{7F}b", "ab"), ("a\u{202E}b\u{2066}c\u{200B}d\u{2028}e", "abcde"), ("\u{1B}", ""),
            ("\u{1B}[", ""), ("\u{1B}]no end", ""), ("Grüße 🚀 日本", "Grüße 🚀 日本"),
        ]) func plain(text: String, expected: String)
    {
        #expect(LogExcerpt.plain(text) == expected)
    }

    @Test func `long lines are cut, and only the last are kept`() {
        #expect(LogExcerpt.plain(String(repeating: "x", count: 16_384)).count == LogExcerpt.longestLine + 1)
        let many = (0..<100).map { LogLine(pod: "web-1", container: "web", time: "", text: "line \($0)") }
        let lines = LogExcerpt.lines(many)
        #expect(lines.count == LogExcerpt.mostLines)
        #expect(lines.last?.text == "line 99")
    }

    @Test func `who wrote a line is told where it can be more than one`() {
        let web = LogLine(pod: "web-1", container: "web", time: "", text: "a")
        let build = LogLine(pod: "build", container: "build", time: "", text: "b")
        #expect(LogExcerpt.lines([web, web]).map(\.source) == ["", ""])
        #expect(LogExcerpt.lines([web, build]).map(\.source) == ["web", "build"])
        let other = LogLine(pod: "web-2", container: "web", time: "", text: "c")
        #expect(LogExcerpt.lines([web, other, build]).map(\.source) == ["web-1/web", "web-2/web", "build"])
    }
}
