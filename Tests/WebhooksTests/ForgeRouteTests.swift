import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

@testable import Webhooks

/// What is decided of a delivery by its headers.
@Suite struct ForgeRouteTests {
    private static let pairs = Forge.allCases.flatMap { sender in Forge.allCases.filter { $0 != sender }.map { (sender, $0) } }

    /// Gitea and Forgejo send GitHub's headers too, and Forgejo sends Gitea's: the most particular one counts.
    @Test(arguments: pairs)
    func `a forge at another one's route is told its own`(sender: Forge, route: Forge) throws {
        let receiver = WebhookReceiver(
            adapters: Forge.allCases.map(\.adapter),
            subscriptions: [try GitHubFixture.subscription("shop", "acme/shop", forge: route.rawValue)])
        let delivery = ForgeFixture.raw(try ForgeDelivery.opened(on: sender), route: route)
        let rejection = #expect(throws: DeliveryRejection.self) {
            try receiver.checkHeaders(of: delivery)
            _ = try receiver.receive(delivery)
        }
        // A generic delivery has nothing but its signature.
        guard sender != .generic else { return }
        let fix = "is a header of \(sender.rawValue); point this webhook at /webhooks/\(sender.rawValue)"
        #expect(rejection?.description.hasSuffix(fix) == true, "\(String(describing: rejection))")
    }

    @Test(arguments: ForgeFixture.all)
    func `its own headers pass, behind a proxy too`(fixture: ForgeFixture) throws {
        let proxied: [String: String?] = ["X-Request-Id": "a1", "X-Forwarded-For": "10.0.0.1", "Traceparent": "00-0-0-00"]
        let raw = ForgeFixture.raw(try ForgeDelivery.opened(on: fixture.forge), headers: proxied)
        #expect(throws: Never.self) { try fixture.receiver().checkHeaders(of: raw) }
    }

    /// GitHub signs the form, Gitea the JSON in it: so it is refused before anybody looks at the signature.
    @Test(arguments: ForgeFixture.all)
    func `a form is refused by its headers`(fixture: ForgeFixture) throws {
        let form: [String: String?] = ["Content-Type": "application/x-www-form-urlencoded"]
        let delivery = try ForgeDelivery.opened(on: fixture.forge)
        let body = Data("payload=".utf8) + delivery.body
        let raw = ForgeFixture.raw(delivery, headers: form, body: body)
        #expect(throws: DeliveryRejection.unsupportedMediaType) { try fixture.receiver().checkHeaders(of: raw) }
        #expect(throws: DeliveryRejection.self) { try fixture.receiver().receive(raw) }
        // And one that verifies is not read either.
        #expect(throws: DeliveryRejection.unsupportedMediaType) { try fixture.receive(delivery, headers: form) }
    }

    private static let events: [(Forge, String)] = [
        (.gitlab, "X-Gitlab-Event"), (.gitea, "X-Gitea-Event"), (.forgejo, "X-Forgejo-Event"), (.bitbucket, "X-Event-Key"),
        (.bitbucketServer, "X-Event-Key"),
    ]

    @Test(arguments: events, [nil, "", "a\u{0}", "é", "a/b", String(repeating: "a", count: 101)])
    func `a bad event is named`(event: (forge: Forge, header: String), value: String?) throws {
        let fixture = try ForgeFixture.of(event.forge)
        let rejection = #expect(throws: DeliveryRejection.self) {
            try fixture.receive(ForgeDelivery.opened(on: event.forge), headers: [event.header: value])
        }
        #expect(rejection?.status == 400)
        #expect(rejection?.description.hasPrefix(event.header.lowercased()) == true)
    }

    // MARK: What a redelivery keeps

    private static let ids: [(Forge, String)] = [
        (.gitea, "X-Gitea-Delivery"), (.forgejo, "X-Forgejo-Delivery"), (.bitbucket, "X-Request-UUID"), (.generic, "webhook-id"),
    ]

    @Test(arguments: ids)
    func `the forge's id is the delivery's`(forge: Forge, header: String) throws {
        let fixture = try ForgeFixture.of(forge)
        #expect(try fixture.receive(ForgeDelivery.opened(on: forge)).id == "72d3162e-cc78-11e3-81ab-4c9367dc0958")
        for value in [nil, "", "a b", "a/b", String(repeating: "a", count: 101)] as [String?] {
            let rejection = #expect(throws: DeliveryRejection.self) {
                try fixture.receive(ForgeDelivery.opened(on: forge), headers: [header: value])
            }
            #expect(rejection?.status == 400)
            #expect(rejection?.description.hasPrefix(header.lowercased()) == true)
        }
    }

    @Test func `GitLab's webhook and Bitbucket's have ids of their own`() throws {
        let gitLab = try ForgeFixture.of(.gitlab)
        #expect(try gitLab.receive(ForgeDelivery.opened(on: .gitlab)).hook == "7c1c2b3a-5d4e-4f6a-8b9c-0d1e2f3a4b5c")
        #expect(try gitLab.receive(ForgeDelivery.opened(on: .gitlab), headers: ["X-Gitlab-Webhook-UUID": nil]).hook == "")
        let bitbucket = try ForgeFixture.of(.bitbucket)
        #expect(try bitbucket.receive(ForgeDelivery.opened(on: .bitbucket)).hook == "3f4b6c52-2a9c-4a6f-9a55-0f1c2d3e4f50")
    }

    @Test func `without an id what was said is the delivery's`() throws {
        let gitLab = try ForgeFixture.of(.gitlab)
        func id(_ payload: JSONValue, _ headers: [String: String?]) throws -> String {
            try gitLab.receive(ForgeDelivery(.gitlab, payload), headers: headers).id
        }
        let old: [String: String?] = ["Idempotency-Key": nil]
        let opened = try gitLab.opened()
        let first = try id(opened, old)
        #expect(first.wholeMatch(of: /sha256-[0-9a-f]{64}/) != nil)
        // Of one push to several merge requests, or sent again by hand: the UUID of what caused it tells nothing.
        #expect(try id(opened, old.merging(["X-Gitlab-Event-UUID": "b0"]) { $1 }) == first)
        #expect(try id(opened.with("object_attributes.updated_at", "2026-11-21T08:00:01Z"), old) != first)
        #expect(try id(opened, old.merging(["webhook-id": "w1"]) { $1 }) == "w1")
    }

    @Test func `Data Center's request id may be a proxy's`() throws {
        let server = try ForgeFixture.of(.bitbucketServer)
        let ids = try ["1", "2", nil].map {
            try server.receive(ForgeDelivery.opened(on: .bitbucketServer), headers: ["X-Request-Id": $0]).id
        }
        #expect(Set(ids).count == 1)
        let later = try server.opened().with("date", "2026-11-21T09:00:01+0100")
        #expect(try server.receive(ForgeDelivery(.bitbucketServer, later)).id != ids[0])
    }
}
