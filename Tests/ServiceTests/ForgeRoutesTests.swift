import ControlAPI
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Orchestration
import SlingshotTestSupport
import StagingModel
import Store
import Testing

@testable import Service

/// `POST /webhooks/{forge}`, from the delivery to the record, for each forge.
@Suite struct ForgeRoutesTests {
    private func opened(_ forge: Forge, id: String = "d1") throws -> ForgeDelivery {
        var delivery = try ForgeDelivery.opened(on: forge)
        delivery.id = id
        return delivery
    }

    @discardableResult
    private func post(
        _ delivery: ForgeDelivery, _ fixture: ServiceFixture, secret: String = ServiceFixture.secret, headers: [String: String] = [:],
        sentAt: Date? = nil
    ) async throws -> TestResponse {
        let signed = delivery.headers(secret: secret, at: sentAt ?? fixture.clock.now).merging(headers) { $1 }
        return try await fixture.post("/webhooks/\(delivery.forge.rawValue)", body: delivery.body, headers: signed)
    }

    @Test(arguments: Forge.allCases)
    func `an opened pull request is stored, once`(forge: Forge) async throws {
        try await ServiceFixture.run { fixture async throws in
            let first = try await post(opened(forge), fixture)
            #expect(first.status == .accepted, "\(String(buffer: first.body))")
            let outcome = try first.decoded(DeliveryOutcome.self)
            #expect(outcome.action == .create && outcome.stack?.description == "shop-42")
            let again = try await post(opened(forge), fixture)
            #expect(again.body == first.body)
            #expect(try await fixture.store.read { try $0.events(of: nil, after: nil, limit: 10) }.count == 1)
        }
    }

    @Test(arguments: ForgeDelivery.commenting)
    func `a command in a comment is stored, once, and its forge is not asked yet`(forge: Forge) async throws {
        try await ServiceFixture.run(credentials: .token(.environment("TOKEN"))) { fixture async throws in
            let first = try await post(ForgeDelivery.commented(on: forge), fixture)
            #expect(first.status == .accepted, "\(String(buffer: first.body))")
            let outcome = try first.decoded(DeliveryOutcome.self)
            #expect(outcome.action == .command && outcome.stack?.description == "shop-42")
            let again = try await post(ForgeDelivery.commented(on: forge), fixture)
            #expect(again.body == first.body)
            let replayed = try await post(ForgeDelivery.commented(on: forge, id: "d2"), fixture)
            // Data Center's deliveries are known by their bodies.
            #expect(try replayed.decoded(DeliveryOutcome.self).action == (forge == .bitbucketServer ? .command : .ignored))
            let open = try await fixture.store.read { try $0.openCommands(of: Samples.repository().name) }
            #expect(open.map(\.command) == [.extend(seconds: 14_400)])
            let without = try await post(ForgeDelivery.commented(on: forge, "Looks good.", comment: 7, id: "d3"), fixture)
            #expect(try without.decoded(DeliveryOutcome.self).reason == "because the comment holds no command")
        }
    }

    @Test(arguments: Forge.allCases)
    func `what is refused is so in the contract's words`(forge: Forge) async throws {
        try await ServiceFixture.run { fixture async throws in
            #expect(try await post(opened(forge), fixture, secret: "guess").status == .unauthorized)
            let form = try await post(opened(forge), fixture, headers: ["Content-Type": "application/x-www-form-urlencoded"])
            #expect(form.status == .unsupportedMediaType)
            #expect(try form.problem.detail.contains("application/json"))
            let broken = try await post(ForgeDelivery(forge, ["action": 7, "repository": ["id": "x"]], id: "d2"), fixture)
            #expect(broken.status == .badRequest)
            #expect(try broken.problem.code == "malformed")
            #expect(try await fixture.store.read { try $0.stacks(includingDestroyed: true) }.isEmpty)
        }
    }

