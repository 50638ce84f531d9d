import Orchestration
import Testing

@testable import GitRefs

@Suite struct RemoteAddressTests {
    @Test(arguments: [
        ("https://github.com/acme/shop.git", "https://github.com/acme/shop.git"),
        ("HTTPS://github.com/acme/shop.git", "https://github.com/acme/shop.git"),
        ("http://ada@example.com:8080/shop.git", "http://example.com:8080/shop.git"),
        ("ssh://git@example.com/shop.git", "ssh://git@example.com/shop.git"),
        ("git@example.com:acme/shop.git", "git@example.com:acme/shop.git"),
        ("file:///srv/git/shop.git", "file:///srv/git/shop.git"), ("/srv/git/a b:c%.git", "file:///srv/git/a%20b:c%25.git"),
    ]) func accepts(text: String, url: String) throws {
        #expect(try RemoteAddress(text).url == url)
    }

    @Test(arguments: [
        "", "shop.git", "./shop.git", "../shop.git", "git://example.com/shop.git", "ext::sh -c id", "ftp://example.com/x", "javascript://x",
        "://x", ":x", "-oProxyCommand=id:x", "https://example.com/a b", "https://example.com/\nx", "/srv/\0x",
        "https://ada:s3cret@example.com/x", "ssh://-oProxyCommand=id/x", "ssh://-oProxyCommand=id@host/x", "git@-oProxyCommand=id:x",
        "https:///x",
    ]) func refuses(text: String) throws {
        let error = try #require(throws: StepError.self) { try RemoteAddress(text) }
        #expect(!error.isRetryable)
        #expect(!error.message.contains("\n"))
    }

    @Test(arguments: [
        ("https://ada@example.com/a@b", "https://example.com/a@b"), ("https://a@b@example.com", "https://example.com"),
        ("https://example.com/a@b?c@d", "https://example.com/a@b?c@d"), ("git@example.com:a/b", "example.com:a/b"),
        ("/srv/a@b", "/srv/a@b"),
        ("https://example.com?x@y", "https://example.com?x@y"),
    ]) func showsNoUserNameAndPassword(text: String, shown: String) throws {
        #expect(try RemoteAddress(text).description == shown)
    }

    @Test func showsNoPasswordOfAnAddressThatIsRefused() throws {
        let error = try #require(throws: StepError.self) { try RemoteAddress("git://ada:s3cret@example.com/x") }
        #expect(error.message == "the url git://example.com/x is not supported; use https://, http://, ssh://, file:// or an absolute path")
    }

    @Test(arguments: [
        ("https://example.com/x", true), ("http://127.0.0.1:8080/x", true), ("http://[::1]:80/x", true), ("http://localhost/x", true),
        ("http://example.com/x", false), ("http://127.0.0.1.example.com/x", false), ("http://127.0.0.1@example.com/x", false),
        ("http://localhost:80@example.com/x", nil), ("ssh://git@example.com/x", false), ("/srv/x", false),
    ]) func sendsATokenOnlyWhereNobodyCanListen(url: String, isSent: Bool?) {
        #expect((try? RemoteAddress(url))?.isConfidential == isSent)
    }

    @Test func keepsWhatAServerSaysOnOneLine() {
        #expect(oneLine("a\r\nb\u{1B}[31m\u{202E}c\u{2028}") == "a  b [31m c ")
        #expect(oneLine(String(repeating: "x", count: 999)).count == 300)
    }
}
