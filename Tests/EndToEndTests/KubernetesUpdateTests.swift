import KubernetesClient
import KubernetesRuntime
import Orchestration
import StagingModel
import Testing

/// What a second apply replaces, refuses and prunes on a real cluster. With the machine's clock, because it is the cluster that deletes.
/// One after another and with few pods: a busy kubelet tells of its containers late, and other suites' diagnoses depend on that.
@Suite(.serialized) struct KubernetesUpdateTests {
    private func withRuntime(_ body: (KubernetesRuntime, StackFixture) async throws -> Void) async throws {
        try await KubernetesTestCluster.withRuntime(clock: SystemClock(), body)
    }

    /// As the orchestrator does: what is retryable is tried again. A busy kubelet may take longer to remove a pod than one apply waits.
    private func apply(_ runtime: KubernetesRuntime, _ fixture: StackFixture, _ objects: [PlannedObject]) async throws {
        for _ in 0..<3 {
            do {
                return try await runtime.apply(fixture.plan(of: objects), lease: fixture.lease) { _ in }
            } catch let error as StepError where error.isRetryable {}
        }
        try await runtime.apply(fixture.plan(of: objects), lease: fixture.lease) { _ in }
    }

    private func refusal(_ runtime: KubernetesRuntime, _ fixture: StackFixture, _ objects: [PlannedObject]) async -> StepError? {
        await #expect(throws: StepError.self) { try await apply(runtime, fixture, objects) }
    }

    @Test(.timeLimit(.minutes(5))) func aChangedJobIsReplacedAndRuns() async throws {
        try await withRuntime { runtime, fixture in
            let job = fixture.job("migrate", "exit 1")
            try await apply(runtime, fixture, [job])
            let first = try await fixture.object(job)
            try await apply(runtime, fixture, [fixture.job("migrate", "exit 0")])
            let second = try await fixture.object(job)
            #expect(second.metadata.uid != first.metadata.uid)
            // a Job is ready once it is complete
            try await runtime.awaitReady(fixture.stack) { _ in }
            try await apply(runtime, fixture, [fixture.job("migrate", "exit 0")])
            #expect(try await fixture.object(job).metadata.uid == second.metadata.uid)
        }
    }

    @Test(.timeLimit(.minutes(5))) func aChangedPodIsReplaced() async throws {
        try await withRuntime { runtime, fixture in
            func pod(_ script: String) -> PlannedObject { fixture.planned("v1", "Pod", "once", ["spec": fixture.podSpec(script)]) }
            try await apply(runtime, fixture, [pod("trap '' TERM; while true; do /bin/busybox sleep 1; done")])
            let first = try await fixture.object(pod(""))
            try await apply(runtime, fixture, [pod("exit 0")])
            #expect(try await fixture.object(pod("")).metadata.uid != first.metadata.uid)
            try await runtime.awaitReady(fixture.stack) { _ in }
        }
    }

