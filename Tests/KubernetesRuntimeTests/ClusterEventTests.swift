import Foundation
import StagingModel
import Testing

@testable import KubernetesRuntime

/// What events add to a diagnosis, and how custom kinds are remembered and judged.
@Suite struct ClusterEventTests {
    private func event(_ reason: String, _ message: String, uid: String = "u", at: String = "2026-01-01T00:00:00Z") throws -> ClusterEvent {
        let json = """
            {"involvedObject":{"kind":"Pod","name":"web-1","uid":"\(uid)"},"reason":"\(reason)","message":"\(message)","lastTimestamp":"\(at)"}
            """
        return try JSONDecoder().decode(ClusterEvent.self, from: Data(json.utf8))
    }

    @Test(
        arguments: [
            (
                "Unhealthy", "Readiness probe failed: 404", .unready,
                "Pod/web-1: Readiness probe failed: 404; correct the probe, or what the container answers", false
            ),
            ("Unhealthy", "Readiness probe failed: 404", .crashing, nil, false),
            (
                "Unhealthy", "Liveness probe failed: 404", .crashing,
                "Pod/web-1: Liveness probe failed: 404; correct the probe, or what the container answers", false
            ),
            (
                "FailedCreate", "exceeded quota: stack", .workload,
                "Pod/web-1: its pods can't be made: exceeded quota: stack; ask for less, or raise `limits` in the server's configuration",
                true
            ),
            (
                "FailedMount", "no such secret", .unready, "Pod/web-1: no such secret; bring what the volume names, or correct the name",
                true
            ),
            ("FailedBinding", "none", .claim, "Pod/web-1: none; name a storageClassName that the cluster has", true),
            ("Pulled", "fine", .unready, nil, false),
        ] as [(String, String, Puzzle, String?, Bool)])
    func anEventBecomesAWord(reason: String, message: String, puzzle: Puzzle, text: String?, isLasting: Bool) throws {
        let words = ClusterEvent.words([try event(reason, message)], about: ["u": puzzle])
        #expect(words == (text.map { [ClusterEvent.Word(text: $0, isLasting: isLasting)] } ?? []))
    }

    @Test func onlyTheNewestOfAnObjectCounts() throws {
        let events = [
            try event("FailedMount", "new", at: "2026-01-01T00:00:02Z"), try event("FailedMount", "old"),
            try event("FailedMount", "other", uid: "x"),
        ]
        let words = ClusterEvent.words(events, about: ["u": .unready])
        #expect(words.map(\.text) == ["Pod/web-1: new; bring what the volume names, or correct the name"])
    }

    @Test(arguments: [
        ("example.com/v1", "Database", true), ("serving.knative.dev/v1", "Service", true), ("v1", "Service", false),
        ("apps/v1beta1", "Deployment", false), ("", "Thing", false), ("v1", "Thing", false),
    ])
    func onlyWhatIsNotKubernetesOwnIsCustom(apiVersion: String, kind: String, isCustom: Bool) {
        #expect((CustomKind(apiVersion: apiVersion, kind: kind) != nil) == isCustom)
    }

    @Test(
        arguments: [
            (nil, []), ("", []), ("a.b/v1/C", ["a.b/v1/C"]), ("a.b/v1/C,x,/,a/b/,v1/Service,d.e/v2/F", ["a.b/v1/C", "d.e/v2/F"]),
        ] as [(String?, [String])])
    func recordedKindsAreRead(recorded: String?, kinds: [String]) {
        #expect(CustomKind.all(recorded: recorded).map(\.description) == kinds)
    }

    @Test(arguments: [
        ("apps/v1/Deployment", "apps/v2/Deployment", true), ("v1/Secret", "v1/Secret", true),
        ("v1/Service", "serving.knative.dev/v1/Service", false),
        ("autoscaling/v1/HorizontalPodAutoscaler", "autoscaling/v2beta2/HorizontalPodAutoscaler", true),
        ("v1/Secret", "v1/ConfigMap", false),
    ])
    func aKindIsTheSameInAllVersions(a: String, b: String, isSame: Bool) {
        #expect((CustomKind.key(of: a) == CustomKind.key(of: b)) == isSame)
    }

    @Test(arguments: [("v1/Secret", "v1/ConfigMap,v1/Secret"), ("", "v1/ConfigMap"), ("a.b/v1/C", "a.b/v1/C,v1/ConfigMap")])
    func whatAStackEverHadIsRecorded(recorded: String, kinds: String) throws {
        let stack = try #require(StackName("shop-7"))
        let commit = try #require(CommitID(String(repeating: "a", count: 40)))
        let object = PlannedObject(
            apiVersion: "v1", kind: "ConfigMap", name: "a", namespace: "n", wave: .configuration, manifest: [:])
        let plan = Plan(stack: stack, namespace: "n", commit: commit, url: "", timeToLive: nil, objects: [object], digest: "")
        #expect(KubernetesRuntime.kinds(of: plan, recorded: recorded) == kinds)
        // an older version left no record, so nothing can be ruled out
        #expect(KubernetesRuntime.kinds(of: plan, recorded: nil).split(separator: ",").count == KubernetesRuntime.prunable.count)
    }

    @Test(
        arguments: [
            ("{}", .ready), (#"{"status":{"conditions":"odd","observedGeneration":"odd"}}"#, .ready), (#"{"status":7}"#, .ready),
            (#"{"status":{"conditions":[{"type":"Ready","status":"True"}]}}"#, .ready),
            (#"{"status":{"conditions":[{"type":"Ready","status":"Unknown","message":"m"}]}}"#, .progressing("Db/a: m")),
            (#"{"status":{"conditions":[{"type":"Stalled","status":"True","reason":"R"}]}}"#, .failing("Db/a: R")),
            (#"{"status":{"observedGeneration":1}}"#, .progressing("Db/a: the cluster has not taken up the change yet")),
            (#"{"status":{"observedGeneration":2}}"#, .ready),
        ] as [(String, Readiness)])
    func customResourcesAreJudgedByTheirConditions(json: String, readiness: Readiness) throws {
        var object = try JSONDecoder().decode(JSONValue.self, from: Data(json.utf8))
        object["kind"] = "Db"
        object["metadata"] = ["name": "a", "uid": "u", "generation": 2]
        let view = try JSONDecoder().decode(CustomResource.self, from: Data(object.canonicalBytes))
        #expect(view.workload.readiness == readiness)
        #expect(view.workload.subject == "Db/a")
    }
}