    @Test(arguments: Forge.allCases)
    func `a repository that was renamed or transferred is told to be corrected`(forge: Forge) async throws {
        try await ServiceFixture.run { fixture async throws in
            var delivery = try opened(forge)
            try await post(delivery, fixture)
            let text = delivery.payload.canonicalText
                .replacing(#""acme/shop""#, with: #""other/till""#).replacing(#""slug":"shop""#, with: #""slug":"till""#)
            delivery.payload = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
            delivery.id = "d2"
            let response = try await post(delivery.closed(id: "d2"), fixture)
            #expect(response.status == .notFound)
            #expect(try response.problem.code == "unknown-repository")
            #expect(
                try response.problem.detail.contains("till is not configured") && response.problem.detail.contains("correct `repository`"))
            // What runs under the old name is nobody's to end but its lease's.
            #expect(try await fixture.store.read { try $0.stacks(includingDestroyed: false) }.map(\.wanted) == [.running])
        }
    }

    @Test(arguments: Forge.allCases)
    func `a push moves the stack, and closing ends it`(forge: Forge) async throws {
        try await ServiceFixture.run { fixture async throws in
            let first = try opened(forge)
            try await post(first, fixture)
            let pushed = try await post(first.at(Samples.commit("b")).pushed(id: "d2"), fixture).decoded(DeliveryOutcome.self)
            #expect(pushed.action == .update && pushed.reason.hasPrefix("new commit bbbbbbb"), "\(pushed)")
            let closed = try await post(first.closed(id: "d3"), fixture).decoded(DeliveryOutcome.self)
            #expect(closed.action == .destroy, "\(closed)")
        }
    }

    @Test func `a ping is 200 wherever there is one`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let pings = [
                ForgeDelivery(.generic, ["action": "ping", "repository": "acme/shop"]),
                ForgeDelivery(.bitbucketServer, ["test": true], event: "diagnostics:ping"),
            ]
            for ping in pings {
                let response = try await post(ping, fixture)
                #expect(response.status == .ok)
                #expect(try response.decoded(DeliveryOutcome.self).reason == "pong")
            }
        }
    }

    @Test func `a generic delivery that is sent once more is known, and later refused`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let sentAt = fixture.clock.now
            let first = try await post(opened(.generic), fixture)
            fixture.clock.advance(by: 299)
            #expect(try await post(opened(.generic), fixture, sentAt: sentAt).body == first.body)
            fixture.clock.advance(by: 2)
            let late = try await post(opened(.generic), fixture, sentAt: sentAt)
            #expect(late.status == .unauthorized)
            #expect(try late.problem.code == "stale")
        }
    }

    @Test func `a form of Gitea's, which signs the JSON in it, is told to be JSON`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let delivery = try opened(.gitea)
            var headers = delivery.headers(secret: ServiceFixture.secret, at: fixture.clock.now)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            let response = try await fixture.post("/webhooks/gitea", body: Data("payload=".utf8) + delivery.body, headers: headers)
            #expect(response.status == .unsupportedMediaType)
        }
    }

    @Test func `a forge at another one's route is told its own before its body is read`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let headers = ["Content-Type": "application/json", "Content-Length": "1000000000", "X-Gitlab-Event": "Push Hook"]
            let response = try await fixture.post("/webhooks/github", body: Data(), headers: headers)
            #expect(response.status == .badRequest)
            #expect(try response.problem.detail.hasSuffix("point this webhook at /webhooks/gitlab"))
        }
    }

    @Test func `the document has the schema of generic deliveries, and all forges`() throws {
        let document = OpenAPIDocument.served
        #expect(document.faults(of: try ForgeDelivery.opened(on: .generic).payload, schema: "GenericDelivery") == [])
        #expect(document.faults(of: ["action": "opened", "number": 0], schema: "GenericDelivery").count == 2)
        let forges = document.root["components"]?["parameters"]?["forge"]?["schema"]?["enum"]
        #expect(forges == .array(Forge.allCases.map { .string($0.rawValue) }))
    }
}
