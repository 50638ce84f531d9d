import ControlAPI
import FaultProxy
import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

/// SIGKILL at every change of the cluster that a deploy, an update and a destroy make, before and after each, and at every step. After a
/// restart everything has to be as it is without.
@Suite(.serialized, .timeLimit(.minutes(30))) struct KillPointTests {
    @Test func `killed anywhere, it ends as if nothing had happened`() async throws {
        try await ServeFixture.faulty { fixture, proxy async throws in
            try await KillDrill(fixture: fixture, proxy: proxy).run()
        }
    }
}

/// Something that a delivery makes `serve` do.
private enum Deed: String, CaseIterable {
    case deploy, update, destroy

    /// The steps that are no changes, or more than one.
    var steps: [String] {
        switch self {
        case .deploy, .update: ["fetch", "deploy", "watch"]
        case .destroy: ["destroy"]
        }
    }
}

private struct Kill: Sendable, CustomStringConvertible {
    var deed: Deed
    var number: Int
    var commit: CommitID
    var point: KillPoint
    /// How many commits the stack has had by then.
    var deploys = 1
    /// What there was right after the kill; nil when there was no namespace.
    var left: StackSnapshot?
    var lease: Date?

    var description: String { "\(deed.rawValue) of shop-\(number), killed \(point)" }
}

private struct KillDrill: Sendable {
    /// What an undisturbed life came to.
    private struct Reference: Sendable {
        var changes: [Deed: Int] = [:]
        var snapshots: [CommitID: StackSnapshot] = [:]
        /// Requests that change nothing.
        var reads: [Deed: Int] = [:]
    }

    /// With `SLINGSHOT_KILL_READS=1` it is also killed at every read of the stack's namespace.
    private static let killsAtReads = ProcessInfo.processInfo.environment["SLINGSHOT_KILL_READS"] == "1"

    let fixture: ServeFixture
    let proxy: FaultProxy
    private let killSwitch = KillSwitch()
    /// Numbers that are in no other text, so that they can be made equal. One stack for each kill of a deploy.
    private let numbers = Array(70_000..<(killsAtReads ? 70_120 : 70_040))
    private let lifetime = 43_200.0

    init(fixture: ServeFixture, proxy: FaultProxy) {
        self.fixture = fixture
        self.proxy = proxy
    }

