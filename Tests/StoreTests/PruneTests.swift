import Foundation
import Orchestration
import SlingshotTestSupport
import StagingModel
import Store
import Testing

@Suite struct PruneTests {
    private let cutoff = Samples.start.addingTimeInterval(1_000)

    private func stack(_ name: String, _ phase: Phase, updatedAt: Date) -> Stack {
        var stack = Samples.stack()
        stack.name = Samples.stackName(name)
        stack.phase = phase
        stack.updatedAt = updatedAt
        return stack
    }

    @Test func `what is older than the cutoff goes, and what lives stays`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            let (old, young) = (cutoff.addingTimeInterval(-1), cutoff)
            let stacks = [
                stack("shop-1", .destroyed, updatedAt: old), stack("shop-2", .destroyed, updatedAt: young),
                stack("shop-3", .ready, updatedAt: old), stack("shop-4", .destroying, updatedAt: old),
            ]
            let outcome = DeliveryOutcome(delivery: "d", stack: nil, action: .ignored, reason: "")
            try await store.write { transaction in
                for stack in stacks { try transaction.save(stack, wakeAt: nil) }
                for (index, at) in [old, old, young].enumerated() {
                    try transaction.remember(outcome, ofDelivery: DeliveryKey(forge: "github", hook: "", id: "\(index)"), at: at)
                    try transaction.append(
                        StackEvent(stack: stacks[0].name, at: at, kind: .step, name: "n", message: "\(index)"))
                }
            }
            #expect(try await store.prune(before: cutoff) == PruneCounts(deliveries: 2, events: 2, stacks: 1))
            try await store.read { reading throws in
                #expect(try reading.stacks(includingDestroyed: true).map(\.name.number) == [2, 3, 4])
                #expect(try reading.events(of: nil, after: 0, limit: 10).map(\.message) == ["2"])
                #expect(try reading.outcome(ofDelivery: DeliveryKey(forge: "github", hook: "", id: "1")) == nil)
                #expect(try reading.outcome(ofDelivery: DeliveryKey(forge: "github", hook: "", id: "2")) == outcome)
            }
            #expect(try await store.prune(before: cutoff) == PruneCounts())
        }
    }

    @Test func `more than one commit's worth goes all the same, and the log is emptied`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            try await store.write { transaction in
                for number in 0..<5_000 {
                    try transaction.append(
                        StackEvent(stack: Samples.stackName(), at: Samples.start, kind: .step, name: "n", message: "\(number)"))
                }
            }
            #expect(try await store.prune(before: cutoff).events == 5_000)
            let log = directory.appending(path: "slingshot.sqlite-wal").path
            #expect(try FileManager.default.attributesOfItem(atPath: log)[.size] as? Int == 0)
        }
    }

    @Test func `the numbers of a scrape are those of the record`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            var expired = stack("shop-1", .destroying, updatedAt: cutoff)
            expired.lease = Lease(from: Samples.start, seconds: 60, policy: Samples.policy.lifetime)
            var going = stack("shop-4", .destroying, updatedAt: cutoff)
            going.wanted = .gone(.closed)
            going.lease = Lease(from: Samples.start, seconds: 5_000, policy: Samples.policy.lifetime)
            let all = [expired, stack("shop-2", .ready, updatedAt: cutoff), stack("shop-3", .destroyed, updatedAt: cutoff), going]
            let cutoff = cutoff
            try await store.write { transaction in
                for stack in all { try transaction.save(stack, wakeAt: stack.phase == .destroying ? cutoff : nil) }
            }
            let statistics = try await store.read { try $0.statistics(at: cutoff) }
            #expect(statistics.phases == [.destroying: 2, .ready: 1, .destroyed: 1])
            #expect(statistics.due == 2)
            #expect(statistics.overdue == 1)
            #expect(statistics.nextExpiry == Samples.start.addingTimeInterval(86_400))
        }
    }

    @Test func `tokens are found by their digest alone`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            var token = AccessToken(
                name: "ci", role: .operator, digest: Array(repeating: 7, count: 32), createdAt: Samples.start, expiresAt: cutoff)
            let first = token
            try await store.write { try $0.save(first) }
            token.lastUsedAt = Samples.start
            let used = token
            try await store.write { try $0.save(used) }
            #expect(try await store.read { try $0.token(digest: used.digest) } == used)
            #expect(try await store.read { try $0.token(digest: Array(repeating: 8, count: 32)) } == nil)
            #expect(try await store.read { try $0.tokens() } == [used])
            #expect(try await store.write { try $0.removeToken("ci") } == used)
            #expect(try await store.write { try $0.removeToken("ci") } == nil)
        }
    }
}
