import Foundation
import Orchestration
import PodmanRuntime
import SlingshotTestSupport
import StagingModel
import Synchronization
import Testing

/// What containers on a real podman wrote.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PodmanLogTests {
    /// The lines until `enough` says so, or until there are no more.
    private func read(
        _ runtime: PodmanRuntime, _ fixture: PodmanStack, _ query: LogQuery,
        until enough: @Sendable ([LogLine]) async throws -> Bool = { _ in false }
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

    private func end(_ runtime: PodmanRuntime, _ fixture: PodmanStack) async throws {
        guard case .present(let stack) = try await runtime.observe(fixture.stack) else { return }
        _ = try await runtime.destroy(fixture.stack, uid: stack.uid)
        try await runtime.awaitGone(fixture.stack, uid: stack.uid) { _ in }
    }

    @Test func theLinesOfAllPodsComeInOrder() async throws {
        try await PodmanTestEngine.withRuntime { runtime, fixture async throws in
            await #expect(throws: StepError.self) { try await read(runtime, fixture, LogQuery()) }
            #expect(try await runtime.workloads(of: fixture.stack) == [])
            let script =
                "for i in 1 2 3; do echo $NAME $i; /bin/busybox sleep 0.2; done; echo >/tmp/done; exec /bin/busybox sleep 1000"
            let app = fixture.container(
                script,
                fields: [
                    "env": [["name": "NAME", "valueFrom": ["fieldRef": ["fieldPath": "metadata.name"]]]],
                    "volumeMounts": [["name": "tmp", "mountPath": "/tmp"]],
                    "readinessProbe": ["exec": ["command": ["/bin/sh", "-c", "[ -f /tmp/done ]"]], "periodSeconds": 1],
                ])
            let web = fixture.workload(
                "Deployment", "web", [app], spec: ["replicas": 2],
                pod: ["terminationGracePeriodSeconds": 1, "volumes": [["name": "tmp", "emptyDir": [:]]]])
            var front = fixture.service("front", port: 80, target: 80)
            front["spec"]?["selector"] = ["app": "web"]
            let job = fixture.workload("Job", "migrate", [fixture.container("echo migrated")], pod: ["restartPolicy": "Never"])
            try await runtime.apply(fixture.plan([web, front, job]), lease: fixture.lease) { _ in }
            try await runtime.awaitReady(fixture.stack) { _ in }
            let all = try await read(runtime, fixture, LogQuery())
            #expect(all.count == 7)
            #expect(all.map(\.time) == all.map(\.time).sorted())
            #expect(all.allSatisfy { Date(rfc3339: $0.time) != nil && $0.time.hasSuffix("Z") })
            #expect(Set(all.map(\.pod)).count == 3)
            let service = try await read(runtime, fixture, LogQuery(service: "front", tail: 2))
            #expect(service.count == 4)
            #expect(service.allSatisfy { $0.pod.hasPrefix($0.text.split(separator: " ")[0] + "-") && $0.container == "app" })
            // a workload without a Service can be named too
            #expect(try await read(runtime, fixture, LogQuery(service: "migrate")).map(\.text) == ["migrated"])
            let middle = try #require(all.filter { $0.pod.hasPrefix("web-0") }.dropFirst().first)
            let later = try await read(runtime, fixture, LogQuery(service: "web", since: middle.time))
            #expect(later.allSatisfy { $0.time >= middle.time } && later.contains(middle))
            #expect(try await read(runtime, fixture, LogQuery(since: "2100-01-01T00:00:00Z")) == [])
            let unknown = await #expect(throws: StepError.self) { try await read(runtime, fixture, LogQuery(service: "back")) }
            #expect(unknown?.message == "no service or workload \"back\"; there are pods of migrate, web")
            let container = await #expect(throws: StepError.self) { try await read(runtime, fixture, LogQuery(container: "db")) }
            #expect(container?.message == "no container \"db\"; there are app")
            let previous = await #expect(throws: StepError.self) { try await read(runtime, fixture, LogQuery(previous: true)) }
            #expect(previous?.isRetryable == false)
            try await end(runtime, fixture)
        }
    }

    @Test func aFollowerTellsEachLineOfEachRunOnce() async throws {
        try await PodmanTestEngine.withRuntime { runtime, fixture async throws in
            let script =
                "echo started; while ! [ -e /data/stop ]; do /bin/busybox sleep 0.2; done; /bin/busybox rm /data/stop; echo stopping; printf unended; exit 1"
            let app = fixture.container(script, fields: ["volumeMounts": [["name": "data", "mountPath": "/data"]]])
            let web = fixture.workload(
                "Deployment", "web", [app], pod: ["terminationGracePeriodSeconds": 1, "volumes": [["name": "data", "emptyDir": [:]]]])
            try await runtime.apply(fixture.plan([web]), lease: fixture.lease) { _ in }
            try await runtime.awaitReady(fixture.stack) { _ in }
            let lines = try await read(runtime, fixture, LogQuery(follow: true)) { lines in
                // 255: the container may end before podman has looked how the command in it did
                if lines.count == 1 { _ = try await fixture.exec("web", ["/bin/sh", "-c", "echo > /data/stop"], accepting: [0, 255]) }
                return lines.count { $0.text == "started" } == 2
            }
            let run = ["started", "stopping", "unended"]
            #expect(lines.map(\.text) == run + ["started"])
            #expect(try await read(runtime, fixture, LogQuery()).map(\.text) == ["started"])
            #expect(try await read(runtime, fixture, LogQuery(previous: true)).map(\.text) == run)
            #expect(try await read(runtime, fixture, LogQuery(tail: 1, previous: true)).map(\.text) == ["unended"])
            // who comes later begins with the current run, and is told the next one too
            let later = try await read(runtime, fixture, LogQuery(follow: true)) { lines in
                // 255: the container may end before podman has looked how the command in it did
                if lines.count == 1 { _ = try await fixture.exec("web", ["/bin/sh", "-c", "echo > /data/stop"], accepting: [0, 255]) }
                return lines.count == 4
            }
            #expect(later.map(\.text) == run + ["started"])
            #expect(later.first == lines.last)
            try await end(runtime, fixture)
        }
    }

    @Test func aFollowerFindsNewPodsAndEndsWithItsStack() async throws {
        try await PodmanTestEngine.withRuntime { runtime, fixture async throws in
            @Sendable func web(_ greeting: String) -> JSONValue {
                fixture.workload(
                    "Deployment", "web", [fixture.container("echo \(greeting); exec /bin/busybox sleep 1000")],
                    pod: ["terminationGracePeriodSeconds": 1])
            }
            let uid = Mutex("")
            try await runtime.apply(fixture.plan([web("one")]), lease: fixture.lease) { told in uid.withLock { $0 = told } }
            let texts = Mutex<[String]>([])
            try await runtime.logs(of: fixture.stack, LogQuery(follow: true)) { line in
                texts.withLock { $0.append(line.text) }
                if line.text == "one" {
                    try await runtime.apply(fixture.plan([web("two")], digest: "two"), lease: fixture.lease) { _ in }
                } else {
                    _ = try await runtime.destroy(fixture.stack, uid: uid.withLock { $0 })
                }
            }
            #expect(texts.withLock { $0 } == ["one", "two"])
            try await runtime.awaitGone(fixture.stack, uid: uid.withLock { $0 }) { _ in }
        }
    }
}
