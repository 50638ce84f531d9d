import ControlAPI
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Orchestration
import Service
import SlingshotTestSupport
import StagingModel
import Store
import Testing
import Webhooks

/// The real routes over the real store, without an engine.
struct ServiceFixture: Sendable {
    static let secret = "webhook-secret"
    static let token = "api-token"

    let store: SQLiteStore
    let clock: TestClock
    let http: any TestClientProtocol

    static func run(
        plan: @escaping StackPlanner = { _ in nil }, _ body: @escaping @Sendable (ServiceFixture) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            let clock = TestClock()
            let intake = Intake(store: store, repositories: [Samples.repository()], policy: Samples.policy, clock: clock) { _ in }
            let subscription = Subscription(
                repository: Samples.repository().name, forge: "github", fullName: "acme/shop",
                secret: try #require(WebhookSecret(secret.utf8)))
            let receiver = WebhookReceiver(adapters: [GitHubAdapter()], subscriptions: [subscription])
            let service = SlingshotService(
                store: store, intake: intake, receiver: receiver, policy: Samples.policy, apiToken: token,
                plan: { try await plan($0) })
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let application = Application(router: service.router(), logger: logger)
            try await application.test(.router) { client in
                try await body(ServiceFixture(store: store, clock: clock, http: client))
            }
        }
    }

    func deliver(_ delivery: GitHubDelivery, secret: String? = ServiceFixture.secret) async throws -> TestResponse {
        let headers = secret.map { delivery.headers(secret: $0) } ?? ["Content-Type": "application/json", "X-GitHub-Event": "pull_request"]
        return try await post("/webhooks/github", body: delivery.body, headers: headers)
    }

    func post(_ path: String, body: Data, headers: [String: String]) async throws -> TestResponse {
        try await http.execute(uri: path, method: .post, headers: fields(headers), body: ByteBuffer(bytes: body))
    }

    func call(_ method: HTTPRequest.Method, _ path: String, json: String? = nil, token: String? = ServiceFixture.token) async throws
        -> TestResponse
    {
        let headers = token.map { ["Authorization": "Bearer \($0)"] } ?? [:]
        return try await http.execute(uri: path, method: method, headers: fields(headers), body: json.map { ByteBuffer(string: $0) })
    }

    private func fields(_ headers: [String: String]) -> HTTPFields {
        var fields = HTTPFields()
        for (name, value) in headers { if let name = HTTPField.Name(name) { fields[name] = value } }
        return fields
    }
}

extension TestResponse {
    func decoded<T: Decodable>(_ type: T.Type = T.self) throws -> T { try ControlCoding.decode(type, from: Data(body.readableBytesView)) }

    var problem: Problem { get throws { try decoded() } }
}
