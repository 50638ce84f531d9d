import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

@testable import Orchestration

@Suite struct RedeliveriesTests {
    private let now = Samples.start

    private func delivery(_ guid: String = "g", attempts: Int = 1, first: TimeInterval = 100, last: TimeInterval, status: Int = 502)
        -> FailedDelivery
    {
        FailedDelivery(
            id: 1, hook: 1, guid: guid, at: now.addingTimeInterval(-first - last), attempts: attempts,
            lastAt: now.addingTimeInterval(-last), status: status)
    }

    @Test(arguments: [(1, 30.0), (2, 600), (3, 3_600), (4, 21_600)])
    func `each attempt waits longer after the one before`(attempts: Int, pause: TimeInterval) {
        let early = Redeliveries(of: [delivery(attempts: attempts, last: pause - 1)], known: [], at: now)
        #expect(early.due.isEmpty && early.abandoned.isEmpty && early.next == now.addingTimeInterval(1))
        let due = Redeliveries(of: [delivery(attempts: attempts, last: pause)], known: [], at: now)
        #expect(due.due.count == 1 && due.next == nil)
    }

    @Test func `the fifth attempt is the last`() {
        let found = Redeliveries(of: [delivery(attempts: 5, last: 90_000)], known: [], at: now)
        #expect(found.due.isEmpty && found.abandoned.map(\.guid) == ["g"] && found.next == nil)
    }

    @Test(arguments: [
        (0, true), (302, true), (400, false), (401, false), (403, false), (404, true), (408, true), (413, false), (415, false), (429, true),
        (500, true), (502, true), (503, true), (504, true),
    ])
    func `what was refused is not asked for again`(status: Int, isDue: Bool) {
        let found = Redeliveries(of: [delivery(last: 60, status: status)], known: [], at: now)
        #expect(found.due.isEmpty == !isDue && found.abandoned.isEmpty == isDue)
    }

    @Test func `what came is not asked for, whatever the forge says`() {
        let found = Redeliveries(of: [delivery("a", last: 60), delivery("b", last: 60)], known: ["a"], at: now)
        #expect(found.due.map(\.guid) == ["b"] && found.abandoned.isEmpty)
    }

    @Test func `the next look begins before the oldest that may yet arrive`() {
        let open = delivery("a", attempts: 2, first: 5_000, last: 60)
        let lost = delivery("b", attempts: 5, first: 90_000, last: 60)
        #expect(Redeliveries(of: [lost, open], known: [], at: now).since == open.at.addingTimeInterval(-Redeliveries.slack))
        #expect(Redeliveries(of: [lost], known: [], at: now).since == now.addingTimeInterval(-Redeliveries.slack))
    }
}
