import Forges
import Orchestration
import StagingModel
import Testing

@Suite struct ForgeAddressTests {
    @Test(arguments: [
        (Forge.github, "https://github.com/acme/shop.git", "https://api.github.com"),
        (.github, "git@github.com:acme/shop.git", "https://api.github.com"),
        (.github, "https://acme.ghe.com/acme/shop.git", "https://api.acme.ghe.com"),
        (.github, "https://ghe.example.com/acme/shop", "https://ghe.example.com/api/v3"),
        (.gitlab, "https://oauth2@gitlab.example.com:8443/acme/shop.git", "https://gitlab.example.com:8443/api/v4"),
        (.gitlab, "ssh://git@gitlab.example.com:2222/acme/shop.git", "https://gitlab.example.com/api/v4"),
        (.gitea, "http://127.0.0.1:3000/acme/shop.git", "http://127.0.0.1:3000/api/v1"),
        (.forgejo, "https://codeberg.org/acme/shop.git", "https://codeberg.org/api/v1"),
        (.bitbucket, "git@bitbucket.org:acme/shop.git", "https://api.bitbucket.org/2.0"),
        (.bitbucketServer, "https://git.example.com/scm/SHOP/shop.git", "https://git.example.com/rest"),
        (.bitbucketServer, "https://example.com/bitbucket/scm/SHOP/shop.git", "https://example.com/bitbucket/rest"),
    ]) func isKnownFromTheRepositorysURL(forge: Forge, url: String, api: String) throws {
        #expect(try ForgeAddress(of: forge, repositoryAt: url).description == api)
    }

    @Test(arguments: ["/srv/git/shop.git", "file:///srv/git/shop.git", "http://git.example.com/acme/shop.git"])
    func noTokenGoesWhereOthersCanRead(url: String) {
        #expect(throws: ForgeError.self) { try ForgeAddress(of: .gitlab, repositoryAt: url) }
    }

    @Test(arguments: [
        "", "git.example.com", "ftp://git.example.com", "http://git.example.com/api/v4", "https://ada:x@git.example.com", "https://x/?a=b",
        "https://x/#a", "https://", "http://127.0.0.1.example.com",
    ]) func isAPlainURL(text: String) {
        let error = #expect(throws: ForgeError.self) { try ForgeAddress(text) }
        #expect(error?.kind == .misconfigured)
    }

    @Test func mayEndWithASlash() throws {
        #expect(try ForgeAddress("https://git.example.com/api/v4/").description == "https://git.example.com/api/v4")
    }
}
