import SlingshotTestSupport
import StagingModel
import Testing

@testable import Feedback

@Suite struct ReportTests {
    private func report(_ stack: Stack, told: CommitStatus.State? = nil) -> Report {
        var before = ToldFeedback()
        if let told {
            let status = CommitStatus(state: told, context: "slingshot/shop", url: stack.url, description: "", branch: "basket")
            before.status.value = StatusReport(commit: Samples.commit("a"), status: status)
        }
        return Report(stack, told: before, deployments: true)
    }

    @Test(arguments: [
        (Phase.queued, CommitStatus.State.pending, "On its way"), (.waiting, .pending, "Waiting: waiting for a test"),
        (.building, .running, "Building its image"), (.deploying, .running, "Being deployed"),
        (.ready, .succeeded, "Ready until 2 January 2026 at 00:00 UTC"), (.sleeping, .succeeded, "Asleep"),
        (.failed, .failed, "Failed: failed for a test"),
        (.destroying, .cancelled, "Being destroyed because its pull request was closed"),
        (.destroyed, .cancelled, "Destroyed because its pull request was closed"),
    ]) func `each phase has its status`(phase: Phase, state: CommitStatus.State, description: String) throws {
        let status = try #require(report(Stacks.at(phase)).status)
        #expect(status.commit == Samples.commit("a"))
        #expect(status.status.state == state)
        #expect(status.status.description == description)
        #expect(status.status.context == "slingshot/shop")
        #expect(status.status.url == "http://shop-7.staging.example.com")
    }

    /// The status may guard a merge: only a commit that was seen ready passes once its stack is gone.
    @Test(arguments: [
        (CommitStatus.State.succeeded, CommitStatus.State.succeeded), (.failed, .cancelled), (.running, .cancelled), (.pending, .cancelled),
        (.cancelled, .cancelled),
    ]) func `an end makes no commit better than it was`(told: CommitStatus.State, expected: CommitStatus.State) {
        for phase in [Phase.destroying, .destroyed] {
            #expect(report(Stacks.at(phase), told: told).status?.status.state == expected)
            let other = Stacks.at(phase) { $0.fetched?.commit = Samples.commit("b") }
            #expect(report(other, told: told).status?.status.state == .cancelled)
        }
    }

    /// It went within the seconds in which what comes together is told together.
    @Test func `one that was ready passes, though its forge was told of its end only`() {
        for told in [nil, CommitStatus.State.running] {
            let ended = Stacks.at(.destroyed) { $0.endedReady = true }
            #expect(report(ended, told: told).status?.status.state == .succeeded)
        }
    }

    @Test func `the status is the present revision's commit`() {
        let pushed = Stacks.at(.queued) {
            $0.fetched = .init(revision: 1, commit: Samples.commit("a"))
            $0.revision = 2
            $0.pullRequest.head = Samples.commit("b")
        }
        #expect(report(pushed).status?.commit == Samples.commit("b"))
        #expect(report(Stacks.at(.queued) { $0.pinnedCommit = Samples.commit("c") }).status?.commit == Samples.commit("c"))
        // Which commit a ref names is known once it is fetched.
        #expect(report(Stacks.at(.queued) { $0.ref = "refs/heads/other" }).status == nil)
        #expect(report(Stacks.at(.queued) { $0.pullRequest.head = nil }).status == nil)
    }

    // Dokploy #4902: comments on pull requests that were filtered out.
    /// peers.md, complaint 13: comments on pull requests that were filtered out.
    @Test func `of a pull request that may get no stack nothing is said before it gets one`() {
        func comment(_ phase: Phase, _ change: @escaping (inout Stack) -> Void) -> String? {
            report(
                Stacks.at(phase) {
                    $0.fetched = nil
                    change(&$0)
                }
            ).comment
        }
        #expect(comment(.destroyed) { ($0.wanted, $0.exclusion) = (.gone(.unlabeled), .missing("preview")) } == nil)
        #expect(comment(.queued) { $0.undecided = true } == nil)
        #expect(comment(.queued) { _ in } != nil)
        #expect(comment(.waiting) { $0.undecided = true } != nil)
        #expect(comment(.failed) { $0.undecided = true } != nil)
    }

    @Test func `a commit that was overtaken does not stay on its way`() throws {
        let old = try #require(report(Stacks.at(.deploying)).status)
        let pushed = Stacks.at(.deploying) { $0.fetched?.commit = Samples.commit("b") }
        let new = try #require(report(pushed).status)
        let last = try #require(StatusText.superseded(old, by: new))
        #expect(last.commit == Samples.commit("a"))
        #expect(last.status.state == .cancelled && last.status.description == "Superseded by bbbbbbb")
        #expect(StatusText.superseded(old, by: old) == nil)
        let ready = try #require(report(Stacks.at(.ready)).status)
        #expect(StatusText.superseded(ready, by: new) == nil)
    }

    @Test(arguments: Phase.allCases) func `each phase has its deployment`(phase: Phase) {
        let stack = Stacks.at(phase)
        let deployment = ForgeDeployment(
            environment: "slingshot/shop-7", commit: Samples.commit("a"), branch: "basket", url: "http://shop-7.staging.example.com")
        let state: ForgeDeployment.State? =
            switch phase {
            case .building, .deploying: .running
            case .ready: .succeeded
            case .failed: .failed
            default: nil
            }
        let expected: DeploymentReport? =
            phase == .destroying || phase == .destroyed
            ? .ended(environment: "slingshot/shop-7")
            : state.map { .deployed(deployment, $0, description: StatusText.description(of: stack)) }
        #expect(report(stack).deployment == expected)
        #expect(Report(stack, told: ToldFeedback(), deployments: false).deployment == nil)
    }

    @Test func `nothing is said of a pull request that was closed before it had a stack`() {
        let tombstone = Stacks.at(.destroyed) { $0.fetched = nil }
        #expect(Report(tombstone, told: ToldFeedback(), deployments: true).open(ToldFeedback()) == [])
        var told = ToldFeedback()
        told.comment.value = "it is on its way"
        #expect(Report(tombstone, told: told, deployments: true).comment != nil)
    }
}
