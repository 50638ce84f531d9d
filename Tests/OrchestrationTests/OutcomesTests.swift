import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

@testable import Orchestration

@Suite struct OutcomesTests {
    private let away = StepError("the engine does not answer; start it", isRetryable: true)

    private func tried(_ stack: Stack, _ step: Step, times: Int) -> Stack {
        var stack = stack
        for _ in 0..<times {
            stack.began(step)
            _ = stack.failed(step, away, at: Samples.start)
        }
        return stack
    }

    @Test func `a step that fails again and again makes its stack failed, and a try that succeeds mends it`() {
        let step = Step.deploy(revision: 1, commit: Samples.commit("a"))
        #expect(tried(Samples.stack(), step, times: 3).phase == .deploying)
        var stack = tried(Samples.stack(), step, times: 4)
        #expect(stack.phase == .failed && stack.failure?.retryAt != nil)
        // while it is tried again it is still said why
        stack.began(step)
        #expect(stack.phase == .failed && stack.message == away.message)
        stack.began(.fetch(revision: 2))
        #expect(stack.phase == .queued)
    }

    /// An API server that starts anew while an image is waited for.
    @Test func `tries for an image count for nothing else`() {
        let step = Step.deploy(revision: 1, commit: Samples.commit("a"))
        let absent = StepError("the image is not there", isRetryable: true, awaitsImage: true)
        var stack = Samples.stack { $0.phase = .deploying }
        for _ in 0..<10 { _ = stack.failed(step, absent, at: Samples.start) }
        #expect(stack.phase == .waiting && stack.failure?.attempts == 10)
        _ = stack.failed(step, away, at: Samples.start)
        #expect(stack.phase == .deploying && stack.failure?.attempts == 1 && stack.message == away.message)
        _ = stack.failed(step, absent, at: Samples.start)
        #expect(stack.phase == .waiting)
        #expect(tried(stack, step, times: 3).phase == .deploying)
        #expect(tried(stack, step, times: 4).phase == .failed)
        // What waits for a person goes on to.
        var held = Samples.stack { $0.approval = Approval() }
        held.held()
        #expect(tried(held, .observe, times: 1).phase == .waiting)
    }

    @Test func `what runs is not failed because its engine is away`() {
        let running = Samples.stack {
            $0.phase = .ready
            $0.deployed = .init(revision: 1, commit: Samples.commit("a"), planDigest: "d", at: Samples.start, readyAt: Samples.start)
        }
        #expect(tried(running, .observe, times: 20).phase == .ready)
        #expect(tried(Samples.stack(), .observe, times: 20).phase == .failed)
    }

    /// How long it took until it is ready again is nobody's wish's length.
    @Test func `what went by itself was not asked for`() {
        var stack = Samples.stack { $0.namespaceUID = "uid" }
        stack.lost()
        #expect(stack.namespaceUID == nil && stack.requestedAt == nil)
        var awaited = Samples.stack { $0.namespaceUID = "uid" }
        awaited.gone()
        #expect(awaited.requestedAt == Samples.start)
    }
}