    @Test(.timeLimit(.minutes(5))) func aJobWithoutOurLabelsIsNotReplaced() async throws {
        try await withRuntime { runtime, fixture in
            try await apply(runtime, fixture, [])
            let theirs = try await fixture.make(fixture.job("migrate", "exit 0", parallelism: 0), labels: ["app": "theirs"])
            let refused = await refusal(runtime, fixture, [fixture.job("migrate", "exit 1", parallelism: 0)])
            #expect(refused?.isRetryable == false)
            #expect(
                refused?.message == "Job/migrate: spec.template can't be changed (field is immutable), and it is not replaced, because it "
                    + "exists without the labels app.kubernetes.io/managed-by=slingshot,slingshot.dev/stack=shop-7; remove it, or rename "
                    + "the object")
            let now = try await fixture.object(fixture.job("migrate", ""))
            #expect(now.metadata.uid == theirs.metadata.uid)
            #expect(!now.metadata.isTerminating)
        }
    }

    @Test(.timeLimit(.minutes(5))) func aJobThatCanNotBeMadeAnewIsKept() async throws {
        try await withRuntime { runtime, fixture in
            let job = fixture.job("migrate", "exit 0", parallelism: 0)
            try await apply(runtime, fixture, [job])
            let first = try await fixture.object(job)
            let template: JSONValue = ["spec": ["containers": [["name": "app", "image": ""]], "restartPolicy": "Never"]]
            let refused = await refusal(runtime, fixture, [fixture.planned("batch/v1", "Job", "migrate", ["spec": ["template": template]])])
            #expect(refused?.message.hasPrefix("Job/migrate: the cluster says 422 Invalid: ") == true)
            #expect(try await fixture.object(job).metadata.uid == first.metadata.uid)
        }
    }

    @Test(.timeLimit(.minutes(5))) func otherKindsNameTheFieldAndTheFix() async throws {
        try await withRuntime { runtime, fixture in
            func claim(_ storageClass: String) -> PlannedObject {
                fixture.planned(
                    "v1", "PersistentVolumeClaim", "data",
                    [
                        "spec": [
                            "storageClassName": .string(storageClass), "accessModes": ["ReadWriteOnce"],
                            "resources": ["requests": ["storage": "1Mi"]],
                        ]
                    ])
            }
            try await apply(runtime, fixture, [claim("one")])
            let refused = await refusal(runtime, fixture, [claim("two")])
            #expect(refused?.isRetryable == false)
            #expect(
                refused?.message.hasPrefix("PersistentVolumeClaim/data: spec can't be changed (spec is immutable after creation") == true)
            #expect(refused?.message.hasSuffix("; rename the object, or destroy the stack and create it again") == true)
        }
    }

    @Test(.timeLimit(.minutes(5))) func whatThePlanNoLongerHasGoes() async throws {
        try await withRuntime { runtime, fixture in
            let data: [String: JSONValue] = ["data": ["a": "b"]]
            let web = fixture.deployment()
            let old = fixture.planned("v1", "ConfigMap", "settings-old", data)
            let kept = fixture.planned("v1", "ConfigMap", "settings", data)
            let secret = fixture.planned("v1", "Secret", "key")
            let budget = fixture.planned(
                "policy/v1beta1", "PodDisruptionBudget", "web", ["spec": ["minAvailable": 0, "selector": ["matchLabels": ["app": "web"]]]])
            let job = fixture.job("migrate", "exit 0")
            try await apply(runtime, fixture, [web, old, kept, secret, budget, job])
            try await runtime.awaitReady(fixture.stack) { _ in }

            let labels = StackMetadata.labels(of: fixture.stack)
            let plain = try await fixture.make(fixture.planned("v1", "ConfigMap", "settings-by-hand", data), labels: [:])
            let labelled = try await fixture.make(fixture.planned("v1", "ConfigMap", "settings-labelled", data), labels: labels)
            let replicaSets = try await fixture.objects("apps/v1", "ReplicaSet")
            let pods = try await fixture.objects("v1", "Pod").filter { $0.key.hasPrefix("web-") }
            let maps = try await fixture.objects("v1", "ConfigMap")
            #expect(replicaSets.count == 1)
            #expect(pods.count == 1)

            // an unchanged plan deletes nothing
            try await apply(runtime, fixture, [web, old, kept, secret, budget, job])
            #expect(try await fixture.objects("v1", "ConfigMap") == maps)
            #expect(try await fixture.objects("v1", "Secret")["key"] != nil)
            #expect(try await fixture.objects("policy/v1beta1", "PodDisruptionBudget").count == 1)
            #expect(try await fixture.objects("batch/v1", "Job").count == 1)

            try await apply(runtime, fixture, [web, kept])
            let left = try await fixture.objects("v1", "ConfigMap")
            #expect(left == maps.filter { $0.key != "settings-old" })
            #expect(left["settings-by-hand"] == plain.metadata.uid)
            #expect(left["settings-labelled"] == labelled.metadata.uid)
            #expect(try await fixture.objects("v1", "Secret")["key"] == nil)
            #expect(try await fixture.objects("policy/v1beta1", "PodDisruptionBudget").isEmpty)
            #expect(try await fixture.objects("batch/v1", "Job").isEmpty)
            #expect(try await fixture.objects("apps/v1", "ReplicaSet") == replicaSets)
            #expect(try await fixture.objects("v1", "Pod").filter { $0.key.hasPrefix("web-") } == pods)
            try await runtime.awaitReady(fixture.stack) { _ in }
        }
    }
}
