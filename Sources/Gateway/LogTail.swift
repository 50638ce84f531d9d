import Foundation
import Orchestration
import StagingModel

/// The last lines of the stacks that somebody looks at. Engines are asked while somebody does, and no page ever waits for them.
actor LogTail {
    /// Seconds between two questions about a stack, however many look at it.
    static let pause = 2.0
    /// Seconds that an answer may take.
    static let patience = 5.0
    /// Stacks that are asked about at the same time; the others keep for a moment what is known of them.
    static let mostQuestions = 8

    private struct Known {
        var lines: [PageView.LogLine] = []
        var askedAt: Date
    }

    private let source: GatewayPages.Lines
    private let clock: any WallClock
    private var known: [StackName: Known] = [:]
    private var asking: Set<StackName> = []

    init(source: @escaping GatewayPages.Lines, clock: any WallClock) {
        self.source = source
        self.clock = clock
    }

    /// What is known; asks nobody.
    func lines(of name: StackName) -> [PageView.LogLine] { known[name]?.lines ?? [] }

    /// Asks, unless that was just done. Says whether the lines are others now.
    func refresh(_ name: StackName) async -> Bool {
        let now = clock.now
        if let last = known[name]?.askedAt, now.timeIntervalSince(last) < Self.pause { return false }
        guard asking.count < Self.mostQuestions, asking.insert(name).inserted else { return false }
        defer { asking.remove(name) }
        let answer = await answer(about: name)
        // Nobody has looked at these for a minute.
        known = known.filter { now.timeIntervalSince($0.value.askedAt) < 60 }
        let before = known[name]?.lines ?? []
        let lines = answer.map { LogExcerpt.lines($0) } ?? before
        known[name] = Known(lines: lines, askedAt: now)
        return lines != before
    }

    /// Nil when it took too long, or nothing is known.
    private func answer(about name: StackName) async -> [LogLine]? {
        await withTaskGroup { [source, clock] group in
            group.addTask { await source(name) }
            group.addTask {
                try? await clock.sleep(until: clock.now.addingTimeInterval(Self.patience))
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}
