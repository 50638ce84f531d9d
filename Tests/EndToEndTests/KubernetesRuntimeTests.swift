import Foundation
import KubernetesClient
import KubernetesRuntime
import Orchestration
import StagingModel
import Synchronization
import Testing

/// The runtime against a real cluster.
@Suite(.serialized) struct KubernetesRuntimeTests {
    /// The readinesses until the stack is ready, or until one that `stop` accepts.
    private func follow(
        _ runtime: KubernetesRuntime, _ stack: StackName, until stop: @Sendable (Readiness) -> Bool = { _ in false }
    ) async throws -> [Readiness] {
        struct Stopped: Error {}
        let all = Mutex<[Readiness]>([])
        do {
            try await runtime.awaitReady(stack) { readiness in
                all.withLock { $0.append(readiness) }
                if stop(readiness) { throw Stopped() }
            }
        } catch is Stopped {}
        return all.withLock { $0 }
    }

    /// The first diagnosis that says `text`.
    private func diagnosis(_ runtime: KubernetesRuntime, _ stack: StackName, saying text: String) async throws -> String {
        let last = try await follow(runtime, stack) { if case .failing(let why) = $0 { why.contains(text) } else { false } }.last
        guard case .failing(let why) = last else { return "\(String(describing: last))" }
        return why
    }

    @Test(.timeLimit(.minutes(2))) func aStackLivesAndGoes() async throws {
        try await KubernetesTestCluster.withRuntime { runtime, fixture in
            let stack = fixture.stack
            #expect(try await runtime.observe(stack) == .absent)

            // the lease is there before anything else is
            let told = Mutex<[String]>([])
            try await runtime.apply(fixture.plan(), lease: fixture.lease) { uid in
                told.withLock { $0.append(uid) }
                let now = try await fixture.object()
                #expect(now.metadata.uid == uid)
                #expect(now.metadata.annotations?[StackMetadata.expiresAt] == "2027-01-15T09:00:00Z")
                #expect(now.metadata.annotations?[StackMetadata.planDigest] == "digest")
            }
            let uid = try #require(told.withLock { $0 }.first)
            #expect(try await follow(runtime, stack).last == .ready)
            guard case .present(let observed) = try await runtime.observe(stack) else { throw KubernetesError.undecodable("not present") }
            #expect(observed.uid == uid)
            #expect(observed.lease == fixture.lease)
            #expect(!observed.isTerminating)
            #expect(try await runtime.stacks() == [observed])

            // a pinned lease takes kube-janitor's annotation away, also when an apply brings it
            let pinned = Lease(startedAt: fixture.lease.startedAt, expiresAt: nil)
            try await runtime.renew(fixture.lease, of: stack, uid: uid)
            try await runtime.apply(fixture.plan(digest: "next"), lease: pinned) { #expect($0 == uid) }
            let annotations = try await fixture.object().metadata.annotations ?? [:]
            #expect(annotations[StackMetadata.expiresAt] == StackMetadata.never)
            #expect(annotations[StackMetadata.janitorExpires] == nil)
            #expect(annotations[StackMetadata.planDigest] == "next")
            try await runtime.renew(fixture.lease, of: stack, uid: uid)
            #expect(try await fixture.object().metadata.annotations?[StackMetadata.janitorExpires] == "2027-01-15T09:00:00Z")

            let removed = try await runtime.destroy(stack, uid: uid)
            #expect(removed["Pod"] == 1)
            #expect(removed["Deployment"] == 1)
            let early = await #expect(throws: StepError.self) { try await runtime.apply(fixture.plan(), lease: fixture.lease) { _ in } }
            #expect(early?.isRetryable == true)
            try await runtime.awaitGone(stack, uid: uid) { _ in }
            #expect(try await runtime.observe(stack) == .absent)

            // all of it can be said again
            #expect(try await runtime.destroy(stack, uid: uid) == [:])
            try await runtime.awaitGone(stack, uid: uid) { _ in }
        }
    }

    @Test(.timeLimit(.minutes(2))) func anotherNamespaceIsLeftAlone() async throws {
        try await KubernetesTestCluster.withRuntime { runtime, fixture in
            let manifest = #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"\#(fixture.namespace)"}}"#
            let made: PartialObject = try await fixture.client.apply(
                ResourcePath(.namespaces, name: fixture.namespace), manifest: Array(manifest.utf8), fieldManager: "somebody")
            let refused = await #expect(throws: StepError.self) { try await runtime.apply(fixture.plan(), lease: fixture.lease) { _ in } }
            #expect(refused?.isRetryable == false)
            await #expect(throws: StepError.self) { try await runtime.destroy(fixture.stack, uid: made.metadata.uid) }
            guard case .foreign = try await runtime.observe(fixture.stack) else { throw KubernetesError.undecodable("not foreign") }
            #expect(try await runtime.stacks() == [])
            #expect(try await fixture.object().metadata.deletionTimestamp == nil)
        }
    }

    @Test(.timeLimit(.minutes(2))) func aNamespaceOfAnotherIdentityIsLeftAlone() async throws {
        try await KubernetesTestCluster.withRuntime { runtime, fixture in
            try await runtime.apply(fixture.plan(), lease: fixture.lease) { _ in }
            let other = "00000000-0000-0000-0000-000000000000"
            #expect(try await runtime.destroy(fixture.stack, uid: other) == [:])
            try await runtime.awaitGone(fixture.stack, uid: other) { _ in }
            let refused = await #expect(throws: StepError.self) { try await runtime.renew(fixture.lease, of: fixture.stack, uid: other) }
            #expect(refused?.isRetryable == false)
            #expect(try await fixture.object().metadata.deletionTimestamp == nil)
        }
    }

    @Test(.timeLimit(.minutes(2))) func anInvalidManifestIsNamed() async throws {
        try await KubernetesTestCluster.withRuntime { runtime, fixture in
            let error = await #expect(throws: StepError.self) {
                try await runtime.apply(fixture.plan(image: ""), lease: fixture.lease) { _ in }
            }
            #expect(error?.isRetryable == false)
            #expect(error?.message.hasPrefix("Deployment/web: the cluster says 422 Invalid: ") == true)
            #expect(error?.message.contains("containers[0].image") == true)
        }
    }

