import ControlAPI
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Orchestration
import SlingshotTestSupport
import StagingModel
import Store
import Telemetry
import Testing
import Webhooks

@testable import Service

/// The real routes over the real store, and a simulated engine.
struct ServiceFixture: Sendable {
    static let secret = "webhook-secret"
    static let token = "api-token"

    let store: SQLiteStore
    let clock: TestClock
    let orchestrator: Orchestrator
    let engine: SimulatedEngine
    let http: any TestClientProtocol

    static func run(
        engine: SimulatedEngine = SimulatedEngine(), live: Bool = false, credentials: GitCredentials? = nil,
        plan: @escaping StackPlanner = { _ in nil },
        shareLink: (@Sendable (Stack, Date) -> String)? = nil, _ body: @escaping @Sendable (ServiceFixture) async throws -> Void
    )
        async throws
    {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            let clock = TestClock()
            let (made, orchestrator) = try make(store: store, clock: clock, engine: engine, credentials: credentials, plan: plan)
            var service = made
            service.shareLink = shareLink
            let application = Application(router: service.router(), logger: quiet)
            try await application.test(live ? .live : .router) { client in
                try await body(ServiceFixture(store: store, clock: clock, orchestrator: orchestrator, engine: engine, http: client))
            }
        }
    }

    static var quiet: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }

    /// The service over `store`, and an orchestrator without engines that does not run yet.
    static func make(
        store: any StackStore, clock: any WallClock, engine: SimulatedEngine = SimulatedEngine(), limits: ServerLimits = ServerLimits(),
        trustedProxies: [String] = [], credentials: GitCredentials? = nil, plan: @escaping StackPlanner = { _ in nil }
    ) throws -> (SlingshotService, Orchestrator) {
        let registry = MetricsRegistry(help: MetricHelp.texts)
        var repository = Samples.repository()
        repository.credentials = credentials
        let orchestrator = Orchestrator(
            engines: Engines(store: store, runtimes: [:], refs: NoRefs(), clock: clock, metrics: registry),
            settings: OrchestrationSettings(repositories: [repository], policy: Samples.policy), logger: quiet)
        let intake = Intake(store: store, repositories: [repository], policy: Samples.policy, clock: clock) { _ in }
        let secret = try #require(WebhookSecret(secret.utf8))
        let subscriptions = Forge.allCases.map { forge in
            Subscription(repository: Samples.repository().name, forge: forge.rawValue, fullName: "acme/shop", secret: secret)
        }
        let service = SlingshotService(
            store: store, intake: intake, receiver: WebhookReceiver(adapters: Forge.allCases.map(\.adapter), subscriptions: subscriptions),
            policy: Samples.policy, clock: clock, health: orchestrator.health, runtimes: ["cluster": engine], registry: registry,
            apiToken: token,
            trustedProxies: trustedProxies, limits: limits, plan: plan)
        return (service, orchestrator)
    }

    func deliver(_ delivery: GitHubDelivery, secret: String? = ServiceFixture.secret) async throws -> TestResponse {
        let headers = secret.map { delivery.headers(secret: $0) } ?? ["Content-Type": "application/json", "X-GitHub-Event": "pull_request"]
        return try await post("/webhooks/github", body: delivery.body, headers: headers)
    }

    func post(_ path: String, body: Data, headers: [String: String]) async throws -> TestResponse {
        let response = try await http.execute(uri: path, method: .post, headers: fields(headers), body: ByteBuffer(bytes: body))
        return try documented(.post, path, response)
    }

    func call(
        _ method: HTTPRequest.Method, _ path: String, json: String? = nil, token: String? = ServiceFixture.token,
        headers: [String: String] = [:]
    ) async throws -> TestResponse {
        var all = headers
        if let token { all["Authorization"] = "Bearer \(token)" }
        let response = try await http.execute(uri: path, method: method, headers: fields(all), body: json.map { ByteBuffer(string: $0) })
        return try documented(method, path, response)
    }

    /// Holds an answer against the OpenAPI document: every test that asks for something checks that too.
    private func documented(_ method: HTTPRequest.Method, _ path: String, _ response: TestResponse) throws -> TestResponse {
        let faults = try OpenAPIDocument.served.faults(
            method: method.rawValue, path: path, status: response.status.code, contentType: response.headers[.contentType],
            body: Array(response.body.readableBytesView))
        #expect(faults.isEmpty, "\(method) \(path): \(response.status.code) \(String(buffer: response.body))")
        return response
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

/// Without a repository nothing can be fetched; no test here gets that far.
private struct NoRefs: ChangeSource {
    func fetch(_ ref: String, of repository: RepositorySettings) async throws -> CommitID { throw gone }
    func contains(_ commit: CommitID, in head: CommitID, of repository: RepositorySettings) async throws -> Bool { throw gone }
    func file(_ path: String, at commit: CommitID, of repository: RepositorySettings, limit: Int) async throws -> [UInt8]? { throw gone }
    func files(below folder: String, at commit: CommitID, of repository: RepositorySettings, count: Int, bytes: Int) async throws
        -> [String:
        [UInt8]]?
    { throw gone }

    func changes(of commit: CommitID, since base: CommitID, touch paths: Patterns, in repository: RepositorySettings) async throws -> Bool {
        throw gone
    }

    private var gone: StepError { StepError("there is no repository", isRetryable: true) }
}

extension OpenAPIDocument {
    static let served: OpenAPIDocument = {
        guard let document = try? OpenAPIDocument(Array(PackageResources.openapi_json)) else {
            preconditionFailure("openapi.json is no JSON")
        }
        return document
    }()
}
