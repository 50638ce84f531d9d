import Foundation
import StagingModel
import Testing

@testable import Webhooks

@Suite struct GitHubAdapterTests {
    /// "Validating webhook deliveries": the values that GitHub publishes for testing an implementation.
    private static let secret = "It's a Secret to Everybody"
    private static let digits = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

    private func isSigned(_ header: String?, secret: String = Self.secret, body: String = "Hello, World!") throws -> Bool {
        let headers = header.map { [(name: "X-Hub-Signature-256", value: $0)] } ?? []
        let delivery = Delivery(forge: "github", headers: headers, body: Data(body.utf8), receivedAt: .distantPast)
        return try GitHubAdapter().isSigned(delivery, with: GitHubFixture.secret(secret))
    }

    @Test func acceptsGitHubsPublishedVector() throws {
        #expect(try isSigned("sha256=" + Self.digits))
        #expect(try isSigned("sha256=" + Self.digits.uppercased()))
    }

    @Test func refusesEveryFlippedBit() throws {
        let digits = Array(Self.digits)
        for index in digits.indices {
            for bit in 0..<4 {
                var changed = digits
                changed[index] = Character(String((digits[index].hexDigitValue ?? 0) ^ (1 << bit), radix: 16))
                #expect(try !isSigned("sha256=" + String(changed)))
            }
        }
    }

    @Test func refusesAnotherSecretOrBody() throws {
        #expect(try !isSigned("sha256=" + Self.digits, secret: Self.secret + "!"))
        #expect(try !isSigned("sha256=" + Self.digits, body: "Hello, World"))
        #expect(try !isSigned("sha256=" + Self.digits, body: "Hello, World!\n"))
    }

    @Test(arguments: [
        "sha256", "sha256=", "\(digits)", "SHA256=\(digits)", "sha1=\(digits)", "sha256= \(digits)", "sha256=\(digits) ",
        "sha256=\(digits)00",
        "sha256=\(digits.dropLast())", "sha256=\(digits.dropLast(2))", "sha256=\(digits.dropLast())g", "sha256=\(digits.dropLast(2))+7",
        "sha256=\(digits.dropLast(2))é", "sha256=\(digits.dropLast())\u{FF17}", "sha256=0x\(digits.dropFirst(2))",
        "sha256=sha256=\(digits)",
        "sha256=\(digits), sha256=\(digits)", "\u{0}", "sha256=\(String(repeating: "0", count: 100_000))",
    ])
    func refusesWhatIsNoSignature(header: String) throws {
        #expect(try !isSigned(header))
    }

    @Test func missingOrEmptySignatureIsUnsigned() {
        let unsigned = DeliveryRejection.unsigned(header: "X-Hub-Signature-256")
        #expect(throws: unsigned) { try isSigned(nil) }
        #expect(throws: unsigned) { try isSigned("") }
    }

    @Test func signatureOfSHA1IsNone() throws {
        let body = try GitHubFixture.opened().canonicalBytes
        let delivery = GitHubFixture.delivery(
            body, headers: ["X-Hub-Signature-256": nil, "X-Hub-Signature": "sha1=2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"])
        #expect(throws: DeliveryRejection.unsigned(header: "X-Hub-Signature-256")) { try GitHubFixture.receiver().receive(delivery) }
    }

    @Test func keyIsHookAndDelivery() throws {
        let key = try GitHubAdapter().key(of: GitHubFixture.delivery(Data()))
        #expect(key.hook == "292430182")
        #expect(key.id == "72d3162e-cc78-11e3-81ab-4c9367dc0958")
    }

    @Test func hookMayBeMissing() throws {
        let delivery = GitHubFixture.delivery(Data(), headers: ["X-GitHub-Hook-ID": nil])
        #expect(try GitHubAdapter().key(of: delivery).hook.isEmpty)
    }

    @Test(arguments: ["X-GitHub-Delivery", "X-GitHub-Event"], [nil, "", "a b", "a\u{0}", "é", "a/b", String(repeating: "a", count: 101)])
    func badHeaderIsNamed(name: String, value: String?) throws {
        let body = try GitHubFixture.opened().canonicalBytes
        let rejection = #expect(throws: DeliveryRejection.self) {
            try GitHubFixture.receiver().receive(GitHubFixture.delivery(body, headers: [name: value]))
        }
        #expect(rejection?.status == 400)
        #expect(rejection?.description.hasPrefix(name.lowercased()) == true)
    }

    @Test(arguments: [("X-Gitea-Event", "gitea"), ("X-Gitea-Signature", "gitea"), ("X-Forgejo-Event", "forgejo")])
    func namesTheRouteOfAnotherForge(header: String, forge: String) throws {
        let body = try GitHubFixture.opened().canonicalBytes
        let why = "is a header of \(forge); point this webhook at /webhooks/\(forge)"
        #expect(throws: DeliveryRejection.malformed(field: header.lowercased(), why: why)) {
            try GitHubFixture.receiver().receive(GitHubFixture.delivery(body, headers: [header: "pull_request"]))
        }
    }

    @Test func forgejoGoesBeforeTheGiteaHeadersItSends() throws {
        let body = try GitHubFixture.opened().canonicalBytes
        let delivery = GitHubFixture.delivery(body, headers: ["X-Gitea-Event": "push", "X-Forgejo-Event": "push"])
        let why = "is a header of forgejo; point this webhook at /webhooks/forgejo"
        #expect(throws: DeliveryRejection.malformed(field: "x-forgejo-event", why: why)) { try GitHubFixture.receiver().receive(delivery) }
    }

    @Test func readsPing() throws {
        let ping: JSONValue = [
            "zen": "Keep it logically awesome.", "hook_id": 292_430_182, "repository": ["id": 1_296_269, "full_name": "acme/shop"],
        ]
        #expect(try GitHubFixture.message(ping, event: "ping") == .ping(repository: "acme/shop", text: "Keep it logically awesome."))
    }

    @Test func pingOfAnOrganizationHasNoRepository() throws {
        let body = JSONValue.object(["zen": "Design for failure.", "hook_id": 1]).canonicalBytes
        let verified = try GitHubFixture.receiver().receive(GitHubFixture.delivery(body, event: "ping"))
        #expect(verified.message == .ping(repository: nil, text: "Design for failure."))
        #expect(verified.repository == nil)
        #expect(verified.hook == "292430182")
    }

    @Test(arguments: ["push", "pull_request_review_comment", "check_suite", "pull_request_review", "something_new"])
    func otherEventsAreIgnored(event: String) throws {
        let payload: JSONValue = ["repository": ["id": 1, "full_name": "acme/shop"], "pull_request": 7]
        let reason = "because only pull_request and issue_comment events matter to a stack, and this is \(event)"
        #expect(try GitHubFixture.message(payload, event: event) == .ignored(repository: "acme/shop", reason: reason))
        #expect(try GitHubFixture.message([:], event: event) == .ignored(repository: nil, reason: reason))
    }
}
