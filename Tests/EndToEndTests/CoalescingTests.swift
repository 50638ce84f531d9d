import ControlAPI
import FaultProxy
import Foundation
import KubernetesClient
import SlingshotTestSupport
import StagingModel
import Synchronization
import Testing

/// Many wishes at once, and wishes that change in the middle.
@Suite(.serialized, .timeLimit(.minutes(10))) struct CoalescingTests {
    @Test func `ten pushes in a second make one deploy or two, and the newest wins`() async throws {
        try await ServeFixture.faulty { fixture, proxy async throws in
            try await fixture.serving { serving async throws in
                try await serving.deliver(GitHubDelivery("opened", head: try await fixture.pushWithoutPods("first")))
                try await serving.ready(try #require(await head(fixture)))
                let pushes = 10
                var commits: [CommitID] = []
                // The first of them is caught in the middle of its deploy, so that the rest come while there is something under way.
                let (reached, release) = (Gate(), Gate())
                proxy.judge { request in
                    if request.isMutating, request.target.contains("/namespaces/\(fixture.namespace)"), reached.open() {
                        await release.wait()
                    }
                    return nil
                }
                for number in 1...pushes {
                    commits.append(try await fixture.pushWithoutPods("push-\(number)"))
                    guard number == 1 else { continue }
                    try await serving.deliver(GitHubDelivery("synchronize", head: commits[0]))
                    await reached.wait()
                }
                // The commits are made before: git takes its time on a busy machine, and the second is about what the service is told.
                for commit in commits.dropFirst() { try await serving.deliver(GitHubDelivery("synchronize", head: commit)) }
                _ = release.open()
                let newest = try #require(commits.last)
                try await serving.ready(newest)
                let outcomes = try await serving.outcomes()
                #expect((1...2).contains((outcomes["deploy"] ?? 0) - 1), "deploys beside the first: \(outcomes)")
                let begun = try await serving.client.events(of: "shop-7").filter { $0.kind == .step && $0.name == "deploy" }
                #expect(begun.count <= 3, "the first, one that was caught, and one: \(begun.map(\.message))")
                let snapshot = try #require(try await StackSnapshot(of: 7, in: fixture))
                #expect(snapshot.objects["ConfigMap/settings"]?["data"] == ["variant": .string("push-\(pushes)")])
                #expect(snapshot.annotations[StackMetadata.headSHA] == newest.description)
                #expect(Set(snapshot.uids.keys.filter { $0.contains("only-") }) == ["ConfigMap/only-push-\(pushes)"])
            }
        }
    }

    @Test func `closing during a deploy cancels it at once, and nothing resurrects it`() async throws {
        try await ServeFixture.faulty { fixture, proxy async throws in
            try await fixture.serving { serving async throws in
                let commit = try await fixture.pushWithoutPods("one")
                let opened = GitHubDelivery("opened", head: commit, updatedAt: Date().addingTimeInterval(-60))
                // The deploy hangs in the middle: an answer that never comes.
                let (reached, release) = (Gate(), Gate())
                proxy.judge { request in
                    if request.method == "PATCH", request.target.contains("/deployments/"), reached.open() { await release.wait() }
                    return nil
                }
                try await serving.deliver(opened)
                await reached.wait()
                let uid = try #require(try await fixture.namespaceObject()?["metadata"]?["uid"]?.string)
                try await serving.deliver(GitHubDelivery("closed", head: commit))
                // the one that hangs is still held: nothing waited for it
                try await serving.stack(until: "it is destroyed") { $0.phase == .destroyed }
                #expect(try await fixture.namespaceObject() == nil)
                // the request that was in flight arrives after all, and so does a delivery from before
                _ = release.open()
                let isLate: @Sendable (ProxiedRequest) -> Bool = { $0.method == "PATCH" && $0.target.contains("/deployments/") }
                while proxy.requests.contains(where: { isLate($0) && $0.status == nil }) { try await Task.sleep(for: .milliseconds(20)) }
                #expect(proxy.requests.filter(isLate).map(\.status) == [404])
                let late = try await fixture.pushWithoutPods("late")
                try await serving.deliver(
                    GitHubDelivery("synchronize", head: late, updatedAt: Date().addingTimeInterval(-30)))
                let view = try await serving.client.stack("shop-7")
                #expect(view.phase == .destroyed)
                #expect(try await fixture.namespaceObject() == nil)
                let applies = proxy.requests.filter {
                    $0.method == "PATCH" && $0.target.hasPrefix("/api/v1/namespaces/\(fixture.namespace)?") && $0.status != nil
                }
                #expect(applies.count == 1, "its namespace was made once")
                #expect(try await serving.outcomes()["deploy"] == nil)
                #expect(proxy.deletions(of: fixture.namespace).count == 2, "the namespace and its pods, once each; its UID was \(uid)")
            }
        }
    }

    @Test func `reopened while its namespace still goes, it waits, says so, and is launched anew`() async throws {
        try await ServeFixture.faulty { fixture, _ async throws in
            try await fixture.serving { serving async throws in
                let commit = try await fixture.pushWithoutPods("one")
                try await serving.deliver(GitHubDelivery("opened", head: commit, updatedAt: Date().addingTimeInterval(-60)))
                let first = try await serving.ready(commit)
                let old = try #require(try await StackSnapshot(of: 7, in: fixture))
                try await fixture.setFinalizers(["slingshot.dev/test"])
                try await serving.deliver(GitHubDelivery("closed", head: commit, updatedAt: Date().addingTimeInterval(-30)))
                let held = try await serving.stack(until: "it tells what holds it") { $0.message.contains("slingshot.dev/test") }
                #expect(held.phase == .destroying)
                try await serving.deliver(GitHubDelivery("reopened", head: commit))
                let waiting = try await serving.stack(until: "it waits for the old one") { $0.phase != .destroying }
                #expect(waiting.phase == .queued)
                #expect(waiting.reason == nil)
                try await serving.stack(until: "it says what it waits for") {
                    $0.message.contains("the previous namespace") && $0.message.contains("slingshot.dev/test")
                }
                #expect(try await fixture.namespaceObject()?["metadata"]?["uid"]?.string == old.uids["Namespace"])
                try await fixture.setFinalizers([])
                let second = try await serving.ready(commit)
                let new = try #require(try await StackSnapshot(of: 7, in: fixture))
                #expect(new.uids["Namespace"] != old.uids["Namespace"])
                #expect(new.differences(from: old) == [])
                let (before, after) = (try #require(first.expiresAt), try #require(second.expiresAt))
                #expect(after >= before, "a new life has a lease of its own")
            }
        }
    }

    private func head(_ fixture: ServeFixture) async -> CommitID? {
        try? await CommitID(fixture.repository.git(["rev-parse", PullRequest.headRef(7)]))
    }
}

/// Opens once.
private final class Gate: Sendable {
    private let stream = AsyncStream.makeStream(of: Void.self)
    private let isOpen = Mutex(false)

    /// False when it was open already.
    func open() -> Bool {
        let isFirst = isOpen.withLock { isOpen in
            defer { isOpen = true }
            return !isOpen
        }
        stream.continuation.finish()
        return isFirst
    }

    func wait() async { for await _ in stream.stream {} }
}

extension ServeFixture {
    /// Puts finalizers on an object of the stack, as a controller that has to tidy up does.
    fileprivate func setFinalizers(_ names: [String]) async throws {
        let resource = try await cluster.discovery.resource(apiVersion: "v1", kind: "ConfigMap")
        let patch: JSONValue = ["metadata": ["finalizers": names.isEmpty ? .null : .array(names.map(JSONValue.string))]]
        let _: JSONValue = try await cluster.mergePatch(
            ResourcePath(resource, namespace: namespace, name: "settings"), patch: patch.canonicalBytes, fieldManager: "test")
    }
}
