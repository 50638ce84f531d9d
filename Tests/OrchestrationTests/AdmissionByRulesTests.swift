import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

@testable import Orchestration

/// Who gets a stack, delivery by delivery, by the configuration's `when`.
@Suite struct AdmissionByRulesTests {
    private let now = Samples.start.addingTimeInterval(100)
    private let labelled = AdmissionRules(label: "preview")
    private let missing = Exclusion(.label, "the label `preview` is missing")

    private func admit(
        _ change: PullRequestEvent.Change, to rules: AdmissionRules, current: Stack? = nil, head: CommitID? = Samples.commit("a"),
        _ edit: (inout PullRequestEvent) -> Void = { _ in }
    ) -> Admission {
        var (repository, event) = (Samples.repository(), Samples.event(change, head: head, updatedAt: nil))
        repository.when = rules
        edit(&event)
        return Orchestration.admit(event, to: repository, current: current, policy: Samples.policy, now: now)
    }

    private func labels(_ labels: String...) -> (inout PullRequestEvent) -> Void { { $0.pullRequest.labels = labels } }

    /// A stack that ran, and of which nothing is left.
    private func gone(_ reason: DestroyReason, labels: [String] = ["preview"], _ exclusion: Exclusion? = nil) -> Stack {
        Samples.stack {
            ($0.wanted, $0.phase, $0.exclusion) = (.gone(reason), .destroyed, exclusion)
            $0.pullRequest.labels = labels
        }
    }

    private func running(labels: [String] = ["preview"]) -> Stack { Samples.stack { $0.pullRequest.labels = labels } }

    @Test func `a pull request without the label has a record that says so, and no stack`() throws {
        let admission = admit(.opened, to: labelled)
        #expect(admission.action == .ignored)
        #expect(admission.reason == "no stack, because the label `preview` is missing")
        let stack = try #require(admission.stack)
        #expect(stack.wanted == .gone(.unlabeled) && stack.exclusion == missing && stack.message == admission.reason)
        // With a database that was lost the engine may have it.
        #expect(stack.phase == .destroying)
        var finished = stack
        finished.finished(.unlabeled, note: nil)
        #expect(finished.phase == .destroyed && finished.message == admission.reason)
    }

    // Dokploy #5086: `opened` and `labeled` together made two previews.
    /// peers.md, complaint 10: the two made two previews.
    @Test func `opened and labeled together make one stack, in either order and however often`() throws {
        let excluded = try #require(admit(.opened, to: labelled).stack)
        let launched = admit(.labeled, to: labelled, current: excluded, labels("preview"))
        #expect(launched.action == .create && launched.stack?.wanted == .running && launched.stack?.exclusion == nil)
        let again = admit(.labeled, to: labelled, current: launched.stack, labels("preview", "bug"))
        #expect(again.action == .update && again.stack?.revision == launched.stack?.revision)
        let opened = admit(.opened, to: labelled, labels("preview"))
        #expect(opened.action == .create)
        #expect(admit(.labeled, to: labelled, current: opened.stack, labels("preview")).stack?.revision == opened.stack?.revision)
    }

    @Test func `removing the label destroys`() {
        let admission = admit(.unlabeled, to: labelled, current: running(), labels("bug"))
        #expect(admission.action == .destroy && admission.reason == missing.text)
        #expect(admission.stack?.wanted == .gone(.unlabeled) && admission.stack?.phase == .destroying)
        #expect(admit(.unlabeled, to: labelled, current: running(), labels("preview")).action == .update)
    }

    // n8n PR #37800: after 24 h the label stays, so that adding it again fires no event.
    /// peers.md, complaint 18: the label stayed after the end, and adding it again fired no event.
    @Test func `adding the label again launches, also after an expiry`() throws {
        let expired = gone(.expired)
        #expect(admit(.labeled, to: labelled, current: expired, labels("preview", "bug")).action == .ignored, "it was there all the time")
        let removed = try #require(admit(.unlabeled, to: labelled, current: expired, labels()).stack)
        #expect(removed.destroyReason == .expired && removed.message == missing.text)
        let added = admit(.labeled, to: labelled, current: removed, labels("preview"))
        #expect(added.action == .create && added.stack?.lease.startedAt == now)
        // Slingshot itself took it off, and the forge's delivery of that was lost.
        var unlabeled = expired
        unlabeled.expiredLabel = "preview"
        unlabeled.unlabeled("preview")
        #expect(admit(.labeled, to: labelled, current: unlabeled, labels("preview")).action == .create)
    }

    /// peers.md, complaint 18: nor did a push.
    @Test func `a push launches an expired stack whose label stayed, and not one without`() {
        #expect(admit(.pushed, to: labelled, current: gone(.expired), head: Samples.commit("b"), labels("preview")).action == .create)
        #expect(admit(.pushed, to: labelled, current: gone(.expired), head: Samples.commit("b")).action == .ignored)
    }

