public import Foundation
public import Orchestration
public import StagingModel

/// Values that many tests need.
public enum Samples {
    public static let start = Date(timeIntervalSince1970: 1_767_225_600)

    public static func stackName(_ text: String = "shop-7") -> StackName {
        guard let name = StackName(text) else { preconditionFailure("\(text) is no stack name") }
        return name
    }

    /// A commit id of forty times the same digit.
    public static func commit(_ digit: Character) -> CommitID {
        guard let commit = CommitID(String(repeating: digit, count: 40)) else { preconditionFailure("\(digit) is no hexadecimal digit") }
        return commit
    }

    public static func repository(_ name: String = "shop") -> RepositorySettings {
        RepositorySettings(
            name: stackName("\(name)-1").repository, forge: .github, repository: "acme/\(name)", url: "file:///srv/git/\(name).git",
            runtime: "cluster")
    }

    public static let policy = LaunchPolicy(lifetime: LifetimePolicy(), addressing: StackAddressing(domain: "staging.example.com"))

    public static func pullRequest(_ number: Int = 7, head: CommitID? = commit("a"), isFork: Bool = false) -> PullRequest {
        PullRequest(
            number: number, title: "Add a basket", author: "octocat", branch: "basket", base: "main", head: head,
            url: "https://github.com/acme/shop/pull/\(number)", isFork: isFork)
    }

    public static func event(
        _ change: PullRequestEvent.Change, head: CommitID? = commit("a"), number: Int = 7, updatedAt: Date? = nil, isFork: Bool = false
    ) -> PullRequestEvent {
        PullRequestEvent(
            change: change, repository: "acme/shop", pullRequest: pullRequest(number, head: head, isFork: isFork), updatedAt: updatedAt)
    }

    public static func stack(_ change: (inout Stack) -> Void = { _ in }) -> Stack {
        var stack = Stack(
            name: stackName(), runtime: "cluster", forge: "github", repositoryFullName: "acme/shop", pullRequest: pullRequest(),
            lease: Lease(from: start, policy: policy.lifetime), namespace: "staging-shop-7", url: "http://shop-7.staging.example.com",
            createdAt: start)
        change(&stack)
        return stack
    }
}
