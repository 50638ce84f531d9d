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

@testable import Service

/// What every request gets, whatever it asks for.
@Suite struct EdgeTests {
    @Test func `a request keeps its id, and gets one when it has none that is safe`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let id = try #require(HTTPField.Name("X-Request-Id"))
            let kept = try await fixture.call(.get, "/nothing", headers: ["X-Request-Id": "abc-1.2_3"])
            #expect(kept.headers[id] == "abc-1.2_3")
            #expect(try kept.problem.request == "abc-1.2_3")
            for unsafe in ["", "a b", "a\"b", String(repeating: "a", count: 65), "ä"] {
                let response = try await fixture.call(.get, "/healthz", headers: ["X-Request-Id": unsafe])
                let given = try #require(response.headers[id])
                #expect(given != unsafe)
                #expect(given.utf8.count >= 16)
            }
        }
    }

    @Test(arguments: [
        (HTTPRequest.Method.put, "/api/v1/stacks", "GET, POST, HEAD"), (.delete, "/healthz", "GET, HEAD"),
        (.get, "/webhooks/github", "POST"),
        (.post, "/api/v1/tokens/x", "DELETE"),
    ])
    func `a method that a route does not take is 405 and names those that it takes`(
        method: HTTPRequest.Method, path: String, allowed: String
    ) async throws {
        try await ServiceFixture.run { fixture async throws in
            let response = try await fixture.call(method, path)
            #expect(response.status == .methodNotAllowed)
            #expect(response.headers[.allow] == allowed)
            #expect(try response.problem.code == "method-not-allowed")
        }
    }

    @Test func `HEAD is GET without the body`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let response = try await fixture.call(.head, "/api/v1/stacks")
            #expect(response.status == .ok)
            #expect(response.body.readableBytes == 0)
        }
    }

    @Test func `a body that is no JSON, or too much of it, is told so`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let form = try await fixture.call(
                .post, "/api/v1/stacks", json: "repository=shop", headers: ["Content-Type": "application/x-www-form-urlencoded"])
            #expect(form.status == .unsupportedMediaType)
            let large = try await fixture.call(.post, "/api/v1/stacks", json: String(repeating: " ", count: 65 * 1024))
            #expect(large.status == .contentTooLarge)
            #expect(try large.problem.code == "too-large")
        }
    }

    @Test func `a store that fails is 500, and tells nothing of its insides`() async throws {
        let (service, _) = try ServiceFixture.make(store: BrokenStore(), clock: TestClock())
        try await Application(router: service.router(), logger: ServiceFixture.quiet).test(.router) { client in
            let authorized: HTTPFields = [.authorization: "Bearer \(ServiceFixture.token)"]
            let response = try await client.execute(uri: "/api/v1/stacks", method: .get, headers: authorized)
            #expect(response.status == .internalServerError)
            #expect(!String(buffer: response.body).contains("insides"))
            #expect(try response.problem.request != nil)
            let ready = try await client.execute(uri: "/readyz", method: .get)
            #expect(ready.status == .serviceUnavailable)
            #expect(try ready.problem.code == "not-ready")
            #expect(try await client.execute(uri: "/healthz", method: .get).status == .ok)
        }
    }

    @Test func `it is ready while the orchestrator runs and the store takes writes, and says which runtime answers`() async throws {
        try await ServiceFixture.run { fixture async throws in
            let before = try await fixture.call(.get, "/readyz", token: nil)
            #expect(before.status == .serviceUnavailable)
            #expect(try before.problem.detail.contains("orchestrator"))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await fixture.orchestrator.run() }
                while try await fixture.call(.get, "/readyz", token: nil).status != .ok { await Task.yield() }
                let ready = try await fixture.call(.get, "/readyz", token: nil).decoded(Readiness.self)
                #expect(ready == Readiness(runtimes: ["cluster": .unknown]))
                group.cancelAll()
            }
        }
    }

    @Test func `figures tell what was done, by words of ours alone`() async throws {
        try await ServiceFixture.run { fixture async throws in
            _ = try await fixture.deliver(GitHubDelivery("opened", head: Samples.commit("a")))
            _ = try await fixture.deliver(GitHubDelivery("opened", head: Samples.commit("a")), secret: "wrong")
            _ = try await fixture.post("/webhooks/a%22b", body: Data(), headers: [:])
            _ = try await fixture.call(.get, "/unknown%0A1")
            let text = String(buffer: try await fixture.call(.get, "/metrics").body)
            #expect(text.contains("slingshot_deliveries_total{forge=\"github\",outcome=\"create\"} 1\n"))
            #expect(text.contains("slingshot_deliveries_total{forge=\"github\",outcome=\"wrong-signature\"} 1\n"))
            #expect(text.contains("slingshot_deliveries_total{forge=\"unknown\",outcome=\"unknown-forge\"} 1\n"))
            #expect(text.contains("slingshot_http_requests_total{method=\"POST\",route=\"/webhooks/{forge}\",status=\"202\"} 1\n"))
            #expect(text.contains("slingshot_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 1\n"))
            #expect(text.contains("slingshot_stacks{phase=\"queued\"} 1\n"))
            #expect(text.contains("slingshot_queue 1\n"))
            #expect(text.contains("slingshot_lease_next_expiry_timestamp_seconds \(Int(Samples.start.timeIntervalSince1970) + 86_400)\n"))
            #expect(text.contains("slingshot_leases_overdue 0\n"))
            #expect(text.contains("process_resident_memory_bytes "))
            #expect(text.contains("process_start_time_seconds "))
            #expect(try await fixture.call(.get, "/metrics", token: nil).status == .unauthorized)
        }
    }
}

private struct BrokenStore: StackStore {
    func read<T: Sendable>(_ body: @escaping @Sendable (any StackReading) throws -> T) async throws -> T { throw insides }
    func write<T: Sendable>(_ body: @escaping @Sendable (any StackWriting) throws -> T) async throws -> T { throw insides }

    private var insides: StepError { StepError("insides", isRetryable: true) }
}
