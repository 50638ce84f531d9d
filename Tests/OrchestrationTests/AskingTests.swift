import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

@testable import Orchestration

/// What nobody told, and what an answer, or none, does to a record: tables over the pure functions.
@Suite struct AskingTests {
    private let now = Samples.start

    private func repository(_ rules: AdmissionRules = AdmissionRules(), forks: RepositorySettings.ForkPolicy = .deny) -> RepositorySettings
    {
        var repository = Samples.repository()
        repository.credentials = .token(.environment("TOKEN"))
        (repository.when, repository.forks) = (rules, forks)
        return repository
    }

    private func stack(_ change: (inout Stack) -> Void = { _ in }) -> Stack {
        Samples.stack {
            $0.unasked = true
            change(&$0)
        }
    }

    /// As `slingshot create` makes it.
    private func created(_ change: (inout Stack) -> Void = { _ in }) -> Stack {
        stack {
            ($0.pullRequest, $0.exempt) = (PullRequest(number: 7), true)
            change(&$0)
        }
    }

    private func answer(
        _ state: ForgePullRequest.State = .open, updatedAt: Date? = nil, isFork: Bool = false,
        _ change: (inout PullRequest) -> Void = { _ in }
    ) -> ForgePullRequest {
        var pullRequest = Samples.pullRequest(isFork: isFork)
        change(&pullRequest)
        return ForgePullRequest(pullRequest: pullRequest, state: state, updatedAt: updatedAt)
    }

    @Test(arguments: [
        (PullRequest(number: 7, author: "ada", base: "main", head: Samples.commit("a")), []),
        (PullRequest(number: 7, author: "ada", base: "main"), []),
        (PullRequest(number: 7, base: "main", head: Samples.commit("a")), ["author"]),
        (PullRequest(number: 7, author: "ada", base: "main", shortHead: "aaaaaaa"), ["whole commit id"]),
        (PullRequest(number: 7), ["author", "branches", "labels", "whether it comes from a fork"]),
    ])
    func `what is missing has words`(pullRequest: PullRequest, words: [String]) {
        #expect(pullRequest.untold == words)
    }

    @Test(arguments: [
        (Forge.github, GitCredentials?.some(.token(.environment("T"))), true), (.bitbucketServer, .token(.environment("T")), true),
        (.generic, .token(.environment("T")), false), (.github, nil, false),
    ])
    func `only a forge that can be asked is asked`(forge: Forge, credentials: GitCredentials?, isAsked: Bool) {
        var repository = Samples.repository()
        (repository.forge, repository.credentials) = (forge, credentials)
        var stack = created { $0.unasked = nil }
        stack.askForge(of: repository)
        #expect((stack.unasked == true) == isAsked)
    }

    @Test func `it is asked before anything is fetched, and once a revision`() {
        var stack = created { $0.namespaceUID = nil }
        #expect(decide(stack, observed: .absent, now: now) == .ask(revision: 1))
        stack.settlesAt = now.addingTimeInterval(2)
        #expect(decide(stack, observed: .absent, now: now) == .wait(until: stack.settlesAt))
        stack.approval = Approval()
        #expect(decide(stack, observed: .absent, now: now) == .ask(revision: 1), "a commit that waits for its approval has to be known")
        stack = created()
        _ = stack.told(answer(), by: repository())
        #expect(decide(stack, observed: .absent, now: now) == .fetch(revision: 1))
    }

    @Test func `all that the forge tells is taken`() {
        var stack = created()
        let said = stack.told(answer { $0.labels = ["preview"] }, by: repository())
        #expect(said == "the forge told the pull request's author, branches, labels, whether it comes from a fork")
        #expect(stack.pullRequest.author == "octocat" && stack.pullRequest.head == Samples.commit("a"))
        #expect(stack.pullRequest.labels == ["preview"] && stack.unasked == nil && stack.wanted == .running)
    }

    @Test func `a fork that somebody asked for is a fork`() {
        for (forks, wanted, waits) in [
            (RepositorySettings.ForkPolicy.allow, Stack.Wanted.running, false), (.approval, .running, true),
            (.deny, .gone(.excluded), false),
        ] {
            var stack = created()
            let said = stack.told(answer(isFork: true), by: repository(forks: forks))
            #expect(stack.pullRequest.isFork && stack.wanted == wanted && stack.awaitsApproval == waits, "\(forks)")
            #expect(said.contains("forks are denied for shop") == (forks == .deny))
        }
    }

    @Test(arguments: [
        ("ada", true, false), ("mallory", false, false), ("", false, false), ("mallory", true, true),
    ])
    func `an author that became known is held against the rule`(author: String, isIn: Bool, isExempt: Bool) {
        var stack = stack {
            $0.pullRequest.author = ""
            $0.exempt = isExempt ? true : nil
        }
        _ = stack.told(answer { $0.author = author }, by: repository(AdmissionRules(authors: Patterns(["ada"]))))
        #expect((stack.wanted == .running) == isIn)
        #expect(stack.exclusion?.rule == (isIn ? nil : .authors))
    }

