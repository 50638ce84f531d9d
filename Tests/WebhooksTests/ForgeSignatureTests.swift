import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

@testable import Webhooks

/// A known signature of each scheme, and what stands next to it.
@Suite struct ForgeSignatureTests {
    // MARK: HMAC in hexadecimal digits

    /// GitHub's published vector ("Validating webhook deliveries"): the others sign alike, under other names.
    private static let secret = "It's a Secret to Everybody"
    private static let digits = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    private static let hexadecimal: [(Forge, String, String)] = [
        (.gitea, "X-Gitea-Signature", ""), (.forgejo, "X-Forgejo-Signature", ""), (.bitbucket, "X-Hub-Signature", "sha256="),
        (.bitbucketServer, "X-Hub-Signature", "sha256="),
    ]

    private func isSigned(
        _ forge: Forge, _ headers: [String: String], secret: String = Self.secret, body: String = "Hello, World!",
        at now: Date = .distantPast
    ) throws -> Bool {
        let delivery = Delivery(
            forge: forge.rawValue, headers: headers.map { (name: $0.key, value: $0.value) }, body: Data(body.utf8), receivedAt: now)
        return try forge.adapter.isSigned(delivery, with: GitHubFixture.secret(secret))
    }

    @Test(arguments: hexadecimal)
    func `the body's code is accepted, and that of another secret or body is not`(forge: Forge, header: String, prefix: String) throws {
        #expect(try isSigned(forge, [header: prefix + Self.digits]))
        #expect(try isSigned(forge, [header: prefix + Self.digits.uppercased()]))
        #expect(try !isSigned(forge, [header: prefix + Self.digits], secret: "It's no secret"))
        #expect(try !isSigned(forge, [header: prefix + Self.digits], body: "Hello, World"))
        #expect(try !isSigned(forge, [header: prefix + Self.digits], body: "Hello, World!\n"))
        for index in Self.digits.indices {
            var changed = Self.digits
            changed.replaceSubrange(index...index, with: changed[index] == "0" ? "1" : "0")
            #expect(try !isSigned(forge, [header: prefix + changed]))
        }
    }

