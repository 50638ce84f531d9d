import StagingModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct PatternsTests {
    @Test(arguments: [
        ("main", "main", true), ("main", "mainline", false), ("main", "Main", false), ("", "", true),
        ("release/*", "release/1.2", true), ("release/*", "release/1/2", false), ("release/*", "release/", true),
        ("*", "main", true), ("*", "feature/a", false), ("**", "feature/a", true), ("**", "", true),
        ("src/**", "src/a", true), ("src/**", "src/a/b.swift", true), ("src/**", "src", false), ("src/**", "lib/src/a", false),
        ("*.md", "README.md", true), ("*.md", "docs/README.md", false), ("**.md", "docs/README.md", true),
        ("**/*.md", "README.md", true), ("**/*.md", "docs/a/README.md", true), ("**/*.md", "README.mdx", false),
        ("docs/**/a", "docs/a", true), ("docs/**/a", "docs/x/y/a", true), ("docs/**/a", "docs/xa", false),
        ("**/a/**/b", "a/b", true), ("**/a/**/b", "x/a/y/b", true), ("**/a/**/b", "xa/b", false),
        ("a**b", "a/x/b", true), ("a***b", "ab", true), ("pages/[id].tsx", "pages/[id].tsx", true),
        ("pages/[id].tsx", "pages/i.tsx", false),
        ("src/?.c", "src/a.c", false), ("src/**", "src/a\nb", true), ("a", "a\n", false), ("größe/*", "größe/ä", true),
    ])
    func `a pattern and a text`(pattern: String, text: String, isMatch: Bool) throws {
        #expect(try #require(Patterns([pattern])).match(text) == isMatch)
    }

    @Test(arguments: [
        (["**", "!docs/**"], "src/a", true), (["**", "!docs/**"], "docs/a", false),
        (["**", "!docs/**", "docs/api/**"], "docs/api/a", true), (["src/**", "lib/**"], "lib/a", true),
        (["src/**", "lib/**"], "web/a", false),
        (["!docs/**", "**"], "docs/a", true),
    ])
    func `the last of a list that matches decides`(patterns: [String], text: String, isMatch: Bool) throws {
        #expect(try #require(Patterns(patterns)).match(text) == isMatch)
    }

    @Test func `names can be compared without regard to case`() throws {
        let authors = try #require(Patterns(["**", "!Dependabot[bot]"], ignoringCase: true))
        #expect(!authors.match("dependabot[BOT]"))
        #expect(authors.match("Ada"))
    }

    @Test(arguments: [[], ["!docs/**"], ["!a", "!b"]])
    func `a list that lets nothing in is none`(patterns: [String]) { #expect(Patterns(patterns) == nil) }

    @Test func `paths are bytes, and need not be UTF-8`() throws {
        #expect(try #require(Patterns(["src/*.c"])).match([0x73, 0x72, 0x63, 0x2F, 0xFF, 0xFE, 0x2E, 0x63]))
    }

    @Test func `a path made to be slow is not`() throws {
        let pattern = String(repeating: "*a", count: 500) + "b"
        #expect(!(try #require(Patterns([pattern, "**/" + pattern])).match(String(repeating: "a", count: 4_095))))
    }
}
