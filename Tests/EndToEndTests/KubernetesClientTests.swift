import KubernetesClient
import Logging
import Testing

/// The client against a real cluster.
@Suite(.serialized) struct KubernetesClientTests {
    private struct ConfigMap: Decodable {
        var metadata: ObjectMetadata
        var data: [String: String]?
    }

    private func withNamespace(_ body: (KubernetesClient, String) async throws -> Void) async throws {
        try await KubernetesTestCluster.withClient { client in
            let name = "kc-\(UInt32.random(in: 0...UInt32.max))"
            let manifest = "{apiVersion: v1, kind: Namespace, metadata: {name: \(name)}}"
            let path = try ResourcePath(.namespaces, name: name)
            _ = try await client.apply(path, manifest: Array(manifest.utf8), fieldManager: "test", as: PartialObject.self)
            do { try await body(client, name) } catch {
                try? await client.delete(path)
                throw error
            }
            try await client.delete(path)
        }
    }

    @Test(.timeLimit(.minutes(5))) func objectsAreAppliedReadListedAndDeleted() async throws {
        try await withNamespace { client, namespace in
            let resource = try await client.discovery.resource(apiVersion: "v1", kind: "ConfigMap")
            #expect(resource.name == "configmaps")
            func path(_ name: String) throws -> ResourcePath { try ResourcePath(resource, namespace: namespace, name: name) }
            for name in ["one", "two"] {
                let manifest =
                    #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"\#(name)","labels":{"n":"\#(name)"}},"data":{"a":"b"}}"#
                let made: ConfigMap = try await client.apply(path(name), manifest: Array(manifest.utf8), fieldManager: "test")
                #expect(made.data == ["a": "b"])
            }
            let patched: ConfigMap = try await client.mergePatch(
                path("one"), patch: Array(#"{"data":{"a":null,"c":"d"}}"#.utf8), fieldManager: "test")
            #expect(patched.data == ["c": "d"])
            #expect(try await client.get(path("one"), as: ConfigMap.self).data == ["c": "d"])

            let collection = try ResourcePath(resource, namespace: namespace)
            let two = try await client.list(collection, selector: Selector(labels: "n=two"), metadataOnly: true, as: ConfigMap.self)
            #expect(two.items.map(\.metadata.name) == ["two"])
            #expect(two.items.allSatisfy { $0.data == nil })

            var changes = client.follow(collection, selector: Selector(labels: "n"), as: PartialObject.self).makeAsyncIterator()
            guard case .listed(let listed) = try await changes.next() else { throw KubernetesError.undecodable("no list") }
            #expect(listed.count == 2)

            let mismatch = await #expect(throws: KubernetesError.self) {
                try await client.delete(path("one"), options: DeleteOptions(uid: "other"))
            }
            #expect(mismatch?.code == 409)
            try await client.delete(path("one"), options: DeleteOptions(uid: patched.metadata.uid))
            guard case .removed(let removed) = try await changes.next() else { throw KubernetesError.undecodable("no removal") }
            #expect(removed.metadata.name == "one")
            let missing = await #expect(throws: KubernetesError.self) { try await client.get(path("one"), as: PartialObject.self) }
            #expect(missing?.code == 404)
            try await client.deleteCollection(collection, selector: Selector(labels: "n=two"))
            #expect(try await client.list(collection, selector: Selector(labels: "n"), as: PartialObject.self).items.isEmpty)
        }
    }

    @Test(.timeLimit(.minutes(5))) func aKindThatDoesNotExistIsNamed() async throws {
        try await KubernetesTestCluster.withClient { client in
            for (apiVersion, kind) in [("apps/v1", "Deploymint"), ("nowhere.example.com/v1", "Thing"), ("../../v1", "Pod")] {
                await #expect(throws: KubernetesError.unknownKind(apiVersion: apiVersion, kind: kind)) {
                    try await client.discovery.resource(apiVersion: apiVersion, kind: kind)
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(5))) func anotherAuthorityIsNotTrusted() async throws {
        try await KubernetesTestCluster.withClient { trusted in
            var configuration = trusted.configuration
            configuration.trustRoots = nil
            let client = try KubernetesClient(configuration, logger: Logger(label: "test"))
            let error = await #expect(throws: KubernetesError.self) { try await client.raw("/version") }
            await client.shutdown()
            guard case .transport = error else { throw KubernetesError.undecodable("\(String(describing: error))") }
        }
    }

    @Test(.timeLimit(.minutes(5))) func aServerNameOfItsOwnIsChecked() async throws {
        try await KubernetesTestCluster.withClient { plain in
            var configuration = plain.configuration
            configuration.tlsServerName = "kubernetes.default.svc"
            let client = try KubernetesClient(configuration, logger: Logger(label: "test"))
            do { #expect(String(decoding: try await client.raw("/version"), as: UTF8.self).contains("gitVersion")) } catch {
                await client.shutdown()
                throw error
            }
            await client.shutdown()
        }
    }
}
