import StagingModel
import Testing

@testable import Gateway

@Suite struct StackHostTests {
    @Test(arguments: [
        ("shop-7.staging.example.com", "shop-7", "shop-7.staging.example.com"),
        ("SHOP-7.Staging.Example.COM:8443", "shop-7", "shop-7.staging.example.com"),
        ("shop-7.staging.example.com.", "shop-7", "shop-7.staging.example.com"),
        ("shop-7.staging.example.com:", "shop-7", "shop-7.staging.example.com"),
        ("shop-7.staging.example.com.:443", "shop-7", "shop-7.staging.example.com"),
        ("web-shop-12-api2.staging.example.com", "web-shop-12", "web-shop-12-api2.staging.example.com"),
    ]) func reads(authority: String, stack: String, name: String) throws {
        let host = try #require(StackHost(authority: authority, domain: "staging.example.com"))
        #expect(host.stack.description == stack)
        #expect(host.name == name)
    }

    @Test func `an endpoint's host that was cut to fit DNS leads to its stack`() throws {
        let stack = "a234567890123456789012345678901234567890-1234567890"
        let host = try #require(StackHost(authority: "\(stack)-abcde-23456.staging.example.com", domain: "staging.example.com"))
        #expect(host.stack.description == stack)
        #expect(host.name == "\(stack)-abcde-23456.staging.example.com")
    }

    @Test(arguments: [
        "", ".", "staging.example.com", ".staging.example.com", "shop.staging.example.com", "shop-07.staging.example.com",
        "a.shop-7.staging.example.com", "shop_7.staging.example.com", "shop-7.staging.example.com..",
        "shop-7.staging.example.com.evil.example",
        "shop-7staging.example.com", "shop-7.staging.example.com:80:80", "shop-7.staging.example.com:abc",
        "shop-7.staging.example.com:999999", "shoP-7.ſtaging.example.com", "ｓhop-7.staging.example.com", "shop-7.staging.example.com/x",
        "user@shop-7.staging.example.com", "shop-7-.staging.example.com", "shop-7-1api.staging.example.com", "[::1]:80",
        "shop-7-abcdefghijklmnopq.staging.example.com", String(repeating: "a", count: 400) + "-7.staging.example.com",
    ]) func refuses(authority: String) {
        #expect(StackHost(authority: authority, domain: "staging.example.com") == nil)
    }
}
