import ControlAPI
import Foundation
import KubernetesClient
import SlingshotTestSupport
import StagingModel
import Testing

/// From a forge's signed delivery to a stack that is gone, with the real program on a real cluster.
@Suite(.serialized, .timeLimit(.minutes(10))) struct MainJobTests {
    static let hostileTitle = "\"]}: {{x}} ${{ pr.title }} && rm -rf /"

    @Test func `a pull request becomes a stack, is followed, and ends with it`() async throws {
        try await ServeFixture.run { fixture async throws in
            try fixture.configure()
            let first = try await fixture.push(greeting: "Hello")
            try await fixture.serving { serving async throws in
                #expect(try await serving.deliver(GitHubDelivery("opened", head: first, title: Self.hostileTitle)) == 202)
                try await serving.wait(for: .ready)
                let page = try await fixture.page(containing: "Hello")
                #expect(page.contains(first.description))
                #expect(page.contains("&quot;]}: {{x}} ${{ pr.title }} &amp;&amp; rm -rf /"))

                let namespace = try #require(try await fixture.namespaceObject())
                let annotations = namespace["metadata"]?["annotations"]
                #expect(annotations?[StackMetadata.title]?.string == Self.hostileTitle)
                #expect(annotations?[StackMetadata.headSHA]?.string == first.description)
                let view = try await serving.client.stack("shop-7")
                #expect(annotations?[StackMetadata.expiresAt]?.string == view.expiresAt?.rfc3339)
                #expect(annotations?[StackMetadata.planDigest]?.string == view.planDigest)

                try await expectLabels(in: fixture)
                try await expectIsolation(in: fixture)

                let extended = try await serving.client.extend("shop-7", ExtendRequest(duration: "4h"))
                let end = try #require(extended.expiresAt).rfc3339
                try await fixture.until("the annotation follows the lease") {
                    $0["metadata"]?["annotations"]?[StackMetadata.expiresAt]?.string == end
                }
                let refused = try await serving.cli(["extend", "shop-7", "30d"], accepting: [1])
                #expect(refused.errors.contains(view.latestExpiry.rfc3339))

                let second = try await fixture.push(greeting: "Hello again")
                #expect(try await serving.deliver(GitHubDelivery("synchronize", head: second)) == 202)
                try await serving.wait(for: .ready)
                #expect(try await fixture.page(containing: "Hello again").contains(second.description))

                let broken = try await fixture.push(greeting: "", stackFile: "template: web\nvalues:\n  image: x\n  prot: 80\n")
                try await serving.deliver(GitHubDelivery("synchronize", head: broken))
                let failed = try await serving.cli(["status", "shop-7", "--wait-for", "ready"], accepting: [1])
                #expect(failed.errors.contains(".slingshot.yaml:4:"))
                #expect(failed.errors.contains("\(second.short) keeps running"))
                _ = try await fixture.page(containing: "Hello again")

                try await serving.deliver(GitHubDelivery("closed", head: broken))
                try await serving.wait(for: .destroyed)
                #expect(try await fixture.namespaceObject() == nil)
                let events = try await serving.client.events(of: "shop-7")
                #expect(events.last?.message == "destroyed (closed): nothing of it is left")
                #expect(try await serving.cli(["list"]).output == "no stacks\n")
                #expect(try await serving.cli(["list", "--all"]).output.contains("destroyed (closed)"))
                #expect(try await serving.cli(["status", "shop-8"], accepting: [3]).errors.contains("shop-8"))
            }
        }
    }

    @Test func `manifests of a folder run too`() async throws {
        try await ServeFixture.run { fixture async throws in
            try fixture.configure()
            let deployment = """
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: api}
                spec:
                  selector: {matchLabels: {app: api}}
                  template:
                    metadata: {labels: {app: api}}
                    spec:
                      containers:
                        - {name: api, image: \(fixture.image), env: [{name: GREETING, value: "from ${{ pr.branch }}"}], ports: [{containerPort: 8080}]}
                ---
                apiVersion: v1
                kind: Service
                metadata: {name: web}
                spec: {selector: {app: api}, ports: [{port: 80, targetPort: 8080}]}
                """
            let head = try await fixture.repository.commit(
                [".slingshot.yaml": "manifests: deploy/preview\n", "deploy/preview/api.yaml": deployment], to: PullRequest.headRef(7))
            try await fixture.serving { serving async throws in
                try await serving.deliver(GitHubDelivery("opened", head: head))
                try await serving.wait(for: .ready)
                _ = try await fixture.page(containing: "from basket")
                #expect(try await serving.cli(["destroy", "shop-7", "--wait"]).output.contains("destroyed"))
                #expect(try await fixture.namespaceObject() == nil)
            }
        }
    }

    @Test func `a namespace that is somebody else's is left alone`() async throws {
        try await ServeFixture.run { fixture async throws in
            try fixture.configure()
            let resource = try await fixture.cluster.discovery.resource(apiVersion: "v1", kind: "Namespace")
            let manifest: JSONValue = ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(fixture.namespace)]]
            let made: JSONValue = try await fixture.cluster.apply(
                ResourcePath(resource, name: fixture.namespace), manifest: manifest.canonicalBytes, fieldManager: "test")
            let head = try await fixture.push(greeting: "Hello")
            try await fixture.serving { serving async throws in
                try await serving.deliver(GitHubDelivery("opened", head: head))
                let failed = try await serving.cli(["status", "shop-7", "--wait-for", "ready"], accepting: [1])
                #expect(failed.errors.contains(fixture.namespace))
                #expect(try await serving.cli(["destroy", "shop-7", "--wait"]).output.contains("left alone"))
            }
            let left = try #require(try await fixture.namespaceObject())
            #expect(left["metadata"]?["uid"] == made["metadata"]?["uid"])
            #expect(left["metadata"]?["deletionTimestamp"] == nil)
        }
    }

    /// What `kubectl get all,ingress,networkpolicy,resourcequota --show-labels` shows.
    private func expectLabels(in fixture: ServeFixture) async throws {
        let lists = [
            "api/v1/namespaces/*/pods", "api/v1/namespaces/*/services", "api/v1/namespaces/*/configmaps",
            "api/v1/namespaces/*/resourcequotas",
            "api/v1/namespaces/*/limitranges", "apis/apps/v1/namespaces/*/deployments", "apis/apps/v1/namespaces/*/replicasets",
            "apis/networking.k8s.io/v1/namespaces/*/ingresses", "apis/networking.k8s.io/v1/namespaces/*/networkpolicies",
        ]
        let name = try #require(StackName("shop-7"))
        for list in lists {
            let items = try await fixture.object("/" + list.replacing("*", with: fixture.namespace))["items"]?.array ?? []
            let ours = items.filter { $0["metadata"]?["name"]?.string != "kube-root-ca.crt" }  // the cluster puts it into every namespace
            #expect(!ours.isEmpty, "\(list) is empty")
            for item in ours {
                for (key, value) in StackMetadata.labels(of: name) {
                    #expect(item["metadata"]?["labels"]?[key]?.string == value, "\(list) \(item["metadata"]?["name"]?.string ?? "") \(key)")
                }
            }
        }
    }

    private func expectIsolation(in fixture: ServeFixture) async throws {
        let pods = try await fixture.object("/api/v1/namespaces/\(fixture.namespace)/pods")["items"]?.array ?? []
        for pod in pods { #expect(pod["spec"]?["automountServiceAccountToken"] == false) }
        let labels = try await fixture.namespaceObject()?["metadata"]?["labels"]
        #expect(labels?["pod-security.kubernetes.io/enforce"]?.string == "baseline")
        let policies = try await fixture.object("/apis/networking.k8s.io/v1/namespaces/\(fixture.namespace)/networkpolicies")
        #expect(policies["items"]?.array?.contains { $0["metadata"]?["name"] == "slingshot-default-deny" } == true)
        let ingresses = try await fixture.object("/apis/networking.k8s.io/v1/namespaces/\(fixture.namespace)/ingresses")
        #expect(ingresses["items"]?.array?.first?["spec"]?["rules"]?.array?.first?["host"] == "shop-7.staging.localhost")
    }
}
