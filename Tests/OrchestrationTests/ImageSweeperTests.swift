import Foundation
import Logging
import Orchestration
import SlingshotTestSupport
import StagingModel
import Store
import Synchronization
import Testing

@Suite struct ImageSweeperTests {
    /// Tells what it was asked to keep.
    private final class Builder: ImageBuilder {
        let (asked, tell) = AsyncStream.makeStream(of: Set<String>.self)

        func build(_ request: BuildRequest, onProgress: @Sendable (String) async throws -> Void) async throws -> BuildOutcome { .found }
        func output(of stack: StackName, last count: Int) async -> [LogLine] { [] }
        func follow(_ stack: StackName) async -> AsyncStream<LogLine> { AsyncStream { $0.finish() } }
        func prune(keeping images: Set<String>, outputsOf stacks: Set<StackName>) async throws -> Int {
            tell.yield(images)
            return 0
        }
    }

    @Test func `keeps what stacks run or are about to, and looks again when one is destroyed`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(directory: directory)
            let builder = Builder()
            let clock = TestClock(now: Samples.start)
            var settings = Samples.repository()
            settings.imageRepository = "registry/shop"
            let stack = Samples.stack {
                $0.fetched = .init(revision: 2, commit: Samples.commit("b"), image: "registry/shop:other")
                $0.deployed = .init(revision: 1, commit: Samples.commit("a"), planDigest: "d", at: Samples.start)
            }
            try await store.write { try $0.save(stack, wakeAt: nil) }
            let sweeper = ImageSweeper(
                store: store, builders: [builder], repositories: [settings], changes: store.changes(), clock: clock,
                logger: Logger(label: "test"))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await sweeper.run() }
                var asked = builder.asked.makeAsyncIterator()
                #expect(
                    await asked.next() == [
                        "registry/shop:\(Samples.commit("a"))", "registry/shop:\(Samples.commit("b"))", "registry/shop:other",
                    ])
                var gone = stack
                gone.phase = .destroyed
                try await store.write { [gone] in try $0.save(gone, wakeAt: nil) }
                while clock.nextWake != Samples.start.addingTimeInterval(1) { await Task.yield() }
                clock.advance(by: 1)
                #expect(await asked.next() == [])
                group.cancelAll()
            }
        }
    }
}