    @Test func `a closed pull request ends its stack, unless a delivery knows better`() {
        for state in [ForgePullRequest.State.closed, .merged] {
            var stack = created()
            #expect(stack.told(answer(state, updatedAt: now), by: repository()).hasSuffix("is \(state.rawValue)"))
            #expect(stack.wanted == .gone(.closed))
        }
        var reopened = stack {
            $0.pullRequest.author = ""
            $0.forgeUpdatedAt = now
            $0.pullRequest.title = "Newer"
        }
        _ = reopened.told(answer(.closed, updatedAt: now.addingTimeInterval(-1)), by: repository())
        #expect(reopened.wanted == .running && reopened.pullRequest.title == "Newer" && reopened.pullRequest.author == "octocat")
    }

    @Test func `the head is the one that was told of, in full`() {
        let whole = Samples.commit("a")
        var stack = stack { ($0.pullRequest.head, $0.pullRequest.shortHead) = (nil, "aaaaaaaaaaaa") }
        _ = stack.told(answer { $0.head = whole }, by: repository())
        #expect(stack.pullRequest.head == whole && stack.pullRequest.shortHead == nil)
        // Another was pushed meanwhile: that has a delivery of its own.
        stack = self.stack { ($0.pullRequest.head, $0.pullRequest.shortHead) = (nil, "aaaaaaaaaaaa") }
        _ = stack.told(answer { $0.head = Samples.commit("b") }, by: repository())
        #expect(stack.pullRequest.head == nil && stack.pullRequest.shortHead == "aaaaaaaaaaaa")
        stack = self.stack { $0.pullRequest.author = "" }
        _ = stack.told(answer { $0.head = Samples.commit("b") }, by: repository())
        #expect(stack.pullRequest.head == whole)
    }

    @Test func `what a forge answers is bounded`() {
        let long = String(repeating: "x\u{0}", count: 1_000_000)
        let told = answer {
            ($0.title, $0.author, $0.branch, $0.base) = (long, long, long, long)
            ($0.labels, $0.url) = (Array(repeating: long, count: 101), "javascript:alert(1)")
        }.pullRequest
        for text in [told.title, told.author, told.branch, told.base] + told.labels {
            #expect(text.unicodeScalars.count == 1_024 && !text.unicodeScalars.contains("\u{0}"))
        }
        #expect(told.labels.count == 100 && told.url == "")
    }

    private static let down = ForgeError(.unavailable, "no answer")
    private static let refused = ForgeError(.forbidden, "give the token the right")

    @Test func `what is good to know is asked for three times`() {
        var stack = stack { $0.pullRequest.author = "" }
        for attempts in 1...2 {
            let error = stack.unanswered(Self.down, for: .ask(revision: 1), of: repository())
            #expect(error?.isRetryable == true)
            _ = stack.failed(.ask(revision: 1), StepError("no answer", isRetryable: true), at: now)
            #expect(stack.failure?.attempts == attempts)
        }
        #expect(stack.unanswered(Self.down, for: .ask(revision: 1), of: repository()) == nil)
        #expect(stack.unanswered(Self.refused, for: .ask(revision: 1), of: repository()) == nil)
        #expect(stack.untold(because: Self.refused).contains("nobody told the pull request's author"))
        #expect(stack.unasked == nil && stack.failure == nil)
    }

    @Test func `what a rule depends on is waited for`() {
        let rules = repository(AdmissionRules(authors: Patterns(["ada"])))
        let tried = Stack.Failure(step: "ask", message: "", attempts: 99, retryAt: now)
        let unknown = stack { ($0.pullRequest.author, $0.failure) = ("", tried) }
        #expect(unknown.unanswered(Self.down, for: .ask(revision: 1), of: rules)?.isRetryable == true)
        #expect(unknown.unanswered(Self.refused, for: .ask(revision: 1), of: rules)?.isRetryable == false)
        let requested = created { $0.failure = tried }
        #expect(requested.unanswered(Self.down, for: .ask(revision: 1), of: rules)?.isRetryable == true, "it may be a fork")
        #expect(requested.unanswered(Self.refused, for: .ask(revision: 1), of: rules) == nil, "whoever asked for it vouches")
        let named = created { ($0.failure, $0.ref) = (tried, "refs/heads/basket") }
        #expect(named.unanswered(Self.down, for: .ask(revision: 1), of: rules) == nil)
    }

    @Test func `an unknown author does not keep out what the forge can be asked about`() {
        var event = Samples.event(.opened)
        event.pullRequest.author = ""
        let rules = repository(AdmissionRules(authors: Patterns(["ada"])))
        let asked = admit(event, to: rules, current: nil, policy: Samples.policy, now: now)
        #expect(asked.action == .create && asked.stack?.unasked == true)
        var silent = rules
        silent.credentials = nil
        let unasked = admit(event, to: silent, current: nil, policy: Samples.policy, now: now)
        #expect(unasked.action == .ignored && unasked.stack?.exclusion?.rule == .authors)
        silent.when.authors = nil
        let blind = admit(event, to: silent, current: nil, policy: Samples.policy, now: now)
        #expect(
            blind.reason
                == "pull request opened; nobody told the pull request's author, and there are no `credentials` to ask its forge with")
    }
}
