import FakeForges
import Forges
import Foundation
import Logging
import SlingshotTestSupport
import StagingModel
import Store
import Telemetry
import Testing

@testable import Orchestration

/// The service with the real client, the fake of GitHub behind it, and the real store.
@Suite(.timeLimit(.minutes(5))) struct RedeliveryTests {
    private struct Fixture: Sendable {
        var clock: TestClock
        var forge: FakeForge
        var store: SQLiteStore
        var metrics: MetricsRegistry
        var repositories: [RepositorySettings]
        var clients: [RepositoryName: any ForgeClient]

        func looker(_ index: Int = 0) throws -> RedeliveryLooker {
            let repository = repositories[index]
            return RedeliveryLooker(
                repository: repository, client: try #require(clients[repository.name]), store: store, clock: clock, metrics: metrics,
                logger: quiet)
        }

        /// So many minutes ago, and what was answered.
        func missed(_ guid: String, minutes: Double = 10, status: Int = 502) {
            let at = clock.now.addingTimeInterval(-minutes * 60)
            forge.change { $0.deliveries.append(.init(id: $0.deliveries.count + 1, guid: guid, at: at, status: status)) }
        }

        /// The ids that were asked for, in order.
        var asked: [String] {
            forge.requests.filter { $0.method == "POST" && $0.target.hasSuffix("/attempts") && $0.status == 202 }
                .compactMap { $0.target.split(separator: "/").dropLast().last.map { String($0) } }
        }

        func count(_ outcome: String) -> Bool {
            Exposition.text(metrics.collect()).contains("slingshot_redeliveries_total{outcome=\"\(outcome)\"}")
        }

        var quiet: Logger {
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            return logger
        }
    }

    private func with(app: Bool = false, names: [String] = ["shop"], _ body: @Sendable @escaping (Fixture) async throws -> Void)
        async throws
    {
        let clock = TestClock()
        let key = app ? try FakeApp(id: "12", installation: 1) : nil
        try await FakeForge.running(.github, now: { clock.now }) { forge async throws in
            if let key { forge.change { $0.app = key } }
            let secret = key?.privateKey ?? "t0ken"
            try await Forges.with(clock: clock, secret: { _ in secret }) { forges async throws in
                let repositories = names.map { name in
                    var repository = Samples.repository(name)
                    repository.repository = "acme/shop"
                    repository.api = forge.api
                    repository.credentials =
                        key.map { .githubApp(GitHubApp(id: $0.id, privateKey: .environment("KEY"))) } ?? .token(.environment("TOKEN"))
                    return repository
                }
                try await withTemporaryDirectory { directory in
                    let fixture = Fixture(
                        clock: clock, forge: forge, store: try SQLiteStore(directory: directory), metrics: MetricsRegistry(),
                        repositories: repositories, clients: try forges.clients(for: repositories))
                    try await body(fixture)
                }
            }
        }
    }

    @Test func `what was missed is asked for once, oldest first`() async throws {
        try await with { fixture in
            fixture.missed("a", minutes: 70)
            fixture.missed("b", minutes: 60, status: 202)
            fixture.missed("c", minutes: 50)
            fixture.missed("d", minutes: 4 * 1_440)
            fixture.forge.change { state in
                let index = state.deliveries.count
                state.deliveries.append(.init(id: index + 1, guid: "e", at: fixture.clock.now.addingTimeInterval(-300), status: 502))
                state.deliveries[index].event = "push"
            }
            var looker = try fixture.looker()
            let next = try await looker.look()
            #expect(fixture.asked == ["1", "3"])
            #expect(next == fixture.clock.now.addingTimeInterval(RedeliveryLooker.interval))
            fixture.clock.advance(to: next)
            _ = try await looker.look()
            // A restart looks back as far as there is something, and finds that it arrived.
            var restarted = try fixture.looker()
            _ = try await restarted.look()
            #expect(fixture.asked == ["1", "3"] && fixture.count("asked") && !fixture.count("abandoned"))
        }
    }

    @Test func `what never arrives is asked for four times, however often serve starts`() async throws {
        try await with { fixture in
            let (now, nobody) = (fixture.clock.now, "http://127.0.0.1:1/webhooks/github")
            fixture.forge.change { state in
                state.webhooks[0].url = nobody
                var delivery = ForgeState.Delivery(id: 1, guid: "a", at: now.addingTimeInterval(-60), status: 502)
                delivery.message = .init(headers: [:], body: Data())
                state.deliveries = [delivery]
            }
            var looker = try fixture.looker()
            for round in 0..<70 {
                let attempts = fixture.asked.count
                let next = try await looker.look()
                if fixture.asked.count > attempts {
                    try await fixture.forge.wait { $0.deliveries.allSatisfy { $0.status == 502 } }
                }
                fixture.clock.advance(to: next)
                if round % 3 == 0 { looker = try fixture.looker() }
            }
            #expect(fixture.asked == ["1", "1", "1", "1"] && fixture.forge.state.deliveries.count == 5)
            #expect(fixture.count("abandoned"))
        }
    }

    @Test func `what came all the same is not asked for`() async throws {
        try await with { fixture in
            fixture.missed("a")
            let now = fixture.clock.now
            try await fixture.store.write {
                // Under the id of another webhook: an App's tells of the same.
                let outcome = DeliveryOutcome(delivery: "a", stack: nil, action: .ignored, reason: "")
                try $0.remember(outcome, ofDelivery: DeliveryKey(forge: "github", hook: "9", id: "a"), at: now)
            }
            var looker = try fixture.looker()
            _ = try await looker.look()
            #expect(fixture.asked.isEmpty)
        }
    }

    @Test func `a right that is missing stops the loop for an hour, and mending it is enough`() async throws {
        try await with { fixture in
            fixture.missed("a")
            fixture.forge.change { $0.tokens["t0ken"]?.scopes = ["repo"] }
            var looker = try fixture.looker()
            let next = try await looker.look()
            #expect(next == fixture.clock.now.addingTimeInterval(RedeliveryLooker.patience))
            fixture.forge.change { $0.tokens["t0ken"]?.scopes = ["repo", "admin:repo_hook"] }
            fixture.clock.advance(to: next)
            _ = try await looker.look()
            #expect(fixture.asked == ["1"])
        }
    }

    @Test func `a rate limit is waited for, and what was asked for before it is not asked for again`() async throws {
        try await with { fixture in
            fixture.missed("a")
            fixture.missed("b", minutes: 9)
            let end = fixture.clock.now.addingTimeInterval(1_800)
            // Two requests for the lists, and one of the two deliveries.
            fixture.forge.change { $0.budget = (left: 3, until: end) }
            var looker = try fixture.looker()
            #expect(try await looker.look() >= end)
            #expect(fixture.asked == ["1"])
            fixture.clock.advance(to: end)
            _ = try await looker.look()
            #expect(fixture.asked == ["1", "2"])
        }
    }

    @Test func `a delivery that the forge has lost holds up no other`() async throws {
        try await with { fixture in
            fixture.missed("a")
            fixture.missed("b", minutes: 9)
            fixture.forge.fail(.status(404), times: 9) { $0.method == "POST" && $0.target.contains("/1/attempts") }
            var looker = try fixture.looker()
            let next = try await looker.look()
            fixture.clock.advance(to: next)
            _ = try await looker.look()
            #expect(fixture.asked == ["2"] && fixture.count("refused"))
            #expect(fixture.forge.requests.count { $0.target.contains("/1/attempts") } == 1)
        }
    }

    /// The fake knows one repository; the second's are told of with another number.
    @Test func `an App's webhook is shared, and each delivery is asked for by its own repository`() async throws {
        try await with(app: true, names: ["shop", "other"]) { fixture in
            fixture.missed("a")
            fixture.forge.change { state in
                var other = ForgeState.Delivery(id: 2, guid: "b", at: fixture.clock.now.addingTimeInterval(-600), status: 502)
                other.repository = 77
                state.deliveries.append(other)
            }
            for index in 0...1 {
                var looker = try fixture.looker(index)
                _ = try await looker.look()
            }
            #expect(fixture.asked == ["1"])
        }
    }

    @Test func `the service looks soon after its start and goes on, though one repository's forge is silent`() async throws {
        try await with(names: ["shop", "other"]) { fixture in
            fixture.missed("a")
            fixture.forge.fail(.silence) { $0.target.hasSuffix("/hooks?per_page=100") || $0.target.hasSuffix("/hooks") }
            let service = Redelivery(
                repositories: fixture.repositories, clients: fixture.clients, store: fixture.store, clock: fixture.clock,
                logger: fixture.quiet)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await service.run() }
                while fixture.clock.nextWake == nil { await Task.yield() }
                #expect(fixture.asked.isEmpty)
                fixture.clock.advance(by: Redelivery.delay)
                try await fixture.forge.wait { $0.deliveries.count == 2 }
                while fixture.clock.nextWake == nil { await Task.yield() }
                fixture.missed("b", minutes: 1)
                fixture.clock.advance(by: RedeliveryLooker.interval)
                try await fixture.forge.wait { $0.deliveries.count == 4 }
                group.cancelAll()
            }
        }
    }
}
