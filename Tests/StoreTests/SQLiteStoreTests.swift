import Foundation
import Orchestration
import SlingshotTestSupport
import StagingModel
import Testing

@testable import Store

@Suite struct SQLiteStoreTests {
    @Test func `what was written is there after the file was opened again`() async throws {
        try await withTemporaryDirectory { directory in
            let stack = Samples.stack {
                $0.fetched = .init(revision: 1, commit: Samples.commit("b"))
                $0.failure = .init(step: "deploy", message: "ö\n\"", attempts: 2, retryAt: Samples.start)
            }
            let event = StackEvent(stack: stack.name, at: Samples.start, kind: .step, name: "fetch", message: "fetching")
            let key = DeliveryKey(forge: "github", hook: "1", id: "d")
            let outcome = DeliveryOutcome(delivery: "d", stack: stack.name, action: .create, reason: "opened")
            try await SQLiteStore(directory: directory).write { transaction in
                try transaction.save(stack, wakeAt: nil)
                try transaction.append(event)
                try transaction.remember(outcome, ofDelivery: key, at: Samples.start)
            }
            try await SQLiteStore(directory: directory).read { reading throws in
                #expect(try reading.stack(stack.name) == stack)
                #expect(try reading.events(of: stack.name, after: nil, limit: 10).map(\.message) == ["fetching"])
                #expect(try reading.outcome(ofDelivery: key) == outcome)
                #expect(try reading.outcome(ofDelivery: DeliveryKey(forge: "github", hook: "2", id: "d")) == nil)
            }
        }
    }

    @Test func `changes are told once they can be read`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            var changes = store.changes().makeAsyncIterator()
            await #expect(throws: StepError.self) {
                try await store.write { transaction in
                    try transaction.save(Samples.stack { $0.name = Samples.stackName("shop-6") }, wakeAt: nil)
                    throw StepError("no", isRetryable: false)
                }
            }
            try await store.write { try $0.save(Samples.stack(), wakeAt: nil) }
            #expect(await changes.next() == Samples.stackName())
            #expect(try await store.read { try $0.stack(Samples.stackName()) } != nil)
        }
    }

    @Test func `a transaction that throws leaves nothing behind`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            await #expect(throws: StepError.self) {
                try await store.write { transaction in
                    try transaction.save(Samples.stack(), wakeAt: nil)
                    throw StepError("no", isRetryable: false)
                }
            }
            #expect(try await store.read { try $0.stack(Samples.stackName()) } == nil)
        }
    }

    @Test func `what is due comes in its order, and the next wake is after it`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            let wakes: [(String, TimeInterval?)] = [("shop-1", 20), ("shop-2", 10), ("shop-3", 30), ("shop-4", nil)]
            for (name, seconds) in wakes {
                var stack = Samples.stack()
                stack.name = Samples.stackName(name)
                let saved = stack
                try await store.write { try $0.save(saved, wakeAt: seconds.map { Samples.start.addingTimeInterval($0) }) }
            }
            let at = Samples.start.addingTimeInterval(20.5)
            let (due, next) = try await store.read { (try $0.due(at: at), try $0.nextWake(after: at)) }
            #expect(due.map(\.number) == [2, 1])
            #expect(next == Samples.start.addingTimeInterval(30))
            #expect(try await store.read { try $0.nextWake(after: Samples.start.addingTimeInterval(30)) } == nil)
        }
    }

    @Test func `destroyed stacks are listed only when asked for`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            try await store.write { try $0.save(Samples.stack { $0.phase = .destroyed }, wakeAt: nil) }
            #expect(try await store.read { try $0.stacks(includingDestroyed: false) }.isEmpty)
            #expect(try await store.read { try $0.stacks(includingDestroyed: true) }.count == 1)
        }
    }

    @Test func `the newest events are given when there are more than asked for`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            try await store.write { transaction in
                for number in 1...5 {
                    try transaction.append(
                        StackEvent(stack: Samples.stackName(), at: Samples.start, kind: .step, name: "n", message: "\(number)"))
                }
            }
            let all = try await store.read { try $0.events(of: nil, after: nil, limit: 2) }
            #expect(all.map(\.message) == ["4", "5"])
            #expect(try await store.read { try $0.events(of: nil, after: 0, limit: 2) }.map(\.message) == ["1", "2"])
            #expect(try await store.read { try $0.events(of: Samples.stackName(), after: all[0].id, limit: 9) }.map(\.message) == ["5"])
            #expect(try await store.read { try $0.events(of: Samples.stackName("shop-8"), after: nil, limit: 9) }.isEmpty)
        }
    }

    @Test func `a write that returned survives a loss of power`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            let (journal, synchronous) = try await store.pragmas()
            #expect(journal == "wal")
            #expect(synchronous == 2)  // FULL
        }
    }

    @Test func `nobody else can read it`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            try await store.write { try $0.save(Samples.stack(), wakeAt: nil) }
            for name in ["slingshot.sqlite", "slingshot.sqlite-wal"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: directory.appending(path: name).path)
                #expect(attributes[.posixPermissions] as? Int == 0o600)
            }
            #expect(try await store.read { try $0.stack(Samples.stackName()) } != nil)  // until here it was open
        }
    }

    @Test func `a file that is no database is told with its path`() async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.appending(path: "slingshot.sqlite")
            try Data(repeating: 0x41, count: 8_192).write(to: file)
            let error = #expect(throws: StoreError.self) { try SQLiteStore(directory: directory) }
            #expect(error?.description.contains(file.path) == true)
        }
    }
}
