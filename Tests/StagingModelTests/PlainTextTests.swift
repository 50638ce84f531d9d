import StagingModel
import Testing

@Suite struct PlainTextTests {
    @Test(
        arguments: [
            ("plain text", "plain text"), ("\u{1B}[31mred\u{1B}[0m", "red"), ("\u{1B}[38;5;196mred\u{1B}[m", "red"),
            ("\u{9B}1mbold", "bold"),
            ("\u{1B}]0;title\u{07}text", "text"), ("\u{1B}]8;;http://evil.example\u{1B}\\link\u{1B}]8;;\u{1B}\\", "link"),
            ("\u{1B}Pq#0\u{1B}\\picture", "picture"), ("\u{1B}(Btext\u{1B}7", "text"), ("10%\r20%\r100%", "100%"), ("text\r", "text"),
            ("a\tb", "a b"), ("a\u{0}\u{8}\u{7F}b", "ab"), ("a\u{202E}b\u{2066}c\u{200B}d\u{2028}e", "abcde"), ("\u{1B}", ""),
            ("\u{1B}[", ""), ("\u{1B}]no end", ""), ("Grüße 🚀 日本", "Grüße 🚀 日本"),
        ]) func `nothing is left that a terminal obeys`(text: String, expected: String)
    {
        #expect(PlainText.line(text, limit: 100) == expected)
    }

    @Test func `long lines are cut`() {
        #expect(PlainText.line(String(repeating: "x", count: 16_384), limit: 300) == String(repeating: "x", count: 300) + "…")
    }
}
