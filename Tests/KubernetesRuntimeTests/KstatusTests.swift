import Foundation
import StagingModel
import Testing

@testable import KubernetesRuntime

/// When a workload counts as ready.
@Suite struct KstatusTests {
    private func readiness<View: WorkloadView>(_ view: View.Type, _ rest: String, metadata: String = "") throws -> Readiness {
        let json = #"{"metadata":{"name":"web","uid":"u"\#(metadata)},\#(rest)}"#
        return try JSONDecoder().decode(View.self, from: Data(json.utf8)).workload.readiness
    }

    @Test(arguments: [
        (
            #""replicas":2,"updatedReplicas":2,"readyReplicas":2,"availableReplicas":2,"#
                + #""conditions":[{"type":"Available","status":"True"}]"#,
            Readiness.ready
        ),
        ("", .progressing("Deployment/web: 0 of 2 updated")),
        (#""replicas":2,"updatedReplicas":1"#, .progressing("Deployment/web: 1 of 2 updated")),
        (#""replicas":3,"updatedReplicas":2"#, .progressing("Deployment/web: 1 old to go")),
        (#""replicas":2,"updatedReplicas":2,"readyReplicas":1"#, .progressing("Deployment/web: 1 of 2 ready")),
        (#""replicas":2,"updatedReplicas":2,"readyReplicas":2,"availableReplicas":1"#, .progressing("Deployment/web: 1 of 2 available")),
        (#""replicas":2,"updatedReplicas":2,"readyReplicas":2,"availableReplicas":2"#, .progressing("Deployment/web: not available yet")),
        (
            #""conditions":[{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded","message":"timed\nout"}]"#,
            .failing("Deployment/web: ProgressDeadlineExceeded: timed out")
        ),
    ])
    func deployments(status: String, expected: Readiness) throws {
        #expect(try readiness(Deployment.self, #""spec":{"replicas":2},"status":{\#(status)}"#) == expected)
    }

    @Test(arguments: [
        (#"{"replicas":0}"#, #"{"conditions":[{"type":"Available","status":"True"}]}"#, Readiness.ready),
        ("{}", "{}", .progressing("Deployment/web: 0 of 1 updated")),
    ])
    func deploymentsWithoutPods(spec: String, status: String, expected: Readiness) throws {
        #expect(try readiness(Deployment.self, #""spec":\#(spec),"status":\#(status)"#) == expected)
    }

    @Test(arguments: [
        (
            #","generation":2"#, #""observedGeneration":1"#,
            Readiness.progressing("Deployment/web: the cluster has not taken up the change yet")
        ),
        (#","generation":2"#, "", .progressing("Deployment/web: the cluster has not taken up the change yet")),
        (#","deletionTimestamp":"2026-11-21T00:00:00Z""#, "", .progressing("Deployment/web is being deleted")),
        ("", #""conditions":[{"type":"Stalled","status":"True","reason":"Broken"}]"#, .failing("Deployment/web: Broken")),
        ("", #""conditions":[{"type":"Reconciling","status":"True","message":"wait"}]"#, .progressing("Deployment/web: wait")),
    ])
    func everyKind(metadata: String, status: String, expected: Readiness) throws {
        #expect(try readiness(Deployment.self, #""spec":{"replicas":0},"status":{\#(status)}"#, metadata: metadata) == expected)
    }

    @Test(arguments: [
        ("{}", #""replicas":2,"readyReplicas":2,"currentRevision":"a","updateRevision":"a""#, Readiness.ready),
        ("{}", #""replicas":1"#, .progressing("StatefulSet/web: 1 of 2 made")),
        ("{}", #""replicas":2,"readyReplicas":1"#, .progressing("StatefulSet/web: 1 of 2 ready")),
        ("{}", #""replicas":3,"readyReplicas":3"#, .progressing("StatefulSet/web: 1 too many")),
        (
            "{}", #""replicas":2,"readyReplicas":2,"updatedReplicas":1,"currentRevision":"a","updateRevision":"b""#,
            .progressing("StatefulSet/web: 1 of 2 updated")
        ),
        (#"{"type":"OnDelete"}"#, #""replicas":2,"readyReplicas":2,"currentRevision":"a","updateRevision":"b""#, .ready),
        (#"{"rollingUpdate":{"partition":1}}"#, #""replicas":2,"readyReplicas":2,"updatedReplicas":1,"updateRevision":"b""#, .ready),
        (#"{"rollingUpdate":{"partition":1}}"#, #""replicas":2,"readyReplicas":2"#, .progressing("StatefulSet/web: 0 of 1 updated")),
    ])
    func statefulSets(strategy: String, status: String, expected: Readiness) throws {
        #expect(try readiness(StatefulSet.self, #""spec":{"replicas":2,"updateStrategy":\#(strategy)},"status":{\#(status)}"#) == expected)
    }

    @Test(arguments: [
        (
            #""desiredNumberScheduled":1,"currentNumberScheduled":1,"updatedNumberScheduled":1,"numberAvailable":1,"numberReady":1"#,
            Readiness.ready
        ),
        (#""desiredNumberScheduled":0"#, .ready), ("", .progressing("DaemonSet/web: not scheduled yet")),
        (#""desiredNumberScheduled":1,"currentNumberScheduled":1"#, .progressing("DaemonSet/web: 0 of 1 updated")),
    ])
    func daemonSets(status: String, expected: Readiness) throws {
        #expect(try readiness(DaemonSet.self, #""status":{\#(status)}"#) == expected)
    }

    @Test(arguments: [
        (#""active":1"#, Readiness.progressing("Job/web: not complete yet")),
        (#""conditions":[{"type":"Complete","status":"True"}]"#, .ready),
        (
            #""conditions":[{"type":"Failed","status":"True","reason":"BackoffLimitExceeded","message":"gave up"}]"#,
            .failing("Job/web failed: BackoffLimitExceeded: gave up")
        ),
    ])
    func jobs(status: String, expected: Readiness) throws { #expect(try readiness(Job.self, #""status":{\#(status)}"#) == expected) }

    @Test(arguments: [
        ("Bound", Readiness.ready), ("Pending", .progressing("PersistentVolumeClaim/web: not bound yet")),
        ("Lost", .failing("PersistentVolumeClaim/web has lost its volume")),
    ])
    func claims(phase: String, expected: Readiness) throws {
        #expect(try readiness(PersistentVolumeClaim.self, #""status":{"phase":"\#(phase)"}"#) == expected)
    }

    @Test(arguments: [
        (#""phase":"Running","conditions":[{"type":"Ready","status":"True"}]"#, Readiness.ready), (#""phase":"Succeeded""#, .ready),
        (#""phase":"Running""#, .progressing("Pod/web: not ready yet")),
        (#""phase":"Failed","reason":"Evicted","message":"the node is full""#, .failing("Pod/web failed: Evicted: the node is full")),
    ])
    func pods(status: String, expected: Readiness) throws { #expect(try readiness(Pod.self, #""status":{\#(status)}"#) == expected) }
}
