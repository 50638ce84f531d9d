import FakeForges
import Forges
import Foundation
import Orchestration
import SlingshotTestSupport
import StagingModel
import Synchronization
import Telemetry
import Testing

/// A repository with its client, and the fake of its forge behind it.
struct ForgeFixture: Sendable {
    /// What the credentials' references give; a missing one is a secret that can't be read.
    final class Secrets: Sendable {
        private let values: Mutex<[SecretReference: String]>
        init(_ values: [SecretReference: String]) { self.values = Mutex(values) }

        subscript(reference: SecretReference) -> String? {
            get { values.withLock { $0[reference] } }
            set { values.withLock { $0[reference] = newValue } }
        }
    }

    static let token = SecretReference.environment("TOKEN")

    var forge: FakeForge
    var forges: Forges
    var repository: RepositorySettings
    var client: any ForgeClient
    var clock: TestClock
    var secrets: Secrets
    var metrics: MetricsRegistry

    static func with(
        _ kind: FakeForge.Kind, credentials: GitCredentials = .token(token), secrets: [SecretReference: String] = [token: "t0ken"],
        timeouts: ForgeTimeouts = ForgeTimeouts(), _ body: @Sendable (ForgeFixture) async throws -> Void
    ) async throws {
        let clock = TestClock()
        try await FakeForge.running(kind, now: { clock.now }) { forge async throws in
            let secrets = Secrets(secrets)
            let metrics = MetricsRegistry()
            let forges = Forges(timeouts: timeouts, clock: clock, metrics: metrics) { reference in
                guard let secret = secrets[reference] else { throw StepError("the token is missing; set it", isRetryable: false) }
                return secret
            }
            let repository = repository(kind.forge, api: forge.api, credentials: credentials)
            let client = try #require(try forges.client(for: repository))
            let fixture = ForgeFixture(
                forge: forge, forges: forges, repository: repository, client: client, clock: clock, secrets: secrets, metrics: metrics)
            let result: Result<Void, any Error>
            do { result = .success(try await body(fixture)) } catch { result = .failure(error) }
            try await forges.shutdown()
            try result.get()
        }
    }

    static func repository(
        _ forge: Forge, url: String = "https://git.example.com/acme/shop.git", api: String? = nil,
        credentials: GitCredentials? = .token(token)
    ) -> RepositorySettings {
        RepositorySettings(
            name: RepositoryName("shop")!, forge: forge, repository: "acme/shop", url: url, api: api, credentials: credentials,
            runtime: "cluster")
    }

    /// Adds open pull requests with these numbers.
    func open(_ numbers: some Sequence<Int>) {
        let now = clock.now
        forge.change { state in for number in numbers { state.add(ForgeState.PullRequest(number, at: now)) } }
    }

    func targets(_ method: String) -> [String] { forge.requests.filter { $0.method == method }.map(\.target) }
}

extension StackName {
    static let shop7 = StackName("shop-7")!
}

let commit = CommitID(String(repeating: "a", count: 39) + "7")!