    @Test(.timeLimit(.minutes(2))) func aMissingImageIsDiagnosed() async throws {
        try await KubernetesTestCluster.withRuntime { runtime, fixture in
            try await runtime.apply(fixture.plan(image: "localhost/missing:1"), lease: fixture.lease) { _ in }
            let text = try await diagnosis(runtime, fixture.stack, saying: "can't be pulled: ")
            #expect(text.hasPrefix(#"Deployment/web: container "app": the image "localhost/missing:1" can't be pulled: "#))
        }
    }

    /// With the machine's clock, because it is kubelet that tells how long a container ran.
    @Test(.timeLimit(.minutes(2))) func aCrashIsDiagnosedWithItsLastWords() async throws {
        try await KubernetesTestCluster.withRuntime(clock: SystemClock()) { runtime, fixture in
            try await runtime.apply(fixture.plan(command: ["/bin/sh", "-c", "echo no database here; exit 3"]), lease: fixture.lease) { _ in
            }
            let text = try await diagnosis(runtime, fixture.stack, saying: "crashing")
            #expect(text == #"Deployment/web: container "app" keeps crashing (exit code 3); the last lines of app: no database here"#)

            // a fix rolls out without the old version's crash being told again
            try await runtime.apply(fixture.plan(digest: "fixed"), lease: fixture.lease) { _ in }
            #expect(try await follow(runtime, fixture.stack).last == .ready)
        }
    }

    /// With the machine's clock, because it is kubelet's grace that counts.
    @Test(
        .timeLimit(.minutes(2)),
        arguments: [
            (KubernetesTestCluster.image, "trap '' TERM; while true; do /bin/busybox sleep 1; done", ""),
            (KubernetesTestCluster.image, "exit 1", "crashing"),
            ("localhost/missing:1", "", "can't be pulled"),
        ])
    func aPodThatDoesNotEndByItselfGoes(image: String, command: String, diagnosis text: String) async throws {
        try await KubernetesTestCluster.withRuntime(clock: SystemClock()) { runtime, fixture in
            let uid = Mutex("")
            let plan = try fixture.plan(image: image, command: ["/bin/sh", "-c", command])
            try await runtime.apply(plan, lease: fixture.lease) { told in uid.withLock { $0 = told } }
            if text.isEmpty {
                #expect(try await follow(runtime, fixture.stack).last == .ready)
            } else {
                #expect(try await diagnosis(runtime, fixture.stack, saying: text).contains(text))
            }
            let ours = uid.withLock { $0 }
            #expect(try await runtime.destroy(fixture.stack, uid: ours)["Pod"] == 1)
            try await runtime.awaitGone(fixture.stack, uid: ours) { _ in }
            #expect(try await runtime.observe(fixture.stack) == .absent)
        }
    }
}
