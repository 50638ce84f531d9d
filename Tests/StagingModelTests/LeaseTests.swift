import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

@Suite struct LeaseTests {
    let policy = LifetimePolicy(standard: 86_400, maximum: 7 * 86_400)
    let start = Samples.start

    @Test func `a new lease lasts the policy's default`() {
        #expect(Lease(from: start, policy: policy).expiresAt == start.addingTimeInterval(86_400))
    }

    @Test func `a new lease never passes the maximum`() {
        #expect(Lease(from: start, seconds: 30 * 86_400, policy: policy).expiresAt == start.addingTimeInterval(7 * 86_400))
    }

    @Test func `it ends at its very instant`() {
        let lease = Lease(from: start, policy: policy)
        #expect(!lease.isExpired(at: start.addingTimeInterval(86_399)))
        #expect(lease.isExpired(at: start.addingTimeInterval(86_400)))
        #expect(!Lease(startedAt: start, expiresAt: nil).isExpired(at: .distantFuture))
    }

    @Test func `extending counts from the present end`() throws {
        let lease = try Lease(from: start, policy: policy).extended(.by(seconds: 3_600), at: start.addingTimeInterval(500), policy: policy)
        #expect(lease.expiresAt == start.addingTimeInterval(90_000))
        #expect(lease.startedAt == start)
    }

    @Test func `the end can be set, also to an earlier one`() throws {
        let target = start.addingTimeInterval(60)
        #expect(try Lease(from: start, policy: policy).extended(.until(target), at: start, policy: policy).expiresAt == target)
    }

    @Test func `past the maximum it is refused, and the latest end is named`() {
        let lease = Lease(from: start, policy: policy)
        let refusal = LeaseRefusal.pastMaximum(latest: start.addingTimeInterval(7 * 86_400), maximum: 7 * 86_400)
        #expect(throws: refusal) { try lease.extended(.by(seconds: 6 * 86_400 + 1), at: start, policy: policy) }
        #expect("\(refusal)".contains("2026-01-08T00:00:00Z"))
        #expect(throws: Never.self) { try lease.extended(.by(seconds: 6 * 86_400), at: start, policy: policy) }
    }

    @Test func `an end in the past and a pinned lease are refused`() {
        let lease = Lease(from: start, policy: policy)
        #expect(throws: LeaseRefusal.inThePast(start)) { try lease.extended(.until(start), at: start, policy: policy) }
        #expect(throws: LeaseRefusal.pinned) {
            try Lease(startedAt: start, expiresAt: nil).extended(.by(seconds: 1), at: start, policy: policy)
        }
    }

    @Test func `it survives the way through the annotations`() {
        for lease in [Lease(from: start, policy: policy), Lease(startedAt: start, expiresAt: nil)] {
            let annotations = StackMetadata.annotations(of: lease).compactMapValues(\.self)
            #expect(StackMetadata.lease(in: annotations) == lease)
        }
        #expect(StackMetadata.lease(in: [:]) == nil)
        #expect(StackMetadata.lease(in: [StackMetadata.expiresAt: "tomorrow"]) == nil)
    }
}
