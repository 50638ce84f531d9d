import StagingModel
import Testing

@testable import Planning

@Suite struct PlanDifferenceTests {
    private func object(_ manifest: JSONValue, apiVersion: String = "apps/v1", kind: String = "Deployment") -> PlannedObject {
        PlannedObject(apiVersion: apiVersion, kind: kind, name: "web", namespace: "n", wave: .workload, manifest: manifest)
    }

    private func fields(_ before: JSONValue, _ after: JSONValue) -> [String] {
        let difference = PlanDifference(from: [object(before)], to: [object(after)])
        return difference.objects.flatMap(\.fields).map {
            "\($0.path) \($0.before?.canonicalText ?? "nothing") \($0.after?.canonicalText ?? "nothing")"
        }
    }

    @Test func fieldsByTheirPath() {
        #expect(
            fields(["a": ["b": 1, "c.d/e": 2, "f": 3]], ["a": ["b": 2, "c.d/e": 3, "g": 4]]) == [
                "a.b 1 2", "a[c.d/e] 2 3", "a.f 3 nothing", "a.g nothing 4",
            ])
        #expect(fields(["a": [1, 2]], ["a": [1, 3, 4]]) == ["a[1] 2 3", "a[2] nothing 4"])
        #expect(fields(["a": [1]], ["a": ["b": 1]]) == [#"a [1] {"b":1}"#])
    }

    @Test func itemsByTheirName() {
        #expect(
            fields(
                ["c": [["name": "a", "image": "1"], ["name": "b", "image": "1"]]],
                ["c": [["name": "b", "image": "2"], ["name": "d", "image": "1"]]]) == [
                    #"c[a] {"image":"1","name":"a"} nothing"#, #"c[b].image "1" "2""#, #"c[d] nothing {"image":"1","name":"d"}"#,
                ])
    }

    @Test func anotherVersionOfAKindIsTheSameObject() {
        let before = object(["apiVersion": "batch/v1beta1"], apiVersion: "batch/v1beta1", kind: "CronJob")
        let after = object(["apiVersion": "batch/v1"], apiVersion: "batch/v1", kind: "CronJob")
        #expect(PlanDifference(from: [before], to: [after]).objects.map(\.change) == [.changed])
    }

    @Test func secretsAreHiddenAndStillCompared() {
        let secret = object(["data": ["a": "eA==", "b": "eA=="], "type": "Opaque"], apiVersion: "v1", kind: "Secret")
        let hidden = secret.hidingSecrets(salt: "1").manifest
        #expect(hidden["data"]?["a"] == hidden["data"]?["b"] && hidden["type"] == "Opaque")
        #expect(hidden["data"]?["a"]?.string?.wholeMatch(of: /<redacted [0-9a-f]{8}>/) != nil)
        #expect(secret.hidingSecrets(salt: "2").manifest["data"] != hidden["data"])
    }
}
