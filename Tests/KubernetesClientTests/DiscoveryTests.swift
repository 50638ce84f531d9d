import NIOCore
import Synchronization
import Testing

@testable import KubernetesClient

@Suite struct DiscoveryTests {
    /// Serves discovery documents by path, and counts what was asked for.
    private final class Cluster: Sendable {
        let documents = Mutex<[String: String]>([:])
        let asked = Mutex<[String]>([])

        init(_ documents: [String: String]) { self.documents.withLock { $0 = documents } }

        func discovery() -> Discovery {
            Discovery { path in
                self.asked.withLock { $0.append(path) }
                guard let document = self.documents.withLock({ $0[path] }) else {
                    throw KubernetesError.status(Status(code: 404, message: ""))
                }
                if document == "broken" { throw KubernetesError.status(Status(code: 503, message: "")) }
                return ByteBuffer(string: document)
            }
        }
    }

    private static let apps = #"""
        {"kind":"APIResourceList","groupVersion":"apps/v1","resources":[
         {"name":"deployments/scale","kind":"Scale","namespaced":true,"verbs":["get"]},
         {"name":"deployments","kind":"Deployment","namespaced":true,"verbs":["get","list","patch"]}]}
        """#

    @Test func aKindIsResolvedOnce() async throws {
        let cluster = Cluster(["/apis/apps/v1": Self.apps])
        let discovery = cluster.discovery()
        for _ in 1...3 {
            let resource = try await discovery.resource(apiVersion: "apps/v1", kind: "Deployment")
            #expect(resource.name == "deployments")
            #expect(resource.isNamespaced)
            #expect(resource.verbs == ["get", "list", "patch"])
        }
        #expect(cluster.asked.withLock { $0 } == ["/apis/apps/v1"])
    }

    @Test func aBrokenGroupHarmsNoOther() async throws {
        let discovery = Cluster(["/apis/apps/v1": Self.apps, "/apis/metrics.k8s.io/v1": "broken"]).discovery()
        let error = await #expect(throws: KubernetesError.self) {
            try await discovery.resource(apiVersion: "metrics.k8s.io/v1", kind: "PodMetrics")
        }
        #expect(error?.isRetryable == true)
        #expect(try await discovery.resource(apiVersion: "apps/v1", kind: "Deployment").name == "deployments")
    }

    @Test func anUnknownKindIsAskedForAgain() async throws {
        let cluster = Cluster(["/apis/apps/v1": Self.apps])
        let discovery = cluster.discovery()
        _ = try await discovery.resource(apiVersion: "apps/v1", kind: "Deployment")
        await #expect(throws: KubernetesError.unknownKind(apiVersion: "apps/v1", kind: "Thing")) {
            try await discovery.resource(apiVersion: "apps/v1", kind: "Thing")
        }
        cluster.documents.withLock { $0["/apis/apps/v1"] = #"{"resources":[{"name":"things","kind":"Thing","namespaced":false}]}"# }
        #expect(try await discovery.resource(apiVersion: "apps/v1", kind: "Thing").name == "things")
    }

    /// Subresources are no kinds, groups can be missing, and an apiVersion can be anything.
    @Test(arguments: [("apps/v1", "Scale"), ("absent/v1", "Thing"), ("../..", "Thing"), ("", "")])
    func whatIsNotServedIsNamed(apiVersion: String, kind: String) async {
        let discovery = Cluster(["/apis/apps/v1": Self.apps]).discovery()
        await #expect(throws: KubernetesError.unknownKind(apiVersion: apiVersion, kind: kind)) {
            try await discovery.resource(apiVersion: apiVersion, kind: kind)
        }
    }
}