    // argo-cd #16219: ignore drafts.
    /// peers.md, complaint 8.
    @Test func `a draft gets no stack, loses it, and gets it once it is ready`() throws {
        let rules = AdmissionRules(drafts: false)
        let draft = { (event: inout PullRequestEvent) in event.pullRequest.isDraft = true }
        let opened = try #require(admit(.opened, to: rules, draft).stack)
        #expect(opened.wanted == .gone(.excluded) && opened.exclusion?.text == "no stack, because it is a draft")
        let ready = admit(.readyForReview, to: rules, current: opened)
        #expect(ready.action == .create)
        #expect(admit(.draft, to: rules, current: ready.stack, draft).action == .destroy)
        // Gitea's drafts are a title's.
        #expect(admit(.edited, to: rules, current: opened).action == .create)
        #expect(admit(.readyForReview, to: rules).action == .create, "it was opened before anybody listened")
        #expect(admit(.readyForReview, to: AdmissionRules()).action == .ignored)
    }

    @Test func `a pull request whose base changes is looked at again`() throws {
        let rules = AdmissionRules(branches: Patterns(["main"]))
        let moved = { (event: inout PullRequestEvent) in event.pullRequest.base = "next" }
        let excluded = admit(.edited, to: rules, current: running(), moved)
        #expect(excluded.action == .destroy && excluded.stack?.wanted == .gone(.excluded))
        #expect(admit(.edited, to: rules, current: excluded.stack).action == .create)
    }

    @Test func `with paths another base is another revision, because what is changed depends on it`() {
        let moved = { (event: inout PullRequestEvent) in event.pullRequest.base = "next" }
        let rules = AdmissionRules(paths: Patterns(["src/**"]))
        #expect(admit(.edited, to: rules, current: running(), moved).stack?.revision == 2)
        #expect(admit(.edited, to: rules, current: running()).stack?.revision == 1)
        #expect(admit(.edited, to: AdmissionRules(), current: running(), moved).stack?.revision == 1)
        // Of one that its paths keep out, only commits and base can change the answer.
        let excluded = gone(.excluded, Exclusion(.paths, "nothing that it changes matches `when.paths`"))
        #expect(admit(.labeled, to: rules, current: excluded, labels("bug")).action == .ignored)
        #expect(admit(.edited, to: rules, current: excluded, moved).action == .create)
        #expect(admit(.pushed, to: rules, current: excluded, head: Samples.commit("b")).action == .create)
    }

    @Test func `a closed pull request gets none, whatever is done to it`() throws {
        let closed = { (event: inout PullRequestEvent) in (event.isOpen, event.pullRequest.labels) = (false, ["preview"]) }
        #expect(admit(.labeled, to: labelled, closed).stack?.wanted == .gone(.closed))
        #expect(admit(.labeled, to: labelled, current: running(), closed).action == .destroy, "its closing was lost")
        let excluded = try #require(admit(.opened, to: labelled).stack)
        let ended = try #require(admit(.closed, to: labelled, current: excluded).stack)
        #expect(ended.wanted == .gone(.closed) && ended.exclusion == nil)
        // A forge that does not say whether it is open.
        #expect(admit(.labeled, to: labelled, current: ended, labels("preview")).action == .ignored)
        let reopened = try #require(admit(.reopened, to: labelled, current: ended).stack)
        #expect(reopened.wanted == .gone(.unlabeled))
        #expect(admit(.labeled, to: labelled, current: reopened, labels("preview")).action == .create)
    }

    @Test func `what a delivery leaves out is no reason to destroy`() {
        let silent = { (event: inout PullRequestEvent) in (event.pullRequest.labels, event.untold) = ([], [.labels, .draft]) }
        let admission = admit(.pushed, to: labelled, current: running(), head: Samples.commit("b"), silent)
        #expect(admission.action == .update && admission.stack?.pullRequest.labels == ["preview"])
        #expect(admit(.opened, to: labelled, silent).action == .ignored)
    }

    @Test func `what somebody asked for by name stays, in spite of what kept it out`() {
        func exempt(_ change: (inout Stack) -> Void) -> Stack {
            Samples.stack {
                $0.exempt = true
                change(&$0)
            }
        }
        #expect(admit(.edited, to: labelled, current: exempt { _ in }).action == .update)
        // It had the label: that somebody takes it off means something.
        #expect(admit(.unlabeled, to: labelled, current: exempt { $0.pullRequest.labels = ["preview"] }).action == .destroy)
        let drafts = AdmissionRules(drafts: false)
        let untold = exempt { $0.pullRequest = PullRequest(number: 7) }
        #expect(admit(.edited, to: drafts, current: untold) { $0.pullRequest.isDraft = true }.action == .update)
        #expect(
            admit(.edited, to: AdmissionRules(paths: Patterns(["src/**"])), current: exempt { _ in }) { $0.pullRequest.base = "next" }
                .stack?.revision == 1)
        let late = exempt { $0.lease = Lease(startedAt: Samples.start, expiresAt: now) }
        #expect(admit(.edited, to: labelled, current: late).stack?.destroyReason == .unlabeled)
    }
}
