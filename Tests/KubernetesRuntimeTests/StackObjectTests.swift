import Foundation
import StagingModel
import Testing

@testable import KubernetesRuntime

/// What pruning takes for a leftover.
@Suite struct StackObjectTests {
    private static let ours = #""app.kubernetes.io/managed-by":"slingshot","slingshot.dev/stack":"shop-7""#
    private static let applied = #"{"manager":"slingshot","operation":"Apply"}"#

    private static func metadata(labels: String = ours, managed: String = "[\(applied)]", more: String = "") -> String {
        #"{"metadata":{"name":"a","uid":"u","labels":{\#(labels)},"managedFields":\#(managed)\#(more)}}"#
    }

    @Test(
        arguments: [
            (metadata(), [], true), (metadata(), ["b"], true), (metadata(), ["a"], false),
            (metadata(managed: #"[{"manager":"kubelet","operation":"Update"},\#(applied)]"#), [], true),
            (metadata(labels: ""), [], false), (metadata(labels: #""slingshot.dev/stack":"shop-7""#), [], false),
            (metadata(labels: ours.replacingOccurrences(of: "shop-7", with: "shop-8")), [], false),
            (metadata(managed: "[]"), [], false), (metadata(managed: "null"), [], false), (metadata(managed: "[{}]"), [], false),
            (metadata(managed: #"[{"manager":"slingshot","operation":"Update"}]"#), [], false),
            (metadata(managed: #"[{"manager":"kubectl","operation":"Apply"}]"#), [], false),
            (metadata(more: #","ownerReferences":[{"kind":"CronJob","name":"c","uid":"o"}]"#), [], false),
            (metadata(more: #","ownerReferences":[]"#), [], true),
            (metadata(more: #","deletionTimestamp":"2027-01-15T08:00:00Z""#), [], false),
        ] as [(String, Set<String>, Bool)])
    func onlyWhatAnEarlierPlanBroughtIsALeftover(json: String, names: Set<String>, isLeftover: Bool) throws {
        let object = try JSONDecoder().decode(StackObject.self, from: Data(json.utf8))
        let stack = try #require(StackName("shop-7"))
        #expect(object.isLeftover(of: stack, keeping: names) == isLeftover)
    }
}
