import StagingModel
import Testing

@Suite struct AdmissionRulesTests {
    struct Case: Sendable {
        var rules: AdmissionRules
        var change: @Sendable (inout PullRequest) -> Void = { _ in }
        /// Nil when the pull request gets a stack.
        var exclusion: Exclusion?
    }

    private static func patterns(_ texts: String...) -> Patterns? { Patterns(texts) }

    static let cases = [
        Case(rules: AdmissionRules()),
        Case(rules: AdmissionRules(), change: { $0 = PullRequest(number: 7, isDraft: true) }),
        Case(rules: AdmissionRules(label: "preview"), exclusion: Exclusion(.label, "the label `preview` is missing")),
        Case(rules: AdmissionRules(label: "preview"), change: { $0.labels = ["bug", "preview"] }),
        Case(
            rules: AdmissionRules(label: "preview"), change: { $0.labels = ["Preview", "preview-2"] },
            exclusion: Exclusion(.label, "the label `preview` is missing")),
        Case(rules: AdmissionRules(drafts: false), change: { $0.isDraft = true }, exclusion: Exclusion(.drafts, "it is a draft")),
        Case(rules: AdmissionRules(drafts: false)),
        Case(rules: AdmissionRules(branches: patterns("main", "release/*")), change: { $0.base = "release/2" }),
        Case(
            rules: AdmissionRules(branches: patterns("main", "release/*")), change: { $0.base = "next" },
            exclusion: Exclusion(.branches, "its base \"next\" is not among `when.branches`")),
        Case(
            rules: AdmissionRules(branches: patterns("**")), change: { $0.base = "" }),
        Case(
            rules: AdmissionRules(branches: patterns("main")), change: { $0.base = "" },
            exclusion: Exclusion(.branches, "its base (which the forge did not tell) is not among `when.branches`")),
        Case(
            rules: AdmissionRules(authors: patterns("**", "!dependabot[bot]")), change: { $0.author = "dependabot[bot]" },
            exclusion: Exclusion(.authors, "its author \"dependabot[bot]\" is not among `when.authors`")),
        Case(rules: AdmissionRules(authors: patterns("ada"))),
        // What only the commits can tell is not asked here.
        Case(rules: AdmissionRules(paths: patterns("src/**"))),
        // One reason is enough, and it is the first that a person would mend.
        Case(
            rules: AdmissionRules(label: "preview", drafts: false), change: { $0.isDraft = true },
            exclusion: Exclusion(.label, "the label `preview` is missing")),
    ]

    @Test(arguments: cases.indices) func `why a pull request gets no stack`(index: Int) {
        let (rules, expected) = (Self.cases[index].rules, Self.cases[index].exclusion)
        var pullRequest = PullRequest(number: 7, author: "ada", base: "main")
        Self.cases[index].change(&pullRequest)
        #expect(rules.exclusion(of: pullRequest) == expected)
    }

    @Test func `what a stranger wrote does not make the reason long`() {
        let rules = AdmissionRules(branches: Patterns(["main"]))
        let why = rules.exclusion(of: PullRequest(number: 7, base: String(repeating: "x", count: 1_024)))?.why
        #expect(why == "its base \"\(String(repeating: "x", count: 100))\" is not among `when.branches`")
    }

    @Test(arguments: [Exclusion.Rule.label, .drafts, .branches, .authors, .paths])
    func `only the label's absence reads as unlabeled`(rule: Exclusion.Rule) {
        #expect(Exclusion(rule, "").destroyReason == (rule == .label ? .unlabeled : .excluded))
    }
}
