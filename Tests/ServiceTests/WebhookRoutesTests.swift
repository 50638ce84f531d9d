import ControlAPI
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Orchestration
import SlingshotTestSupport
import StagingModel
import Store
import Testing
import Webhooks

@testable import Service

@Suite struct WebhookRoutesTests {
    let opened = GitHubDelivery("opened", head: Samples.commit("a"), id: "d1")

    @Test func `202 means that it is stored`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let response = try await fixture.deliver(opened)
            #expect(response.status == .accepted)
            let outcome = try response.decoded(DeliveryOutcome.self)
            #expect(outcome == DeliveryOutcome(delivery: "d1", stack: Samples.stackName(), action: .create, reason: "pull request opened"))
            #expect(try await fixture.store.read { try $0.stack(Samples.stackName()) }?.wanted == .running)
        }
    }

    @Test func `the same delivery again is answered alike and does nothing`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let first = try await fixture.deliver(opened)
            let second = try await fixture.deliver(opened)
            #expect(second.status == .accepted)
            #expect(second.body == first.body)
            #expect(try await fixture.store.read { try $0.events(of: nil, after: nil, limit: 10) }.count == 1)
        }
    }

    @Test(arguments: [nil, "another secret"] as [String?])
    func `a missing or wrong signature is 401 and nothing is stored`(secret: String?) async throws {
        try await ServiceFixture.run { fixture async throws in
            let response = try await fixture.deliver(opened, secret: secret)
            #expect(response.status == .unauthorized)
            #expect(response.headers[.contentType] == "application/problem+json")
            #expect(try await fixture.store.read { try $0.stacks(includingDestroyed: true) }.isEmpty)
        }
    }

    @Test func `a ping is 200`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let body = Data(#"{"zen":"Keep it simple.","hook_id":1,"repository":{"id":1,"full_name":"acme/shop"}}"#.utf8)
            let headers = GitHubDelivery.headers(event: "ping", id: "p1", body: body, secret: ServiceFixture.secret)
            let response = try await fixture.post("/webhooks/github", body: body, headers: headers)
            #expect(response.status == .ok, "\(String(buffer: response.body))")
        }
    }

    @Test func `what needs nothing done is accepted with the reason`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let response = try await fixture.deliver(GitHubDelivery("assigned", head: Samples.commit("a")))
            #expect(response.status == .accepted)
            #expect(try response.decoded(DeliveryOutcome.self).action == .ignored)
            #expect(try response.decoded(DeliveryOutcome.self).reason.isEmpty == false)
        }
    }

    @Test(arguments: [
        ("{", 400, ""), (#"{"action":"opened","number":7,"repository":{"id":1,"full_name":"acme/shop"}}"#, 400, "pull_request"),
        (#"{"action":7,"repository":{"id":1,"full_name":"acme/shop"}}"#, 400, "action"),
        (#"{"action":"opened","repository":{"id":1,"full_name":"acme/other"}}"#, 400, "number"),
    ])
    func `malformed bodies are 400 and name the field`(text: String, status: Int, field: String) async throws {
        try await ServiceFixture.run { fixture async throws in
            let body = Data(text.utf8)
            let response = try await fixture.post(
                "/webhooks/github", body: body, headers: GitHubDelivery.headers(id: "m", body: body, secret: ServiceFixture.secret))
            #expect(response.status.code == status)
            let detail = try response.problem.detail
            #expect(detail.hasPrefix(field), "\(detail)")
        }
    }

    @Test func `an unknown repository and an unknown forge are 404`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let other = try await fixture.deliver(GitHubDelivery("opened", head: Samples.commit("a"), repository: "acme/other"))
            #expect(other.status == .notFound)
            #expect(try other.problem.detail.contains("acme/other"))
            #expect(try await fixture.post("/webhooks/sourceforge", body: Data(), headers: [:]).status == .notFound)
        }
    }

    @Test func `over the limit is 413`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let body = Data(repeating: 0x20, count: WebhookReceiver.bodyLimit + 1)
            let response = try await fixture.post("/webhooks/github", body: body, headers: opened.headers(secret: ServiceFixture.secret))
            #expect(response.status == .contentTooLarge)
        }
    }

    @Test func `without a signature not a byte of the body is waited for`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let headers = ["Content-Type": "application/json", "Content-Length": "1000000000"]
            #expect(try await fixture.post("/webhooks/github", body: Data(), headers: headers).status == .unauthorized)
        }
    }

    @Test func `bodies that would fill the memory are asked to come back, and nobody takes more than half`() async throws {
        let budget = BodyBudget(bytes: 100)
        let one = try #require(Sender("10.0.0.1"))
        let other = try #require(Sender("10.0.0.2"))
        let third = try #require(Sender("10.0.0.3"))
        try await budget.with(one) { keep in
            try keep(30)
            let problem = #expect(throws: Problem.self) { try keep(21) }
            #expect(problem?.status == 503)
            try keep(20)
            try await budget.with(other) { keep in
                try keep(50)
                await #expect(throws: Problem.self) { try await budget.with(third) { keep in try keep(1) } }
            }
        }
        try await budget.with(one) { keep in try keep(50) }
    }

    @Test func `a form is 415 and the fix is named`() async throws {
        try await ServiceFixture.run { fixture async throws in
            var headers = opened.headers(secret: ServiceFixture.secret)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            let response = try await fixture.post("/webhooks/github", body: opened.body, headers: headers)
            #expect(response.status == .unsupportedMediaType)
            #expect(try response.problem.detail.contains("application/json"))
        }
    }

    @Test func `a hostile title is stored as it is`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let title = "\"]}: {{x}} ${{ pr.title }} && rm -rf /"
            _ = try await fixture.deliver(GitHubDelivery("opened", head: Samples.commit("a"), title: title))
            let stack = try await fixture.call(.get, "/api/v1/stacks/shop-7").decoded(StackView.self)
            #expect(stack.pullRequest.title == title)
        }
    }
}
