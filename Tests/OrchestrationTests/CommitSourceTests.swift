import Orchestration
import SlingshotTestSupport
import StagingModel
import Synchronization
import Testing

@testable import Orchestration

@Suite struct CommitSourceTests {
    private let short = "aaaaaaaaaaaa"

    private func commit(_ forge: Forge, refs: Refs, _ change: (inout Stack) -> Void) async throws -> CommitID {
        var repository = Samples.repository()
        repository.forge = forge
        return try await CommitSource(refs: refs, repository: repository).commit(for: Samples.stack(change))
    }

    @Test(arguments: [
        (Forge.github, "refs/pull/7/head"), (.gitlab, "refs/merge-requests/7/head"), (.bitbucket, "refs/heads/basket"),
        (.bitbucketServer, "refs/pull-requests/7/from"), (.generic, "refs/pull/7/head"),
    ])
    func `the forge's ref is fetched, or the one that was named`(forge: Forge, ref: String) async throws {
        let refs = Refs(Samples.commit("a"))
        #expect(try await commit(forge, refs: refs) { _ in } == Samples.commit("a"))
        _ = try await commit(forge, refs: refs) { $0.ref = "refs/heads/other" }
        _ = try await commit(forge, refs: refs) { $0.pullRequest.ref = "refs/tags/v1" }
        #expect(refs.fetched == [ref, "refs/heads/other", "refs/tags/v1"])
    }

    @Test func `a fork's branch is never taken for the repository's own`() async throws {
        let refs = Refs(Samples.commit("a"))
        let error = await #expect(throws: StepError.self) { try await commit(.bitbucket, refs: refs) { $0.pullRequest.isFork = true } }
        #expect(error?.isRetryable == false)
        #expect(error?.message.contains("`slingshot create shop 7 --ref refs/heads/…`") == true)
        #expect(refs.fetched == [])
    }

    @Test func `a ref that lags behind the digits that were told is waited for, then believed`() async throws {
        func told(_ digits: String, attempts: Int) async throws -> CommitID {
            try await commit(.bitbucket, refs: Refs(Samples.commit("a"))) {
                $0.pullRequest.head = nil
                $0.pullRequest.shortHead = digits
                if attempts > 0 { $0.failure = .init(step: "fetch", message: "", attempts: attempts, retryAt: Samples.start) }
            }
        }
        #expect(try await told(short, attempts: 0) == Samples.commit("a"))
        for attempts in 0..<3 {
            let error = await #expect(throws: StepError.self) { try await told("bbbbbbbbbbbb", attempts: attempts) }
            #expect(error == StepError("refs/heads/basket still names aaaaaaa, not bbbbbbbbbbbb as the delivery said", isRetryable: true))
        }
        #expect(try await told("bbbbbbbbbbbb", attempts: 3) == Samples.commit("a"))
    }

    @Test func `what nobody told of is what the ref says`() async throws {
        #expect(try await commit(.gitlab, refs: Refs(Samples.commit("c"))) { $0.pullRequest.head = nil } == Samples.commit("c"))
    }
}

/// One commit, under every name; tells which were asked for.
private final class Refs: RefSource {
    private let head: CommitID
    private let asked = Mutex<[String]>([])

    init(_ head: CommitID) { self.head = head }

    var fetched: [String] { asked.withLock { $0 } }

    func fetch(_ ref: String, of repository: RepositorySettings) async throws -> CommitID {
        asked.withLock { $0.append(ref) }
        return head
    }

    func contains(_ commit: CommitID, in head: CommitID, of repository: RepositorySettings) async throws -> Bool { commit == head }
    func file(_ path: String, at commit: CommitID, of repository: RepositorySettings, limit: Int) async throws -> [UInt8]? { nil }
    func files(below folder: String, at commit: CommitID, of repository: RepositorySettings, count: Int, bytes: Int) async throws
        -> [String: [UInt8]]?
    { nil }
}
