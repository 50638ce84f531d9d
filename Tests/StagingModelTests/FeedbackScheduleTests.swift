import Foundation
import StagingModel
import Testing

@Suite struct FeedbackScheduleTests {
    private func at(_ seconds: TimeInterval) -> Date { Date(timeIntervalSince1970: 1_767_225_600 + seconds) }

    @Test func `a change is told soon, not at once, and not right after the last telling`() {
        var schedule = FeedbackSchedule()
        schedule.changed(at: at(10))
        #expect(schedule == FeedbackSchedule(pendingSince: at(10), dueAt: at(12)))
        schedule.changed(at: at(11))
        #expect(schedule == FeedbackSchedule(pendingSince: at(10), dueAt: at(12)))
        var told = FeedbackSchedule(toldAt: at(10))
        told.changed(at: at(11))
        #expect(told == FeedbackSchedule(pendingSince: at(11), dueAt: at(15), toldAt: at(10)))
        var paused = FeedbackSchedule(pendingSince: at(1), dueAt: at(900))
        paused.changed(at: at(10))
        #expect(paused == FeedbackSchedule(pendingSince: at(1), dueAt: at(12)))
    }

    @Test(
        arguments: [
            // pauses, changed at, pending since, due at
            ([], nil, nil, nil),
            ([], 15, nil, nil),
            ([nil], 19, 19, 25),
            ([40], nil, 1, 40),
            ([40, 30], nil, 1, 30),
            ([40, nil], 19, 1, 25),
            ([40], 19, 1, 40),
            ([nil], nil, 1, 25),
        ] as [([TimeInterval?], TimeInterval?, TimeInterval?, TimeInterval?)])
    func `after a try`(pauses: [TimeInterval?], changed: TimeInterval?, since: TimeInterval?, due: TimeInterval?) {
        var schedule = FeedbackSchedule(pendingSince: at(1), dueAt: at(3), toldAt: at(20))
        schedule.tried(at: at(20), pauses: pauses.map { $0.map { at($0) } }, changedAt: changed.map { at($0) })
        #expect(schedule == FeedbackSchedule(pendingSince: since.map { at($0) }, dueAt: due.map { at($0) }, toldAt: at(20)))
    }
}