    func run() async throws {
        proxy.judge { [killSwitch] in killSwitch.judge($0) }
        let commits = [
            try await fixture.pushWithoutPods("one", ttl: "12h", to: numbers), try await fixture.pushWithoutPods("two", ttl: "12h"),
        ]
        let reference = try await undisturbed(numbers[0], commits)

        let deploys = zip(points(of: .deploy, reference), numbers.dropFirst()).map {
            Kill(deed: .deploy, number: $1, commit: commits[0], point: $0)
        }
        // There may be more kills of an update than stacks: then one is updated back.
        let updates = points(of: .update, reference).enumerated().map { index, point in
            let round = index / deploys.count
            return Kill(
                deed: .update, number: deploys[index % deploys.count].number, commit: commits[(round + 1) % 2], point: point,
                deploys: round + 2)
        }
        let destroys = zip(points(of: .destroy, reference), deploys).map {
            Kill(deed: .destroy, number: $1.number, commit: commits[0], point: $0)
        }
        try await kill(at: deploys + updates, reference)
        for number in Set(deploys.map(\.number)) { #expect(proxy.deletions(of: fixture.namespace(of: number)).isEmpty) }
        try await kill(at: destroys, reference)
        try await fixture.serving { serving async throws in
            for kill in destroys { try await expectGone(kill, serving) }
        }
    }

    private func points(of deed: Deed, _ reference: Reference) -> [KillPoint] {
        let changes = reference.changes[deed] ?? 0
        #expect(changes > 1, "a \(deed.rawValue) is expected to change something")
        let reads = Self.killsAtReads ? (1...max(reference.reads[deed] ?? 1, 1)).map { KillPoint.read($0) } : []
        return (1...max(changes, 1)).flatMap { [.change($0, .before), .change($0, .after)] } + deed.steps.map { .step($0) } + reads
    }

    /// One life of a stack in which nothing goes wrong.
    private func undisturbed(_ number: Int, _ commits: [CommitID]) async throws -> Reference {
        try await fixture.serving { serving async throws in
            var reference = Reference()
            for (deed, commit) in zip(Deed.allCases, commits + [commits[1]]) {
                killSwitch.arm(nil, namespace: fixture.namespace(of: number), kill: serving.process.kill)
                try await begin(deed, number, commit, serving)
                if deed == .destroy {
                    try await serving.stack(number, until: "it is destroyed") { $0.phase == .destroyed }
                } else {
                    try await serving.ready(commit, number)
                    reference.snapshots[commit] = try await StackSnapshot(of: number, in: fixture)
                }
                reference.changes[deed] = killSwitch.changes
                reference.reads[deed] = killSwitch.reads
            }
            return reference
        }
    }

    private func begin(_ deed: Deed, _ number: Int, _ commit: CommitID, _ serving: Serving) async throws {
        let actions: [Deed: String] = [.deploy: "opened", .update: "synchronize", .destroy: "closed"]
        if deed == .update {
            try await fixture.repository.git(["update-ref", PullRequest.headRef(number), commit.description])
        }
        try await serving.deliver(GitHubDelivery(actions[deed] ?? "", number: number, head: commit))
    }

    // MARK: Killing

    /// Each life of the process settles what the one before was killed in, and is killed in the next. What is being destroyed settles last,
    /// because the cluster takes its time for that.
    private func kill(at kills: [Kill], _ reference: Reference) async throws {
        var pending: Kill?
        for next in kills.map(Optional.some) + [nil] {
            let last = pending
            pending = try await fixture.serving { serving async throws in
                if let last, last.deed != .destroy { try await expectUnharmed(last, serving, reference) }
                guard var next else { return nil }
                next.lease = try? await serving.client.stack("shop-\(next.number)").expiresAt
                try await strike(next, serving)
                next.left = try await StackSnapshot(of: next.number, in: fixture)
                return next
            }
        }
    }

    private func strike(_ kill: Kill, _ serving: Serving) async throws {
        killSwitch.arm(kill.point, namespace: fixture.namespace(of: kill.number), kill: serving.process.kill)
        try await withThrowingTaskGroup(of: Void.self) { group in
            if case .step(let name) = kill.point {
                group.addTask {
                    _ = try? await serving.process.line(containing: "stack=shop-\(kill.number) step=\(name)")
                    await serving.process.kill()
                }
            } else {
                group.addTask { await serving.process.ended() }
            }
            group.addTask {
                do {
                    try await begin(kill.deed, kill.number, kill.commit, serving)
                    try await serving.stack(kill.number, until: "the service is killed") { _ in false }
                } catch let failure as ChildProcess.Failure { throw failure } catch {
                    // The answer fails to come, because the service is dying.
                    await serving.process.ended()
                }
            }
            try await group.next()
            group.cancelAll()
        }
    }

    // MARK: Comparing

    private func expectUnharmed(_ kill: Kill, _ serving: Serving, _ reference: Reference) async throws {
        let view = try await serving.ready(kill.commit, kill.number)
        let snapshot = try #require(try await StackSnapshot(of: kill.number, in: fixture), "\(kill)")
        let expected = try #require(reference.snapshots[kill.commit])
        #expect(snapshot.differences(from: expected) == [], "\(kill)")
        // What was made once is not made again, unless it is what the commit changes.
        if let left = kill.left {
            for (key, uid) in left.uids
            where snapshot.uids[key] != nil && (key != "Job/migrate" || left.objects[key] == snapshot.objects[key]) {
                #expect(snapshot.uids[key] == uid, "\(kill): \(key)")
            }
        }
        let expiresAt = try #require(view.expiresAt)
        #expect(expiresAt == view.createdAt.addingTimeInterval(lifetime), "\(kill)")
        #expect(snapshot.annotations[StackMetadata.expiresAt] == expiresAt.rfc3339, "\(kill)")
        #expect(snapshot.annotations[StackMetadata.planDigest] == view.planDigest, "\(kill)")
        #expect(snapshot.annotations[StackMetadata.headSHA] == view.commit, "\(kill)")
        if kill.deed == .update { #expect(expiresAt == kill.lease, "\(kill)") }
        let outcomes = try await serving.outcomes(kill.number)
        for name in ["fetch", "deploy", "ready"] { #expect(outcomes[name] == kill.deploys, "\(kill): \(name)") }
        let events = try await serving.client.events(of: "shop-\(kill.number)")
        #expect(events.filter { $0.kind == .failure }.map(\.message) == [], "\(kill)")
    }

    private func expectGone(_ kill: Kill, _ serving: Serving) async throws {
        let view = try await serving.stack(kill.number, until: "it is destroyed") { $0.phase == .destroyed }
        #expect(view.message == "nothing of it is left", "\(kill)")
        #expect(try await fixture.namespaceObject(kill.number) == nil, "\(kill)")
        #expect(try await serving.outcomes(kill.number)["destroyed"] == 1, "\(kill)")
    }
}
