import Crypto
import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

@testable import Gateway

@Suite struct AccessTests {
    static let now = Samples.start.addingTimeInterval(600)
    static let key = SymmetricKey(data: Data(repeating: 7, count: 32))
    let stack = Samples.stack()

    func access(_ policy: AccessPolicy?, isSecure: Bool = true) -> Access {
        Access(policies: policy.map { [stack.name.repository: $0] } ?? [:], isSecure: isSecure, key: Self.key)
    }

    func visit(_ path: String = "/", query: String = "", cookies: String = "", authorization: String = "") throws -> Visit {
        Visit(
            host: try #require(StackHost(authority: "shop-7.staging.example.com", domain: "staging.example.com")), path: path, query: query,
            cookies: cookies, authorization: authorization, isBrowser: true)
    }

    func link(to stack: Stack, until seconds: TimeInterval = 3_600, key: SymmetricKey = Self.key) -> ShareLink {
        ShareLink(to: stack.name, createdAt: stack.createdAt, until: Self.now.addingTimeInterval(seconds), key: key)
    }

    @Test func `without a policy everybody may look`() throws {
        #expect(access(nil).admittance(of: try visit(authorization: "Basic eA=="), to: stack, at: Self.now) == .granted(anonymous: false))
    }

    @Test func `a share link sets a cookie of this host, and the cookie lets in`() throws {
        let access = access(AccessPolicy())
        #expect(access.admittance(of: try visit(), to: stack, at: Self.now) == .refused(offersPassword: false))
        let link = link(to: stack)
        #expect(
            link.url(below: "https://shop-7.staging.example.com") == "https://shop-7.staging.example.com/.slingshot/share?key=\(link.text)")
        let opened = access.admittance(of: try visit("/.slingshot/share", query: "key=\(link.text)"), to: stack, at: Self.now)
        let cookie = "__Host-slingshot=\(link.text)"
        #expect(opened == .shared(cookie: cookie + "; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure"))
        #expect(access.admittance(of: try visit(cookies: "a=b; \(cookie); c=d"), to: stack, at: Self.now) == .granted(anonymous: false))
    }

    @Test func `a link ends, and is good for its own stack and key only`() throws {
        let access = access(AccessPolicy())
        var relaunched = stack
        relaunched.createdAt = stack.createdAt.addingTimeInterval(60)
        let links = [
            link(to: stack, until: 0), link(to: Samples.stack { $0.name = Samples.stackName("shop-8") }), link(to: relaunched),
            link(to: stack, key: SymmetricKey(data: Data(repeating: 8, count: 32))),
        ]
        for link in links {
            #expect(
                access.admittance(of: try visit(cookies: "__Host-slingshot=\(link.text)"), to: stack, at: Self.now)
                    == .refused(offersPassword: false))
        }
    }

    @Test(arguments: [
        "", ".", "1", "1.", "1.x", "-1." + String(repeating: "a", count: 64), "99999999999999." + String(repeating: "a", count: 64),
    ])
    func `what is no link is none`(text: String) throws {
        let access = access(AccessPolicy())
        let visit = try visit("/.slingshot/share", query: "key=\(text)", cookies: "__Host-slingshot=\(text)")
        #expect(access.admittance(of: visit, to: stack, at: Self.now) == .refused(offersPassword: false))
    }

    @Test func `a longer life written into a link breaks its signature`() throws {
        let text = link(to: stack, until: 10).text
        let signature = text.split(separator: ".")[1]
        let forged = "\(Int(Self.now.timeIntervalSince1970) + 86_400).\(signature)"
        #expect(
            access(AccessPolicy()).admittance(of: try visit(cookies: "__Host-slingshot=\(forged)"), to: stack, at: Self.now)
                == .refused(offersPassword: false))
    }

    @Test func `the password lets in, and is kept from the stack`() throws {
        let access = access(AccessPolicy(basic: .init(user: "team", password: "pä:ss")))
        let right = "Basic " + Data("team:pä:ss".utf8).base64EncodedString()
        #expect(access.admittance(of: try visit(authorization: right), to: stack, at: Self.now) == .granted(anonymous: true))
        for wrong in ["", "Basic", "Basic ", "Basic ?", "Bearer x", "Basic " + Data("team:".utf8).base64EncodedString()] {
            #expect(access.admittance(of: try visit(authorization: wrong), to: stack, at: Self.now) == .refused(offersPassword: true))
        }
    }

    @Test func `with plain HTTP the cookie has another name`() throws {
        let access = access(AccessPolicy(), isSecure: false)
        #expect(
            access.admittance(of: try visit(cookies: "slingshot-share=\(link(to: stack).text)"), to: stack, at: Self.now)
                == .granted(anonymous: false))
    }
}
