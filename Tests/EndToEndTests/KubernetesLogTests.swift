import Foundation
import KubernetesClient
import KubernetesRuntime
import Orchestration
import StagingModel
import Synchronization
import Testing

/// Logs of a stack on a real cluster. With the machine's clock, because it is kubelet that restarts.
@Suite(.serialized, .timeLimit(.minutes(3))) struct KubernetesLogTests {
    private func withRuntime(_ body: (KubernetesRuntime, StackFixture) async throws -> Void) async throws {
        try await KubernetesTestCluster.withRuntime(clock: SystemClock(), body)
    }

    private func read(_ runtime: KubernetesRuntime, _ fixture: StackFixture, _ query: LogQuery) async throws -> [LogLine] {
        let lines = Mutex<[LogLine]>([])
        try await runtime.logs(of: fixture.stack, query) { line in lines.withLock { $0.append(line) } }
        return lines.withLock { $0 }
    }

    /// Follows until the lines satisfy `enough`.
    private func follow(
        _ runtime: KubernetesRuntime, _ fixture: StackFixture, _ query: LogQuery, until enough: @Sendable ([LogLine]) async throws -> Bool
    ) async throws -> [LogLine] {
        struct Enough: Error {}
        let lines = Mutex<[LogLine]>([])
        do {
            try await runtime.logs(of: fixture.stack, query) { line in
                let all = lines.withLock {
                    $0.append(line)
                    return $0
                }
                if try await enough(all) { throw Enough() }
            }
        } catch is Enough {}
        return lines.withLock { $0 }
    }

    @Test func theLinesOfAllPodsComeInOrder() async throws {
        try await withRuntime { runtime, fixture in
            let script = "for i in 1 2 3; do echo $NAME $i; /bin/busybox sleep 0.2; done; while true; do /bin/busybox sleep 1; done"
            let env: JSONValue = [["name": "NAME", "valueFrom": ["fieldRef": ["fieldPath": "metadata.name"]]]]
            var web = fixture.deployment(command: ["/bin/sh", "-c", script], container: ["env": env])
            var spec = web.manifest["spec"] ?? [:]
            spec["replicas"] = 2
            web.manifest["spec"] = spec
            let service = fixture.planned(
                "v1", "Service", "front", ["spec": ["selector": ["app": "web"], "ports": [["port": 80, "protocol": "TCP"]]]])
            let job = fixture.job("migrate", "echo migrated")
            try await runtime.apply(fixture.plan(of: [web, service, job]), lease: fixture.lease) { _ in }
            try await runtime.awaitReady(fixture.stack) { _ in }
            let all = try await read(runtime, fixture, LogQuery())
            #expect(all.count == 7)
            #expect(all.map(\.time).allSatisfy { $0.hasSuffix("Z") })
            #expect(Set(all.map(\.pod)).count == 3)
            let front = try await read(runtime, fixture, LogQuery(service: "front", tail: 2))
            #expect(front.count == 4)
            #expect(front.allSatisfy { $0.text.hasPrefix($0.pod) && $0.container == "app" })
            // a workload without a Service can be named too
            let migrated = try await read(runtime, fixture, LogQuery(service: "migrate"))
            #expect(migrated.map(\.text) == ["migrated"])
            #expect(try await read(runtime, fixture, LogQuery(since: "2100-01-01T00:00:00Z")).isEmpty)
            let unknown = await #expect(throws: StepError.self) { _ = try await read(runtime, fixture, LogQuery(service: "back")) }
            #expect(unknown?.message == "no service or workload \"back\"; there are pods of migrate, web")
            let container = await #expect(throws: StepError.self) { _ = try await read(runtime, fixture, LogQuery(container: "db")) }
            #expect(container?.message == "no container \"db\"; there are app")
            let previous = await #expect(throws: StepError.self) { _ = try await read(runtime, fixture, LogQuery(previous: true)) }
            #expect(previous?.isRetryable == false)
        }
    }

    @Test func aFollowerSurvivesRestartsAndFindsNewPods() async throws {
        try await withRuntime { runtime, fixture in
            // ends when it is told to, and says how often it was started
            let script =
                "echo started; while test ! -e /data/stop; do /bin/busybox sleep 0.2; done; /bin/busybox rm /data/stop; echo stopping"
            let mounts: JSONValue = [["name": "data", "mountPath": "/data"]]
            let volumes: JSONValue = [["name": "data", "emptyDir": [:]]]
            @Sendable func web(_ greeting: String) -> PlannedObject {
                let command: JSONValue = ["/bin/sh", "-c", .string("echo \(greeting); \(script)")]
                let extra: JSONValue = [
                    "name": "second", "image": .string(KubernetesTestCluster.image), "command": command, "volumeMounts": mounts,
                ]
                return fixture.deployment(
                    command: [
                        "/bin/sh", "-c", "echo first; /bin/busybox sleep 5; touch /data/stop; while true; do /bin/busybox sleep 1; done",
                    ],
                    container: ["volumeMounts": mounts], pod: ["volumes": volumes, "terminationGracePeriodSeconds": 1], containers: [extra])
            }
            try await runtime.apply(fixture.plan(of: [web("one")]), lease: fixture.lease) { _ in }
            let didUpdate = Mutex(false)
            let lines = try await follow(runtime, fixture, LogQuery(container: "second", follow: true)) { lines in
                let restarted = lines.count { $0.text == "started" } >= 2
                if restarted,
                    !didUpdate.withLock({ was in
                        let old = was; was = true; return old
                    })
                {
                    try await runtime.apply(fixture.plan(of: [web("two")]), lease: fixture.lease) { _ in }
                }
                return lines.contains { $0.text == "two" }
            }
            #expect(lines.filter { $0.text == "stopping" }.count >= 1)
            #expect(Set(lines.map(\.pod)).count == 2)
            // nothing is told twice
            #expect(Set(lines).count == lines.count)
        }
    }

    @Test func aFollowerEndsWithItsStack() async throws {
        try await withRuntime { runtime, fixture in
            let uid = Mutex("")
            try await runtime.apply(
                fixture.plan(command: ["/bin/sh", "-c", "echo hello; exec /bin/busybox sleep 1000"]), lease: fixture.lease
            ) { told in
                uid.withLock { $0 = told }
            }
            let lines = Mutex<[String]>([])
            try await runtime.logs(of: fixture.stack, LogQuery(follow: true)) { line in
                lines.withLock { $0.append(line.text) }
                _ = try await runtime.destroy(fixture.stack, uid: uid.withLock { $0 })
            }
            #expect(lines.withLock { $0 } == ["hello"])
        }
    }

    @Test func whatHasNoStackHasNoLogs() async throws {
        try await withRuntime { runtime, fixture in
            await #expect(throws: StepError.self) { _ = try await read(runtime, fixture, LogQuery()) }
            let workloads = try await runtime.workloads(of: fixture.stack)
            #expect(workloads.isEmpty)
        }
    }
}
