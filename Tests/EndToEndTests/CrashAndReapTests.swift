import ControlAPI
import Foundation
import KubernetesClient
import SlingshotTestSupport
import StagingModel
import Testing

/// What must hold when the service dies, or isn't there at all.
@Suite(.serialized, .timeLimit(.minutes(10))) struct CrashAndReapTests {
    /// Keeps the pod unready for a while, so that there is a middle of the deploy to be killed in.
    private let slowStart = ["/bin/sh", "-c", "sleep 4; exec /bin/serve"]

    @Test func `killed in the middle of a deploy, it deploys after the restart`() async throws {
        try await ServeFixture.run { fixture async throws in
            try fixture.configure()
            let head = try await fixture.push(greeting: "Hello", command: slowStart)
            try await fixture.serving { serving async throws in
                try await serving.deliver(GitHubDelivery("opened", head: head))
                try await serving.wait(for: .deploying)
                await serving.process.kill()
            }
            try await fixture.serving { serving async throws in
                try await serving.wait(for: .ready)
                _ = try await fixture.page(containing: head.description)
            }
        }
    }

    @Test func `killed right after the 202, it deploys after the restart`() async throws {
        try await ServeFixture.run { fixture async throws in
            try fixture.configure()
            let head = try await fixture.push(greeting: "Hello")
            try await fixture.serving { serving async throws in
                #expect(try await serving.deliver(GitHubDelivery("opened", head: head)) == 202)
                await serving.process.kill()
            }
            try await fixture.serving { try await $0.wait(for: .ready) }
        }
    }

    @Test func `killed in the middle of a destroy, it finishes after the restart`() async throws {
        try await ServeFixture.run { fixture async throws in
            try fixture.configure()
            let head = try await fixture.push(greeting: "Hello")
            try await fixture.serving { serving async throws in
                try await serving.launch(head)
                try await serving.deliver(GitHubDelivery("closed", head: head))
                try await fixture.until("the namespace is going") { $0["status"]?["phase"] == "Terminating" }
                await serving.process.kill()
            }
            try await fixture.serving { try await $0.wait(for: .destroyed) }
            #expect(try await fixture.namespaceObject() == nil)
        }
    }

    @Test func `with its database deleted, it finds the stack and its lease on the cluster`() async throws {
        try await ServeFixture.run { fixture async throws in
            try fixture.configure()
            let head = try await fixture.push(greeting: "Hello")
            let before = try await fixture.serving { serving async throws in
                try await serving.launch(head)
                return try await serving.client.stack("shop-7")
            }
            try FileManager.default.removeItem(at: fixture.state)
            try await fixture.serving { serving async throws in
                _ = try await serving.process.line(containing: "stack=shop-7")
                try await serving.wait(for: .ready)
                let after = try await serving.client.stack("shop-7")
                #expect(after.expiresAt == before.expiresAt)
                #expect(after.commit == before.commit)
            }
        }
    }

    @Test func `while the API server is away deliveries are accepted, and applied later`() async throws {
        try await ServeFixture.run { fixture async throws in
            let text = try String(contentsOfFile: fixture.kubeconfig, encoding: .utf8)
            let away = fixture.directory.appending(path: "away.kubeconfig")
            let server = try #require(text.firstMatch(of: /server: (\S+)/))
            try Data(text.replacing(server.1, with: "https://127.0.0.1:1").utf8).write(to: away)
            try fixture.configure(kubeconfig: away.path)
            let head = try await fixture.push(greeting: "Hello")
            try await fixture.serving { serving async throws in
                #expect(try await serving.deliver(GitHubDelivery("opened", head: head)) == 202)
                _ = try await serving.process.line(containing: "step failed")
                #expect(try await serving.client.stack("shop-7").phase == .queued)
            }
            try fixture.configure()
            try await fixture.serving { try await $0.wait(for: .ready) }
        }
    }

    @Test func `the lease's end destroys the stack, and the history says why`() async throws {
        try await ServeFixture.run { fixture async throws in
            try fixture.configure()
            let head = try await fixture.push(greeting: "Hello")
            try await fixture.serving { serving async throws in
                try await serving.launch(head)
                _ = try await serving.cli(["extend", "shop-7", "--until", "+2s"])
                try await serving.wait(for: .destroyed)
                #expect(try await fixture.namespaceObject() == nil)
                let events = try await serving.cli(["events", "shop-7"]).output
                #expect(events.contains("expire: the lease ended at"))
                #expect(events.contains("destroyed (expired): nothing of it is left"))
            }
        }
    }

    @Test func `reap destroys what has expired without any serve`() async throws {
        try await ServeFixture.run { fixture async throws in
            try fixture.configure()
            let head = try await fixture.push(greeting: "Hello")
            try await fixture.serving { serving async throws in
                try await serving.launch(head)
                await serving.process.kill()
            }
            let config = fixture.directory.appending(path: "slingshot.yaml").path
            let keep = try await fixture.slingshot(["reap", "--config", config])
            #expect(keep.output.contains("kept"))
            let later = try await fixture.slingshot(["reap", "--config", config, "--at", "+48h", "-o", "json"])
            let lines = try JSONDecoder().decode(JSONValue.self, from: Data(later.output.utf8))
            #expect(lines.array?.map { $0["outcome"] } == ["would-destroy"])
            #expect(try await fixture.namespaceObject() != nil)

            try await fixture.expire()
            #expect(try await fixture.slingshot(["reap", "--config", config, "--dry-run"]).output.contains("would-destroy"))
            #expect(try await fixture.namespaceObject() != nil)
            #expect(try await fixture.slingshot(["reap", "--config", config]).output.contains("destroyed"))
            #expect(try await fixture.namespaceObject() == nil)
            #expect(try await fixture.slingshot(["reap", "--config", config]).output == "no stacks\n")

            // The service comes back, and sees that its work was done for it.
            try await fixture.serving { serving async throws in
                try await serving.deliver(GitHubDelivery("closed", head: head))
                try await serving.wait(for: .destroyed)
            }
        }
    }
}

extension ServeFixture {
    /// Lets the lease on the namespace end in the past, as if the time had come.
    fileprivate func expire() async throws {
        let resource = try await cluster.discovery.resource(apiVersion: "v1", kind: "Namespace")
        let patch: JSONValue = ["metadata": ["annotations": [StackMetadata.expiresAt: "2020-01-01T00:00:00Z"]]]
        let _: JSONValue = try await cluster.mergePatch(
            ResourcePath(resource, name: namespace), patch: patch.canonicalBytes, fieldManager: "test")
    }
}
