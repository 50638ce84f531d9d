import NIOHTTP1
import Testing

@testable import KubernetesClient

@Suite struct APIRequestTests {
    private static let deployments = APIResource(
        groupVersion: GroupVersion("apps/v1") ?? .core, kind: "Deployment", name: "deployments", isNamespaced: true, verbs: [])

    @Test(
        arguments: [
            (APIResource.namespaces, nil, nil, nil, "/api/v1/namespaces"), (.namespaces, nil, "a", nil, "/api/v1/namespaces/a"),
            (.pods, nil, nil, nil, "/api/v1/pods"), (.pods, "n", "p", "log", "/api/v1/namespaces/n/pods/p/log"),
            (deployments, "n", "web", nil, "/apis/apps/v1/namespaces/n/deployments/web"),
            (deployments, "n", "system:a b?c#d", nil, "/apis/apps/v1/namespaces/n/deployments/system%3Aa%20b%3Fc%23d"),
            (deployments, "n", "ü", nil, "/apis/apps/v1/namespaces/n/deployments/%C3%BC"),
        ] as [(APIResource, String?, String?, String?, String)])
    func pathsAreEncoded(resource: APIResource, namespace: String?, name: String?, subresource: String?, path: String) throws {
        #expect(try ResourcePath(resource, namespace: namespace, name: name, subresource: subresource).description == path)
    }

    @Test(arguments: ["", ".", "..", "a/b", "../../secrets/x", "a%2Fb", String(repeating: "a", count: 254)])
    func aNameThatLeadsElsewhereIsRefused(name: String) {
        #expect(throws: KubernetesError.self) { try ResourcePath(.pods, namespace: "n", name: name) }
        #expect(throws: KubernetesError.self) { try ResourcePath(.pods, namespace: name, name: "p") }
    }

    @Test func anAddressHasToFitItsResource() {
        #expect(throws: KubernetesError.self) { try ResourcePath(.namespaces, namespace: "n", name: "a") }
        #expect(throws: KubernetesError.self) { try ResourcePath(.pods, name: "a") }
        #expect(throws: KubernetesError.self) { try ResourcePath(.pods, namespace: "n", subresource: "log") }
    }

    @Test(arguments: ["", "/", "apps/", "/v1", "a/b/c", "../v1", "apps/v1?x", "Apps/v1", "apps/v 1", "apps/%2e%2e"])
    func anAPIVersionThatLeadsElsewhereIsNone(text: String) { #expect(GroupVersion(text) == nil) }

    @Test func deletionSaysWhatItMeans() throws {
        let options = DeleteOptions(uid: "u", gracePeriodSeconds: 2, propagation: .background)
        let request = try APIRequest.delete(
            ResourcePath(.pods, namespace: "n"), selector: Selector(labels: "a=b", fields: "c=d"), options: options)
        #expect(request.method == .DELETE)
        #expect(request.target == "/api/v1/namespaces/n/pods?labelSelector=a%3Db&fieldSelector=c%3Dd")
        let body = String(decoding: request.body ?? [], as: UTF8.self)
        for part in [
            #""preconditions":{"uid":"u"}"#, #""gracePeriodSeconds":2"#, #""propagationPolicy":"Background""#, #""kind":"DeleteOptions""#,
        ] {
            #expect(body.contains(part))
        }
    }

    @Test func patchesSayTheirKind() throws {
        let path = try ResourcePath(.namespaces, name: "a")
        #expect(APIRequest.mergePatch(path, patch: [], fieldManager: "a b").target == "/api/v1/namespaces/a?fieldManager=a%20b")
        #expect(APIRequest.mergePatch(path, patch: [], fieldManager: "a").contentType == "application/merge-patch+json")
        #expect(APIRequest.apply(path, manifest: [], fieldManager: "a", force: false).target == "/api/v1/namespaces/a?fieldManager=a")
    }

    @Test func onlyMetadataCanBeAskedFor() throws {
        let request = APIRequest.list(try ResourcePath(.namespaces), limit: 5, metadataOnly: true)
        #expect(request.target == "/api/v1/namespaces?limit=5")
        #expect(request.accept.hasPrefix("application/json;as=PartialObjectMetadataList;"))
    }

    @Test(
        arguments: [
            (429, "3", 1, 3), (503, "0", 10, 0), (500, "100000000000", 1, 60), (429, "3", 11, nil), (429, nil, 1, nil),
            (503, "soon", 1, nil),
            (500, "-1", 1, nil), (404, "3", 1, nil), (200, "3", 1, nil),
        ] as [(Int, String?, Int, Int?)])
    func sendsAgainOnlyWhenAskedTo(status: Int, retryAfter: String?, attempt: Int, seconds: Int?) {
        #expect(RetryPolicy().delay(status: status, retryAfter: retryAfter, attempt: attempt) == seconds.map { .seconds($0) })
    }

    @Test(arguments: [
        (KubernetesError.status(Status(code: 400, message: "")), false), (.status(Status(code: 401, message: "")), true),
        (.status(Status(code: 403, message: "")), false), (.status(Status(code: 404, reason: "NotFound", message: "")), false),
        (.status(Status(code: 404, message: "")), true),
        (.status(Status(code: 409, message: "")), true), (.status(Status(code: 422, message: "")), false),
        (.status(Status(code: 429, message: "")), true), (.status(Status(code: 500, message: "")), true), (.transport(""), true),
        (.expired(""), true), (.undecodable(""), false), (.tooLarge(limit: 1), false), (.unknownKind(apiVersion: "", kind: ""), false),
    ])
    func errorsSayWhetherToTryAgain(error: KubernetesError, isRetryable: Bool) { #expect(error.isRetryable == isRetryable) }
}
