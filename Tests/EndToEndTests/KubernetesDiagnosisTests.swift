import Foundation
import KubernetesClient
import KubernetesRuntime
import Orchestration
import StagingModel
import Testing

/// What goes wrong most on a real cluster, and that each ends in a message with the object and the fix.
@Suite(.serialized, .timeLimit(.minutes(3))) struct KubernetesDiagnosisTests {
    /// Applies `objects`, and returns the first text of the stack's readiness that contains `word`.
    private func text(saying word: String, failing: Bool, _ objects: (StackFixture) throws -> [PlannedObject]) async throws -> String {
        struct Said: Error { var text: String }
        var said = ""
        try await KubernetesTestCluster.withRuntime { runtime, fixture in
            try await runtime.apply(fixture.plan(of: objects(fixture)), lease: fixture.lease) { _ in }
            do {
                try await runtime.awaitReady(fixture.stack) { readiness in
                    let isFailing = if case .failing = readiness { true } else { false }
                    if let text = readiness.text, text.contains(word), isFailing == failing { throw Said(text: text) }
                }
            } catch let error as Said { said = error.text }
        }
        return said
    }

    @Test func aProbeThatFailsIsToldInKubeletsWords() async throws {
        let said = try await text(saying: "Readiness probe failed", failing: false) { fixture in
            let probe: JSONValue = ["httpGet": ["path": "/missing", "port": 8080], "periodSeconds": 1]
            return [
                fixture.deployment(command: ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/"], container: ["readinessProbe": probe])
            ]
        }
        #expect(said.hasPrefix("Deployment/web: "))
        #expect(said.contains("HTTP probe failed with statuscode: 404; correct the probe, or what the container answers"))
    }

    @Test func whatNoNodeCanRunIsTold() async throws {
        let said = try await text(saying: "no node can run it", failing: true) { fixture in
            [fixture.deployment(container: ["resources": ["requests": ["cpu": "1000"]]])]
        }
        #expect(said.hasPrefix("Deployment/web: no node can run it: "))
        #expect(said.contains("Insufficient cpu"))
        #expect(said.hasSuffix("; lower what its containers request"))
    }

    @Test(arguments: ["Deployment", "Job"]) func anExceededQuotaIsTold(kind: String) async throws {
        let said = try await text(saying: "exceeded quota", failing: true) { fixture in
            var quota = fixture.planned("v1", "ResourceQuota", "stack", ["spec": ["hard": ["pods": "0"]]])
            quota.wave = .isolation
            return [quota, kind == "Job" ? fixture.job("migrate", "exit 0") : fixture.deployment()]
        }
        #expect(said.contains(kind == "Job" ? "Job/migrate: " : "Deployment/web: its pods can't be made: "))
        #expect(said.contains("; ask for less, or raise `limits` in the server's configuration"))
    }

    @Test func aClaimThatNothingCanServeIsTold() async throws {
        let said = try await text(saying: "no node can run it", failing: true) { fixture in
            let claim = fixture.planned(
                "v1", "PersistentVolumeClaim", "data",
                ["spec": ["accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1Mi"]]]])
            let volumes: JSONValue = [["name": "data", "persistentVolumeClaim": ["claimName": "data"]]]
            return [claim, fixture.deployment(pod: ["volumes": volumes])]
        }
        #expect(said.contains("Deployment/web: no node can run it: "))
        #expect(said.contains("PersistentVolumeClaim/data: no persistent volumes available for this claim and no storage class is set"))
        #expect(said.contains("name a storageClassName that the cluster has"))
    }

    @Test func aVolumeOfAConfigMapThatIsNotThereIsTold() async throws {
        let said = try await text(saying: "configmap \"settings\" not found", failing: true) { fixture in
            let volumes: JSONValue = [["name": "settings", "configMap": ["name": "settings"]]]
            let mounts: JSONValue = [["name": "settings", "mountPath": "/settings"]]
            return [fixture.deployment(container: ["volumeMounts": mounts], pod: ["volumes": volumes])]
        }
        #expect(said.contains("bring what the volume names, or correct the name"))
    }
}
