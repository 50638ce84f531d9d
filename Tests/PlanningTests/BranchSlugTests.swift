import StagingModel
import Testing

@testable import Planning

@Suite struct BranchSlugTests {
    @Test(arguments: ["main", "feature-login", "a", "42", String(repeating: "x", count: 57) + "-abcde"])
    func keepsWhatIsALabelAlready(branch: String) {
        #expect(branchSlug(branch) == branch)
    }

    @Test(arguments: [
        ("feature/login", "feature-login-"), ("Feature", "feature-"), ("-x-", "x-"), ("a--b", "a-b-"), ("日本語", ""), ("", ""), ("--", ""),
        (String(repeating: "y", count: 64), String(repeating: "y", count: 57) + "-"),
        (String(repeating: "a", count: 56) + "/b", String(repeating: "a", count: 56) + "-"),
        ("x-bcdfg", "x-bcdfg-"), ("bcdfg", "bcdfg-"),
    ])
    func hashesWhatItChanges(branch: String, start: String) {
        let slug = branchSlug(branch)
        #expect(slug.hasPrefix(start) && slug.count == start.count + 5)
        #expect(isDNSLabel(slug))
        #expect(slug == branchSlug(branch))
    }

    @Test func similarNamesDiffer() {
        let branches = ["a-b", "a/b", "a_b", "A-b", "a--b", "a-b-", "/a/b", branchSlug("a/b"), branchSlug(branchSlug("a/b"))]
        #expect(Set(branches.map(branchSlug)).count == branches.count)
    }
}
