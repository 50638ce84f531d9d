import Foundation
import Orchestration
import SlingshotTestSupport
import StagingModel
import Store
import Testing

@Suite struct GroupCommitTests {
    @Test func `many writes at once are all there, each once`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<500 {
                    group.addTask {
                        try await store.write { transaction in
                            try transaction.append(
                                StackEvent(stack: Samples.stackName(), at: Samples.start, kind: .step, name: "n", message: "\(number)"))
                        }
                    }
                }
                try await group.waitForAll()
            }
            let messages = try await store.read { try $0.events(of: nil, after: 0, limit: 1_000) }.map(\.message)
            #expect(Set(messages).count == 500)
            #expect(messages.count == 500)
        }
    }

    @Test func `a write that throws takes none of its neighbours with it`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            let failures = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        do {
                            try await store.write { transaction in
                                try transaction.append(
                                    StackEvent(stack: Samples.stackName(), at: Samples.start, kind: .step, name: "n", message: "\(number)"))
                                if number.isMultiple(of: 3) { throw StepError("no", isRetryable: false) }
                            }
                            return false
                        } catch {
                            return error as? StepError == StepError("no", isRetryable: false)
                        }
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(failures == 67)
            let events = try await store.read { try $0.events(of: nil, after: 0, limit: 1_000) }
            #expect(events.count == 133)
            #expect(events.allSatisfy { Int($0.message)?.isMultiple(of: 3) == false })
        }
    }

    @Test func `a transaction sees what an earlier one wrote, also in the same commit`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            try await store.write { try $0.save(Samples.stack { $0.revision = 0 }, wakeAt: nil) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        try await store.write { transaction in
                            guard var stack = try transaction.stack(Samples.stackName()) else { return }
                            stack.revision += 1
                            try transaction.save(stack, wakeAt: nil)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await store.read { try $0.stack(Samples.stackName()) }?.revision == 100)
        }
    }
}
