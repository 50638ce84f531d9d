import Foundation
import KubernetesClient
import Orchestration
import StagingModel
import Testing

@testable import KubernetesRuntime

/// What the runtime says and sends, apart from a cluster.
@Suite struct KubernetesRuntimeTests {
    private static func status(_ code: Int, _ message: String, kind: String? = nil, cause: String? = nil) -> KubernetesError {
        let causes = cause.map { [Status.Cause(reason: $0)] }
        return .status(Status(code: code, reason: "R", message: message, details: .init(kind: kind, causes: causes)))
    }

    @Test(
        arguments: [
            (status(422, "spec: bad\nvalue"), false, "Deployment/web: the cluster says 422 R: spec: bad value"),
            (status(400, "x"), false, nil),
            (status(403, "forbidden"), false, nil), (status(403, "x", cause: "NamespaceTerminating"), true, nil),
            (status(403, "status unknown for quota: stack"), true, nil),
            (status(403, "error looking up service account n/default"), true, nil),
            (status(404, "x", kind: "namespaces"), true, "Deployment/web: its namespace is gone"),
            (status(404, "x", kind: "deployments"), false, nil),
            (status(409, "x"), true, nil), (status(429, "x"), true, nil), (status(500, "x"), true, nil),
            (.transport("refused"), true, "Deployment/web: the API server did not answer: refused"),
            (
                .unknownKind(apiVersion: "a/v1", kind: "B"), false,
                "Deployment/web: the cluster serves no B in a/v1; correct apiVersion and kind, or install what defines it"
            ),
        ] as [(KubernetesError, Bool, String?)])
    func errorsNameTheObjectAndSayWhetherToTryAgain(error: KubernetesError, isRetryable: Bool, message: String?) {
        let step = StepError(error, about: "Deployment/web")
        #expect(step.isRetryable == isRetryable)
        if let message { #expect(step.message == message) }
        #expect(step.message.hasPrefix("Deployment/web: "))
    }

    @Test(arguments: [("a\n b\t\u{1B}[31mred\u{202E}", "a b [31mred"), ("", ""), (" a ", "a"), ("12345678901", "123456789…")])
    func textFromElsewhereStaysOnOneLine(text: String, line: String) {
        #expect(text.oneLine(limit: 10 + (line.hasSuffix("red") ? 10 : 0)) == line)
    }

    @Test func theNamespaceCarriesItsLease() {
        let manifest: JSONValue = ["kind": "Namespace", "metadata": ["name": "n", "annotations": ["a": "b"]]]
        let lease = Lease(startedAt: Date(timeIntervalSince1970: 1_800_000_000), expiresAt: nil)
        let made = KubernetesRuntime.manifest(manifest, with: StackMetadata.annotations(of: lease), planDigest: "d", uid: "u")
        let expected: JSONValue = [
            "kind": "Namespace",
            "metadata": [
                "name": "n", "uid": "u",
                "annotations": [
                    "a": "b", "slingshot.dev/created-at": "2027-01-15T08:00:00Z", "slingshot.dev/expires-at": "never",
                    "slingshot.dev/plan-digest": "d",
                ],
            ],
        ]
        #expect(made == expected)
    }

    @Test func whatHoldsANamespaceIsToldInOrder() throws {
        let json = #"""
            {"metadata":{"name":"n","uid":"u"},"status":{"conditions":[
             {"type":"NamespaceFinalizersRemaining","status":"True","message":"f"},
             {"type":"NamespaceContentRemaining","status":"True","message":"c"},
             {"type":"NamespaceDeletionContentFailure","status":"False","message":"ok"}]}}
            """#
        let namespace = try JSONDecoder().decode(Namespace.self, from: Data(json.utf8))
        #expect(namespace.holding == "NamespaceContentRemaining: c; NamespaceFinalizersRemaining: f")
    }

    @Test(arguments: [
        (#"{"app.kubernetes.io/managed-by":"slingshot","slingshot.dev/stack":"shop-7"}"#, true),
        (#"{"app.kubernetes.io/managed-by":"slingshot","slingshot.dev/stack":"shop-8"}"#, false),
        (#"{"app.kubernetes.io/managed-by":"helm","slingshot.dev/stack":"shop-7"}"#, false), (#"{"slingshot.dev/stack":"shop-7"}"#, false),
        ("{}", false), ("null", false),
    ])
    func bothLabelsMakeItOurs(labels: String, isOurs: Bool) throws {
        let stack = try #require(StackName("shop-7"))
        let json = #"{"metadata":{"name":"n","uid":"u","labels":\#(labels)}}"#
        #expect(try JSONDecoder().decode(Namespace.self, from: Data(json.utf8)).belongs(to: stack) == isOurs)
    }
}
