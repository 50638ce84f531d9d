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

@Suite struct StackRoutesTests {
    @Test(arguments: [nil, "", "wrong", "api-toke", "api-token2"] as [String?])
    func `without the token there is nothing to see`(token: String?) async throws {
        try await ServiceFixture.run { fixture async throws in
            let calls: [(HTTPRequest.Method, String)] = [
                (.get, "/api/v1/stacks"), (.get, "/api/v1/stacks/shop-7"), (.delete, "/api/v1/stacks/shop-7"),
                (.post, "/api/v1/stacks/shop-7/extend"), (.get, "/api/v1/events"),
            ]
            for (method, path) in calls {
                let response = try await fixture.call(method, path, token: token)
                #expect(response.status == .unauthorized)
                #expect(response.headers[.wwwAuthenticate] == "Bearer")
            }
        }
    }

    @Test func `an empty server has an empty list`() async throws {
        try await ServiceFixture.run { fixture async throws in
            #expect(try await fixture.call(.get, "/api/v1/stacks").decoded(StackList.self).stacks.isEmpty)
        }
    }

    @Test func `a stack is created, shown, extended and destroyed`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let created = try await fixture.call(.post, "/api/v1/stacks", json: #"{"repository":"shop","number":7}"#)
            #expect(created.status == .accepted)
            let stack = try await fixture.call(.get, "/api/v1/stacks/shop-7").decoded(StackView.self)
            #expect(stack.phase == .queued)
            #expect(stack.namespace == "staging-shop-7")
            #expect(stack.expiresAt == Samples.start.addingTimeInterval(86_400))
            let extended = try await fixture.call(.post, "/api/v1/stacks/shop-7/extend", json: #"{"duration":"4h"}"#).decoded(
                StackView.self)
            #expect(extended.expiresAt == Samples.start.addingTimeInterval(100_800))
            let going = try await fixture.call(.delete, "/api/v1/stacks/shop-7")
            #expect(going.status == .accepted)
            #expect(try going.decoded(StackView.self).reason == .requested)
            let events = try await fixture.call(.get, "/api/v1/stacks/shop-7/events").decoded(EventList.self).events
            #expect(events.map(\.name) == ["create", "extend", "destroy"])
        }
    }

    @Test func `a fork's commit is approved by its id, and by no other`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let stack = Samples.stack {
                $0.pullRequest.isFork = true
                $0.approval = Approval()
                ($0.phase, $0.message) = (.waiting, $0.approvalText)
            }
            try await fixture.store.write { try $0.save(stack, wakeAt: nil) }
            func approve(_ body: String) async throws -> TestResponse {
                try await fixture.call(.post, "/api/v1/stacks/shop-7/approve", json: body)
            }
            for body in ["{}", #"{"sha":"aaaaaaa"}"#, #"{"sha":7}"#] { #expect(try await approve(body).status == .badRequest) }
            let other = try await approve(#"{"sha":"\#(Samples.commit("b"))"}"#)
            #expect(other.status == .conflict)
            #expect(try other.problem.detail.contains("the commit of shop-7 is \(Samples.commit("a"))"))
            for _ in 0..<2 {
                let approved = try await approve(#"{"sha":"\#(Samples.commit("a"))"}"#)
                #expect(approved.status == .ok)
                #expect(try approved.decoded(StackView.self).phase == .queued)
            }
            let events = try await fixture.call(.get, "/api/v1/stacks/shop-7/events").decoded(EventList.self).events
            #expect(events.map(\.message) == ["approved \(Samples.commit("a")) (by api-token)"])
        }
    }

    @Test func `past the maximum is refused with the latest instant`() async throws {
        try await ServiceFixture.run { fixture async throws in
            _ = try await fixture.call(.post, "/api/v1/stacks", json: #"{"repository":"shop","number":7}"#)
            let response = try await fixture.call(.post, "/api/v1/stacks/shop-7/extend", json: #"{"duration":"30d"}"#)
            #expect(response.status == .conflict)
            #expect(try response.problem.detail.contains("2026-01-08T00:00:00Z"))
        }
    }

    @Test(arguments: [
        #"{}"#, #"{"duration":"4h","until":"2026-01-02T00:00:00Z"}"#, #"{"duration":"soon"}"#, #"{"until":"soon"}"#, #"{"duration":4}"#,
        #"["#,
    ])
    func `a bad extension is 400`(body: String) async throws {
        try await ServiceFixture.run { fixture async throws in
            _ = try await fixture.call(.post, "/api/v1/stacks", json: #"{"repository":"shop","number":7}"#)
            #expect(try await fixture.call(.post, "/api/v1/stacks/shop-7/extend", json: body).status == .badRequest)
        }
    }

    @Test(arguments: [
        (#"{"number":7}"#, 400, "repository"), (#"{"repository":"shop","number":"7"}"#, 400, "number"),
        (#"{"repository":"shop","number":0}"#, 400, "0"),
        (#"{"repository":"other","number":7}"#, 404, "other"), (#"{"repository":"shop","number":7,"sha":"abc"}"#, 400, "sha"),
        (#"{"repository":"shop","number":7,"ref":"main"}"#, 400, "ref"),
    ])
    func `a bad creation names what is wrong`(body: String, status: Int, word: String) async throws {
        try await ServiceFixture.run { fixture async throws in
            let response = try await fixture.call(.post, "/api/v1/stacks", json: body)
            #expect(response.status.code == status)
            #expect(try response.problem.detail.contains(word))
        }
    }

    @Test(arguments: [
        "/api/v1/stacks/shop-9", "/api/v1/stacks/..%2Fhealthz", "/api/v1/stacks/shop-9/events", "/api/v1/nothing", "/nothing",
    ])
    func `what is not there is 404 with a problem document`(path: String) async throws {
        try await ServiceFixture.run { fixture async throws in
            let response = try await fixture.call(.get, path)
            #expect(response.status == .notFound)
            #expect(response.headers[.contentType] == "application/problem+json")
            #expect(try response.problem.status == 404)
        }
    }

    @Test func `the history says who asked`() async throws {
        try await ServiceFixture.run { fixture async throws in
            _ = try await fixture.call(.post, "/api/v1/stacks", json: #"{"repository":"shop","number":7}"#)
            let event = try await fixture.call(.get, "/api/v1/events").decoded(EventList.self).events.first
            #expect(event?.message.hasPrefix("requested; nobody told") == true && event?.message.hasSuffix(" (by api-token)") == true)
        }
    }
}
