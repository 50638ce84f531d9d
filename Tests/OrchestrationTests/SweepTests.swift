import Foundation
import Orchestration
import SlingshotTestSupport
import StagingModel
import Testing

@Suite struct SweepTests {
    let now = Samples.start

    private func stack(_ name: String, expiresIn seconds: TimeInterval?, terminating: Bool = false, hasLease: Bool = true) -> ObservedStack
    {
        let lease = Lease(startedAt: now.addingTimeInterval(-60), expiresAt: seconds.map { now.addingTimeInterval($0) })
        return ObservedStack(
            name: Samples.stackName(name), namespace: "staging-\(name)", uid: name, isTerminating: terminating,
            lease: hasLease ? lease : nil,
            annotations: [:])
    }

    @Test func `only an ended lease is a reason to destroy`() {
        let verdicts = sweep(
            [
                stack("shop-1", expiresIn: 3_600), stack("shop-2", expiresIn: 0), stack("shop-3", expiresIn: nil),
                stack("shop-4", expiresIn: -60, terminating: true), stack("shop-5", expiresIn: nil, hasLease: false),
                stack("shop-6", expiresIn: -60),
            ], at: now)
        let fates = Dictionary(uniqueKeysWithValues: verdicts.map { ($0.stack.name.description, $0.fate) })
        #expect(
            fates == ["shop-1": .keep, "shop-2": .destroy, "shop-3": .keep, "shop-4": .terminating, "shop-5": .unknown, "shop-6": .destroy])
    }

    @Test func `the soonest comes first, and each says why`() {
        let verdicts = sweep([stack("shop-1", expiresIn: 7_200), stack("shop-2", expiresIn: -90)], at: now)
        #expect(verdicts.map(\.stack.name.number) == [2, 1])
        #expect(verdicts[0].reason == "its lease ended 1m30s before, at 2025-12-31T23:58:30Z")
        #expect(verdicts[1].reason == "its lease ends in 2h, at 2026-01-01T02:00:00Z")
    }

    @Test func `nothing carried, nothing judged`() {
        #expect(sweep([], at: now).isEmpty)
    }
}
