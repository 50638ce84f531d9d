import Foundation
import StagingModel
import Testing

@testable import Webhooks

@Suite struct WebhookReceiverTests {
    private let shop = "fish and chips"
    private let blog = "bangers and mash"

    private func twoRepositories() throws -> WebhookReceiver {
        try GitHubFixture.receiver([
            GitHubFixture.subscription("shop", "Acme/Shop", secret: shop), GitHubFixture.subscription("blog", "acme/blog", secret: blog),
            GitHubFixture.subscription("docs", "acme/docs", secret: shop),
        ])
    }

    private func body(of repository: String) throws -> [UInt8] {
        try GitHubFixture.opened().with("repository.full_name", .string(repository)).canonicalBytes
    }

    @Test func acceptsASignedDelivery() throws {
        let verified = try GitHubFixture.receiver().receive(GitHubFixture.delivery(GitHubFixture.opened().canonicalBytes))
        #expect(verified.forge == "github")
        #expect(verified.hook == "292430182")
        #expect(verified.id == "72d3162e-cc78-11e3-81ab-4c9367dc0958")
        #expect(verified.repository?.description == "shop")
        #expect(verified.message.repository == "acme/shop")
    }

    @Test(arguments: [
        ("acme/shop", "fish and chips", "shop"), ("ACME/blog", "bangers and mash", "blog"), ("acme/docs", "fish and chips", "docs"),
    ])
    func eachRepositoryHasItsSecret(fullName: String, secret: String, name: String) throws {
        let verified = try twoRepositories().receive(GitHubFixture.delivery(body(of: fullName), secret: secret))
        #expect(verified.repository?.description == name)
    }

    @Test(arguments: [("acme/blog", "fish and chips"), ("acme/shop", "bangers and mash"), ("acme/shop", "guess")])
    func secretOfOneRepositoryForgesForNoOther(fullName: String, secret: String) throws {
        for event in ["pull_request", "push", "ping"] {
            #expect(throws: DeliveryRejection.wrongSignature) {
                try twoRepositories().receive(GitHubFixture.delivery(body(of: fullName), event: event, secret: secret))
            }
        }
    }

    @Test func unknownRepositoryIsToldOnlyToHoldersOfASecret() throws {
        #expect(throws: DeliveryRejection.unknownRepository("acme/other")) {
            try twoRepositories().receive(GitHubFixture.delivery(body(of: "acme/other"), secret: shop))
        }
        #expect(throws: DeliveryRejection.wrongSignature) {
            try twoRepositories().receive(GitHubFixture.delivery(body(of: "acme/other"), secret: "guess"))
        }
    }

    @Test func signatureComesBeforeEverythingInTheDelivery() throws {
        let noise: [String: String?] = [
            "Content-Type": "text/plain", "X-GitHub-Event": nil, "X-GitHub-Delivery": nil, "X-Gitea-Event": "push",
        ]
        for body in [Data("not json".utf8), Data(), Data([0xFF])] {
            #expect(throws: DeliveryRejection.wrongSignature) {
                try GitHubFixture.receiver().receive(GitHubFixture.delivery(body, secret: "guess", headers: noise))
            }
        }
    }

    @Test func signatureIsOfTheRawBytes() throws {
        let body = try GitHubFixture.opened().canonicalBytes
        let signature = "sha256=" + GitHubFixture.signature(body, secret: shop)
        for changed in [body + [0x20], [0x20] + body, body.dropLast()] {
            #expect(throws: DeliveryRejection.wrongSignature) {
                try GitHubFixture.receiver().receive(GitHubFixture.delivery(changed, headers: ["X-Hub-Signature-256": signature]))
            }
        }
    }

    @Test func secondSignatureSpoilsTheFirst() throws {
        let body = try GitHubFixture.opened().canonicalBytes
        let good = (name: "X-Hub-Signature-256", value: "sha256=" + GitHubFixture.signature(body, secret: shop))
        for headers in [[good, (name: "x-hub-signature-256", value: "sha256=00")], [good, good]] {
            #expect(throws: DeliveryRejection.wrongSignature) {
                try GitHubFixture.receiver().receive(
                    Delivery(forge: "github", headers: headers, body: Data(body), receivedAt: GitHubFixture.now))
            }
        }
    }

    @Test(arguments: ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8", "application/json ; x=y"])
    func acceptsJSON(contentType: String) throws {
        let body = try GitHubFixture.opened().canonicalBytes
        let verified = try GitHubFixture.receiver().receive(GitHubFixture.delivery(body, headers: ["Content-Type": contentType]))
        #expect(verified.repository?.description == "shop")
    }

    @Test(arguments: [
        "application/x-www-form-urlencoded", "text/json", "application/json5", "application/jsonp", "", nil, ";application/json",
    ])
    func refusesOtherMediaTypes(contentType: String?) throws {
        let body = try GitHubFixture.opened().canonicalBytes
        #expect(throws: DeliveryRejection.unsupportedMediaType) {
            try GitHubFixture.receiver().receive(GitHubFixture.delivery(body, headers: ["Content-Type": contentType]))
        }
    }

    @Test func bodyUpToTheLimitIsRead() throws {
        let payload = try GitHubFixture.opened()
        let rest = WebhookReceiver.bodyLimit - payload.with("pull_request.body", "").canonicalBytes.count
        let largest = payload.with("pull_request.body", .string(String(repeating: "x", count: rest))).canonicalBytes
        #expect(largest.count == WebhookReceiver.bodyLimit)
        #expect(try GitHubFixture.receiver().receive(GitHubFixture.delivery(largest)).repository?.description == "shop")
        #expect(throws: DeliveryRejection.tooLarge(limit: WebhookReceiver.bodyLimit)) {
            try GitHubFixture.receiver().receive(GitHubFixture.delivery(largest + [0x20], headers: ["X-Hub-Signature-256": nil]))
        }
    }

    @Test func forgeWithoutAnAdapterIsUnknown() throws {
        let body = try GitHubFixture.opened().canonicalBytes
        #expect(throws: DeliveryRejection.unknownForge("gitlab")) {
            try GitHubFixture.receiver().receive(GitHubFixture.delivery(body, forge: "gitlab"))
        }
    }

    @Test func secretsOfAnotherForgeDoNotCount() throws {
        let body = try GitHubFixture.opened().canonicalBytes
        let receiver = try GitHubFixture.receiver([GitHubFixture.subscription("shop", "acme/shop", forge: "gitlab")])
        #expect(throws: DeliveryRejection.wrongSignature) { try receiver.receive(GitHubFixture.delivery(body)) }
    }

    @Test func nothingConfiguredRefusesEverything() throws {
        #expect(throws: DeliveryRejection.wrongSignature) {
            try GitHubFixture.receiver([]).receive(GitHubFixture.delivery(Data(), secret: ""))
        }
    }
}