    @Test(arguments: hexadecimal)
    func `what is no such code is wrong`(forge: Forge, header: String, prefix: String) throws {
        let (digits, other) = (Self.digits, prefix.isEmpty ? "sha256=" : "")
        let texts: [String] = [
            "\(other)\(digits)", "sha1=\(digits)", "SHA256=\(digits)", "\(prefix)\(digits)00", "\(prefix)\(digits.dropLast())",
            "\(prefix)\(digits.dropLast(2))", "\(prefix) \(digits)", "\(prefix)\(digits) ", "\(prefix)\(digits.dropLast())g",
            "\(prefix)\(digits.dropLast())\u{FF17}", "\(prefix)\(digits), \(prefix)\(digits)", "\u{0}",
            "\(prefix)\(String(repeating: "0", count: 100_000))",
        ]
        for text in texts { #expect(try !isSigned(forge, [header: text]), "\(text.prefix(100))") }
        if !prefix.isEmpty { #expect(try !isSigned(forge, [header: prefix])) }
    }

    /// Gitea sends an empty one for a webhook without a secret.
    @Test(arguments: hexadecimal)
    func `a missing or empty code is unsigned`(forge: Forge, header: String, prefix: String) {
        #expect(throws: DeliveryRejection.unsigned(header: header)) { try isSigned(forge, [:]) }
        #expect(throws: DeliveryRejection.unsigned(header: header)) { try isSigned(forge, [header: ""]) }
        // The names that the other forges use.
        #expect(throws: DeliveryRejection.unsigned(header: header)) {
            try isSigned(forge, ["X-Hub-Signature-256": "sha256=" + Self.digits])
        }
    }

    // MARK: GitLab's token

    @Test func `GitLab's token is the secret, whole and nothing else`() throws {
        #expect(try isSigned(.gitlab, ["X-Gitlab-Token": Self.secret]))
        for token in [
            String(Self.secret.dropLast()), Self.secret + " ", Self.secret.lowercased(), "\(Self.secret), \(Self.secret)", "x", Self.digits,
        ] {
            #expect(try !isSigned(.gitlab, ["X-Gitlab-Token": token]), "\(token)")
        }
        #expect(throws: DeliveryRejection.unsigned(header: "X-Gitlab-Token")) { try isSigned(.gitlab, [:]) }
        #expect(throws: DeliveryRejection.unsigned(header: "X-Gitlab-Token")) { try isSigned(.gitlab, ["X-Gitlab-Token": ""]) }
    }

    @Test func `GitLab's token and signature can come together, and either is the secret's`() throws {
        var headers = Self.standard
        headers["X-Gitlab-Token"] = "another"
        #expect(try isSigned(.gitlab, headers, secret: Self.signingToken, body: Self.payload, at: Self.sentAt))
        #expect(try isSigned(.gitlab, headers, secret: "another", body: Self.payload, at: Self.sentAt))
        #expect(try !isSigned(.gitlab, headers, secret: "a third", body: Self.payload, at: Self.sentAt))
        // The token alone is no signature by it.
        headers["webhook-signature"] = "v1,AAAA"
        #expect(try !isSigned(.gitlab, headers, secret: Self.signingToken, body: Self.payload, at: Self.sentAt))
    }

    // MARK: Standard Webhooks

    /// The vector in the specification's own libraries ("sign function works").
    private static let signingToken = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private static let payload = #"{"test": 2432232314}"#
    private static let sentAt = Date(timeIntervalSince1970: 1_614_265_330)
    private static let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    private static let standard = [
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330", "webhook-signature": signature,
    ]
    private static let standardForges: [Forge] = [.generic, .gitlab]

    private func isStandard(
        _ forge: Forge, _ changes: [String: String?] = [:], secret: String = Self.signingToken, body: String = Self.payload,
        at now: Date = Self.sentAt
    ) throws -> Bool {
        var headers = Self.standard
        for (name, value) in changes { headers[name] = value }
        return try isSigned(forge, headers, secret: secret, body: body, at: now)
    }

    @Test(arguments: standardForges)
    func `the published vector is accepted, and nothing beside it`(forge: Forge) throws {
        #expect(try isStandard(forge))
        #expect(try !isStandard(forge, body: Self.payload + " "))
        #expect(try !isStandard(forge, ["webhook-id": "msg_other"]))
        #expect(try !isStandard(forge, ["webhook-timestamp": "1614265331"]))
        #expect(try !isStandard(forge, secret: "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))
        // The text of the key is another key than what it stands for.
        #expect(try !isStandard(forge, secret: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    }

    @Test(arguments: standardForges)
    func `one right signature among several is enough`(forge: Forge) throws {
        let wrong = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
        for signatures in [
            "\(wrong) \(Self.signature)", "\(Self.signature) \(wrong)", "v1a,AAAA \(Self.signature) x", "v1, \(Self.signature)",
        ] {
            #expect(try isStandard(forge, ["webhook-signature": signatures]))
        }
        for signatures in [
            "\(wrong) \(wrong)", "v2" + Self.signature.dropFirst(2), String(Self.signature.dropFirst(3)), "v1,", "v1", ",",
            "v1,\(Self.payload)",
            String(Self.signature.dropLast()), Self.signature + "," + wrong, "V1" + Self.signature.dropFirst(2),
            String(repeating: "v1,AAAA ", count: 10_000),
        ] {
            #expect(try !isStandard(forge, ["webhook-signature": signatures]), "\(signatures.prefix(100))")
        }
    }

    @Test(arguments: standardForges)
    func `a secret of another form is the key itself`(forge: Forge) throws {
        // Made with Python's hmac.
        #expect(try isStandard(forge, ["webhook-signature": "v1,i60amYKDVzH4LtHMsEULEtu/Jp+mNWxo6Fk82BE1V30="], secret: Self.secret))
        let body = Data(Self.payload.utf8)
        for secret in ["plain", "whsec_", "whsec_???", "whsec"] {
            let headers = ForgeDelivery.standardHeaders(of: body, id: "1", secret: secret, at: Self.sentAt)
            #expect(try isSigned(forge, headers, secret: secret, body: Self.payload, at: Self.sentAt), "\(secret)")
        }
    }

    @Test(arguments: standardForges)
    func `five minutes before and after are tolerated, and no more`(forge: Forge) throws {
        for seconds in [-300.0, -1, 0, 1, 300] { #expect(try isStandard(forge, at: Self.sentAt + seconds)) }
        for seconds in [-301.0, 301, 86_400, 1e12] {
            #expect(throws: DeliveryRejection.stale) { try isStandard(forge, at: Self.sentAt + seconds) }
            // Only to who holds the secret.
            #expect(try !isStandard(forge, secret: "guess", at: Self.sentAt + seconds))
        }
    }

    @Test(arguments: standardForges, ["webhook-id", "webhook-timestamp"])
    func `id and time have to be there`(forge: Forge, header: String) {
        for value in [nil, ""] as [String?] {
            #expect(throws: DeliveryRejection.malformed(field: header, why: "is missing")) { try isStandard(forge, [header: value]) }
        }
        for value in ["a b", "é", "1614265330, 1614265330", String(repeating: "1", count: 200), "\u{0}", "-1614265330 "] {
            let rejection = #expect(throws: DeliveryRejection.self) { try isStandard(forge, [header: value]) }
            #expect(rejection?.description.hasPrefix("\(header) must be ") == true)
        }
        for time in ["1614265330.5", "0x10", "hello", "-1", "1e9", "9999999999999999"] {
            #expect(throws: DeliveryRejection.malformed(field: "webhook-timestamp", why: "must be seconds since 1970")) {
                try isStandard(forge, ["webhook-timestamp": time])
            }
        }
    }

    @Test func `a generic delivery without a signature is unsigned`() {
        #expect(throws: DeliveryRejection.unsigned(header: "webhook-signature")) { try isStandard(.generic, ["webhook-signature": nil]) }
        #expect(throws: DeliveryRejection.unsigned(header: "webhook-signature")) { try isStandard(.generic, ["webhook-signature": ""]) }
    }

    // MARK: Through the receiver

    @Test(arguments: ForgeFixture.all)
    func `a delivery signed for another body or with another secret is refused`(fixture: ForgeFixture) throws {
        let delivery = try ForgeDelivery.opened(on: fixture.forge)
        #expect(throws: DeliveryRejection.wrongSignature) { try fixture.receive(delivery, secret: "guess") }
        // A token says nothing of the body: that is why GitLab has signatures now.
        guard fixture.forge != .gitlab else { return }
        #expect(throws: DeliveryRejection.wrongSignature) { try fixture.receive(delivery, body: delivery.body + Data(" ".utf8)) }
    }

    @Test func `a generic delivery that is replayed after its tolerance is refused`() throws {
        let fixture = try ForgeFixture.of(.generic)
        let delivery = try ForgeDelivery.opened(on: .generic)
        #expect(try fixture.receive(delivery, sentAt: GitHubFixture.now - 300).id == delivery.id)
        #expect(throws: DeliveryRejection.stale) { try fixture.receive(delivery, sentAt: GitHubFixture.now - 301) }
    }
}
