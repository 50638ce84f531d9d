import Foundation
import KubernetesClient
import KubernetesRuntime
import Orchestration
import StagingModel
import Synchronization
import Testing

/// Order where it matters, and kinds that the cluster was taught. With the machine's clock, because it is the cluster that works.
@Suite(.serialized, .timeLimit(.minutes(3))) struct KubernetesWaveTests {
    private func withRuntime(_ body: (KubernetesRuntime, StackFixture) async throws -> Void) async throws {
        try await KubernetesTestCluster.withRuntime(clock: SystemClock(), body)
    }

    private func wave(_ order: Int, _ object: PlannedObject) -> PlannedObject {
        var object = object
        var metadata = object.manifest["metadata"] ?? [:]
        metadata["annotations"] = [StackMetadata.wave: .string(String(order))]
        object.manifest["metadata"] = metadata
        return object
    }

    @Test func aJobIsCompleteBeforeWhatComesAfterIt() async throws {
        try await withRuntime { runtime, fixture in
            let job = wave(-1, fixture.job("migrate", "/bin/busybox sleep 2"))
            let waits = Mutex<[String]>([])
            try await runtime.apply(fixture.plan(of: [job, fixture.deployment()]), lease: fixture.lease) { _ in
            } onWaiting: { text in
                waits.withLock { $0.append(text) }
                // what comes later is not there yet
                let early = try await fixture.objects("apps/v1", "Deployment")
                #expect(early.isEmpty)
            }
            #expect(waits.withLock { $0 }.first?.hasPrefix("wave -1: Job/migrate: not complete yet") == true)
            let status = try await runtime.workloads(of: fixture.stack)
            #expect(status.first { $0.kind == "Job" } == WorkloadStatus(kind: "Job", name: "migrate", ready: 1, desired: 1, state: .ready))
            try await runtime.awaitReady(fixture.stack) { _ in }
        }
    }

    @Test func aJobThatFailsKeepsLaterWavesFromBeingApplied() async throws {
        try await withRuntime { runtime, fixture in
            let job = wave(0, fixture.job("migrate", "echo no such table; exit 3"))
            let plan = try fixture.plan(of: [job, wave(1, fixture.deployment())])
            let error = await #expect(throws: StepError.self) { try await runtime.apply(plan, lease: fixture.lease) { _ in } }
            let message = error?.message ?? ""
            #expect(message.hasPrefix("wave 0: Job/migrate: container \"app\" failed (exit code 3)"), "\(message)")
            #expect(message.contains("no such table"), "\(message)")
            #expect(message.hasSuffix("; later waves are not applied before that is mended"), "\(message)")
            #expect(try await fixture.objects("apps/v1", "Deployment").isEmpty)
        }
    }

    @Test func customResourcesAreAppliedFollowedAndPruned() async throws {
        try await withRuntime { runtime, fixture in
            let group = "g\(UInt32.random(in: 0...UInt32.max)).example.com"
            try await fixture.withDefinition(of: "Database", plural: "databases", group: group) {
                let database = fixture.planned("\(group)/v1", "Database", "main", ["spec": ["size": 1]])
                let other = fixture.planned("\(group)/v1", "Database", "other", ["spec": ["size": 1]])
                try await runtime.apply(fixture.plan(of: [database, other]), lease: fixture.lease) { _ in }
                #expect(try await fixture.object().metadata.annotations?[StackMetadata.kinds] == "\(group)/v1/Database")
                try await fixture.say(
                    #"{"status":{"conditions":[{"type":"Ready","status":"False","reason":"Starting","message":"not yet"}]}}"#, of: database)
                let seen = Mutex<[Readiness]>([])
                try await runtime.awaitReady(fixture.stack) { readiness in
                    seen.withLock { $0.append(readiness) }
                    if readiness.text != nil {
                        try await fixture.say(#"{"status":{"conditions":[{"type":"Ready","status":"True"}]}}"#, of: database)
                    }
                }
                #expect(seen.withLock { $0 } == [.progressing("Database/main: Starting: not yet"), .ready])
                #expect(try await runtime.workloads(of: fixture.stack).map(\.kind) == ["Database", "Database"])

                // the plan of the next commit knows the kind no more
                try await runtime.apply(fixture.plan(of: [database]), lease: fixture.lease) { _ in }
                #expect(try await fixture.objects("\(group)/v1", "Database").keys.sorted() == ["main"])
                try await runtime.apply(fixture.plan(of: []), lease: fixture.lease) { _ in }
                #expect(try await fixture.objects("\(group)/v1", "Database").isEmpty)
            }
        }
    }
}

extension StackFixture {
    /// Teaches the cluster a kind for as long as `body` runs. Discovery learns of it while the client lives.
    fileprivate func withDefinition(of kind: String, plural: String, group: String, _ body: () async throws -> Void) async throws {
        let definitions = try await client.discovery.resource(apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition")
        await #expect(throws: KubernetesError.self) { try await client.discovery.resource(apiVersion: "\(group)/v1", kind: kind) }
        let schema: JSONValue = ["type": "object", "x-kubernetes-preserve-unknown-fields": true]
        let version: JSONValue = [
            "name": "v1", "served": true, "storage": true, "schema": ["openAPIV3Schema": schema], "subresources": ["status": [:]],
        ]
        let manifest: JSONValue = [
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": ["name": .string("\(plural).\(group)")],
            "spec": [
                "group": .string(group), "scope": "Namespaced", "versions": [version],
                "names": ["kind": .string(kind), "plural": .string(plural), "singular": .string(kind.lowercased())],
            ],
        ]
        let path = try ResourcePath(definitions, name: "\(plural).\(group)")
        let _: PartialObject = try await client.apply(path, manifest: manifest.canonicalBytes, fieldManager: "test")
        do {
            // served soon after
            for attempt in 0... {
                do {
                    _ = try await client.discovery.resource(apiVersion: "\(group)/v1", kind: kind)
                    break
                } catch KubernetesError.unknownKind where attempt < 300 { try await Task.sleep(for: .milliseconds(100)) }
            }
            try await body()
        } catch {
            try? await client.delete(path)
            throw error
        }
        try await client.delete(path)
    }

    /// Writes an object's status, as its controller does.
    fileprivate func say(_ status: String, of object: PlannedObject) async throws {
        let resource = try await client.discovery.resource(apiVersion: object.apiVersion, kind: object.kind)
        let path = try ResourcePath(resource, namespace: namespace, name: object.name, subresource: "status")
        let _: PartialObject = try await client.mergePatch(path, patch: Array(status.utf8), fieldManager: "controller")
    }
}
