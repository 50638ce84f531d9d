import FakeForges
import Forges
import Foundation
import Logging
import Orchestration
import SlingshotTestSupport
import StagingModel
import Store
import Telemetry
import Testing

@testable import Feedback

/// A repository whose forge is told: the real store on disk, the real client, and the fake of the forge, under a clock that tests move.
struct FeedbackFixture: Sendable {
    static let name = Samples.stackName()

    let forge: FakeForge
    let store: SQLiteStore
    let clock: TestClock
    let client: any ForgeClient
    let metrics: MetricsRegistry
    let directory: URL

    /// With pull request 7 open.
    static func with(_ kind: FakeForge.Kind, _ body: @Sendable (FeedbackFixture) async throws -> Void) async throws {
        let clock = TestClock()
        try await withTemporaryDirectory { directory in
            try await FakeForge.running(kind, now: { clock.now }) { forge async throws in
                forge.change { $0.add(ForgeState.PullRequest(7, head: Samples.commit("a").description, at: clock.now)) }
                try await Forges.with(clock: clock, secret: { _ in "t0ken" }) { forges in
                    let client = try #require(try forges.client(for: repository("shop", kind, api: forge.api)))
                    let store = try SQLiteStore(directory: directory, tells: [Self.name.repository])
                    try await body(
                        FeedbackFixture(
                            forge: forge, store: store, clock: clock, client: client, metrics: MetricsRegistry(), directory: directory))
                }
            }
        }
    }

    static func repository(_ name: String, _ kind: FakeForge.Kind, api: String) -> RepositorySettings {
        RepositorySettings(
            name: Samples.stackName("\(name)-1").repository, forge: kind.forge, repository: "acme/shop",
            url: "https://git.example.com/acme/shop.git", api: api, credentials: .token(.environment("TOKEN")), runtime: "cluster")
    }

    static var logger: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }

    var teller: Teller {
        Teller(
            repository: Self.name.repository, client: client, store: store, clock: clock, metrics: FeedbackMetrics(factory: metrics),
            logger: Self.logger)
    }

    /// The record becomes this, now.
    func save(_ stack: Stack) async throws {
        var stack = stack
        stack.updatedAt = clock.now.wholeSeconds
        try await store.write { [stack] in try $0.save(stack, wakeAt: nil) }
    }

    /// The record becomes this, and is told when its time has come.
    @discardableResult
    func tell(_ stack: Stack) async throws -> Outlook {
        try await save(stack)
        return try await pass(after: FeedbackSchedule.spacing)
    }

    @discardableResult
    func pass(after seconds: TimeInterval) async throws -> Outlook {
        clock.advance(by: seconds)
        return try await teller.pass()
    }

    var row: StackFeedback? { get async throws { try await store.read { try $0.feedback(of: Self.name) } } }

    /// What the one comment says; fails when there is another number of them.
    var comment: String {
        get throws {
            let comments = forge.state.comments(on: 7).filter { $0.author == "slingshot" }
            try #require(comments.count == 1)
            return comments[0].text
        }
    }

    var status: ForgeState.Status? { forge.state.statuses.first { $0.commit == Samples.commit("a").description } }

    func writes(_ part: String) -> Int { forge.requests.count { $0.method != "GET" && $0.target.contains(part) } }
}

extension FakeForge.Kind {
    /// Its words for a commit that goes and one that is there.
    var running: String { [.github: "pending", .gitlab: "running", .gitea: "pending", .forgejo: "pending"][self] ?? "INPROGRESS" }
    var succeeded: String { [.bitbucket, .bitbucketServer].contains(self) ? "SUCCESSFUL" : "success" }
}
