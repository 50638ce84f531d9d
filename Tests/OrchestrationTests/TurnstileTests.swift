import Orchestration
import Testing

@Suite struct TurnstileTests {
    private actor Room {
        private var inside = 0
        private(set) var most = 0

        func enter() {
            inside += 1
            most = max(most, inside)
        }
        func leave() { inside -= 1 }
    }

    @Test func oneAtATime() async throws {
        let turnstile = Turnstile()
        let room = Room()
        try await withThrowingTaskGroup { group in
            for _ in 1...100 {
                group.addTask {
                    try await turnstile.pass {
                        await room.enter()
                        await Task.yield()
                        await room.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(await room.most == 1)
    }

    @Test func asManyAsThereArePlaces() async throws {
        let turnstile = Turnstile(places: 2)
        try await turnstile.pass {
            #expect(!turnstile.isFull)
            try await turnstile.pass { #expect(turnstile.isFull) }
            #expect(!turnstile.isFull)
        }
    }

    @Test func aFailureLetsTheNextPass() async throws {
        let turnstile = Turnstile()
        await #expect(throws: CancellationError.self) { try await turnstile.pass { throw CancellationError() } }
        let value = try await turnstile.pass { 1 }
        #expect(value == 1)
    }

    @Test func whoIsCancelledInTheQueueLeavesIt() async throws {
        let turnstile = Turnstile()
        let waiting: Task<Int, any Error> = try await turnstile.pass {
            let task = Task { try await turnstile.pass { Issue.record("it had been cancelled") } }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            return Task { try await turnstile.pass { 2 } }
        }
        let value = try await waiting.value
        #expect(value == 2)
    }
}
