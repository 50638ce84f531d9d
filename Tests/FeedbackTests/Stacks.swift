import Foundation
import SlingshotTestSupport
import StagingModel

/// A stack as its record is at each station of its life.
enum Stacks {
    static func at(_ phase: Phase, _ change: (inout Stack) -> Void = { _ in }) -> Stack {
        Samples.stack { stack in
            stack.phase = phase
            stack.message = "\(phase.rawValue) for a test"
            switch phase {
            case .queued, .waiting: break
            case .building, .deploying, .failed: stack.fetched = .init(revision: 1, commit: Samples.commit("a"))
            case .ready, .sleeping:
                stack.fetched = .init(revision: 1, commit: Samples.commit("a"))
                stack.deployed = .init(
                    revision: 1, commit: Samples.commit("a"), planDigest: "d", at: Samples.start.addingTimeInterval(30),
                    readyAt: Samples.start.addingTimeInterval(42))
            case .destroying, .destroyed:
                stack.fetched = .init(revision: 1, commit: Samples.commit("a"))
                stack.wanted = .gone(.closed)
            }
            change(&stack)
        }
    }
}
