import ControlAPI
import FaultProxy
import Foundation
import SlingshotTestSupport
import StagingModel
import Synchronization
import Testing

/// An API server that is slow, refuses, breaks off or is not there, in each phase of a stack's life. When it is over, nothing is lost,
/// nothing is there twice, and nothing was deleted because of a silence.
@Suite(.timeLimit(.minutes(30))) struct APIFaultTests {
    /// `SLINGSHOT_FAULT_MINUTES=3` makes outages last that long, and answers come 10 s late.
    private static let minutes = ProcessInfo.processInfo.environment["SLINGSHOT_FAULT_MINUTES"].flatMap { Double($0) } ?? 0
    private static let outage: Duration = minutes > 0 ? .seconds(minutes * 60) : .seconds(2)
    private static let delay = minutes > 0 ? "slow=10s" : "slow=400ms"

    @Test(arguments: [
        delay, "status=500", "status=503,retry-after=1", "status=429,retry-after=1", "drop=before", "drop=after", "drop=middle",
    ])
    func `when requests go wrong in each phase, a life comes to the same`(fault: String) async throws {
        try await live { proxy in
            let rule = try FaultRule(Fault(fault), every: fault.hasPrefix("slow") ? 1 : 2, first: fault.hasPrefix("slow") ? nil : 4)
            proxy.judge { rule.judge($0) }
        }
    }

    @Test(arguments: ["^GET .*watch=true", "^GET .*limit=500", "^PATCH .*/deployments/", "^(PATCH|DELETE) .*/jobs/", "^DELETE "])
    func `requests of one kind that break in the middle are made up for`(pattern: String) async throws {
        try await live { proxy in
            let rules = [
                try FaultRule(.drop(.middle), matching: pattern, first: 2), try FaultRule(.drop(.after), matching: pattern, first: 2),
            ]
            proxy.judge { request in
                for rule in rules { if let fault = rule.judge(request) { return fault } }
                return nil
            }
        }
    }

    @Test func `an API server that is down for a while in each phase is waited for`() async throws {
        try await live { proxy in
            // in the middle of what was begun: at its second change
            let changes = Mutex(0)
            proxy.judge { request in
                guard request.isMutating else { return nil }
                let count = changes.withLock { count in
                    count += 1
                    return count
                }
                return count == 2 ? .drop(.before) { await proxy.close() } : nil
            }
        } meanwhile: { proxy in
            while proxy.isOpen { try await Task.sleep(for: .milliseconds(20)) }
            try await Task.sleep(for: Self.outage)
            try await proxy.open()
        }
    }

    /// peers.md, complaint 6: a passing fault read as "there are none", and everything was deleted.
    @Test func `lists that are empty though they should not be end nothing, and prove no end`() async throws {
        try await ServeFixture.faulty { fixture, proxy async throws in
            let one = try await fixture.pushWithoutPods("one")
            try await fixture.serving { serving async throws in
                try await serving.deliver(GitHubDelivery("opened", head: one))
                try await serving.ready(one)
                await serving.process.kill()
            }
            let before = try #require(try await StackSnapshot(of: 7, in: fixture))
            let empty = #"{"kind":"NamespaceList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}"#
            let lies = try FaultRule(.lie(empty), matching: "^GET /api/v1/namespaces\\?", first: 3)
            proxy.judge { lies.judge($0) }
            try await fixture.serving { serving async throws in
                try await serving.deliver(GitHubDelivery("edited", head: one, title: "Another title"))
                try await serving.stack(until: "it was looked at") { $0.pullRequest.title == "Another title" && $0.phase == .ready }
                #expect(try await StackSnapshot(of: 7, in: fixture)?.uids == before.uids)
                #expect(proxy.deletions(of: fixture.namespace).isEmpty)
                try await serving.deliver(GitHubDelivery("closed", head: one))
                try await serving.stack(until: "it is destroyed") { $0.phase == .destroyed }
                #expect(try await fixture.namespaceObject() == nil, "destroyed was said before it was")
            }
        }
    }

    /// A deploy, an update and a destroy, each begun with `before`. Stacks without pods, so that many can live at once.
    private func live(
        before: @escaping @Sendable (FaultProxy) throws -> Void,
        meanwhile: @escaping @Sendable (FaultProxy) async throws -> Void = { _ in }
    ) async throws {
        try await ServeFixture.faulty { fixture, proxy async throws in
            try await fixture.serving { serving async throws in
                let one = try await fixture.pushWithoutPods("one")
                try before(proxy)
                try await serving.deliver(GitHubDelivery("opened", head: one))
                try await meanwhile(proxy)
                let first = try await serving.ready(one)
                proxy.judge { _ in nil }
                let made = try await expectWhole("one", first, fixture, proxy, serving)

                let two = try await fixture.pushWithoutPods("two")
                try before(proxy)
                try await serving.deliver(GitHubDelivery("synchronize", head: two))
                try await meanwhile(proxy)
                let second = try await serving.ready(two)
                proxy.judge { _ in nil }
                let changed = try await expectWhole("two", second, fixture, proxy, serving)
                for (key, uid) in made.uids where key != "Job/migrate" && key != "ConfigMap/only-one" {
                    #expect(changed.uids[key] == uid, "\(key)")
                }
                #expect(second.expiresAt == first.expiresAt)
                #expect(proxy.deletions(of: fixture.namespace).isEmpty, "deleted while it was wanted")

                try before(proxy)
                try await serving.deliver(GitHubDelivery("closed", head: two))
                try await meanwhile(proxy)
                try await serving.stack(until: "it is destroyed") { $0.phase == .destroyed }
                proxy.judge { _ in nil }
                #expect(try await fixture.namespaceObject() == nil)
                #expect(try await serving.outcomes()["destroyed"] == 1)
            }
        }
    }

    private func expectWhole(_ variant: String, _ view: StackView, _ fixture: ServeFixture, _ proxy: FaultProxy, _ serving: Serving)
        async throws
        -> StackSnapshot
    {
        let snapshot = try #require(try await StackSnapshot(of: 7, in: fixture))
        #expect(Set(snapshot.uids.keys.filter { $0.hasPrefix("ConfigMap/") }) == ["ConfigMap/settings", "ConfigMap/only-\(variant)"])
        #expect(snapshot.objects["ConfigMap/settings"]?["data"] == ["variant": .string(variant)])
        for key in ["Deployment/web", "Job/migrate"] {
            #expect(snapshot.objects[key]?.canonicalText.contains(#"{"name":"VARIANT","value":"\#(variant)"}"#) == true, "\(key)")
        }
        #expect(snapshot.annotations[StackMetadata.expiresAt] == view.expiresAt?.rfc3339)
        let events = try await serving.client.events(of: "shop-7")
        #expect(events.count { $0.name == "ready" } == (variant == "one" ? 1 : 2))
        let replaced = proxy.requests.count { $0.method == "DELETE" && $0.target.contains("/jobs/") && $0.status == 200 }
        #expect(replaced == (variant == "one" ? 0 : 1), "a Job runs once for each commit")
        return snapshot
    }
}
