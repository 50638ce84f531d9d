import ControlAPI
import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

/// From a forge's signed delivery to a stack that is gone, with the real program on podman.
@Suite(.serialized, .timeLimit(.minutes(10))) struct PodmanServeTests {
    /// A web application, and a second service that it asks by name.
    static func stackFile(_ greeting: String) -> [String: String] {
        func deployment(_ name: String, _ command: String) -> String {
            """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: \(name)}
            spec:
              selector: {matchLabels: {app: \(name)}}
              template:
                metadata: {labels: {app: \(name)}}
                spec:
                  terminationGracePeriodSeconds: 1
                  containers:
                    - name: \(name)
                      image: \(PodmanTestEngine.image)
                      \(command)
                      env: [{name: GREETING, value: "\(greeting)"}]
                      readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1, timeoutSeconds: 5}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: \(name)}
            spec: {selector: {app: \(name)}, ports: [{port: 80, targetPort: 8080}]}
            """
        }
        return [
            ".slingshot.yaml": "manifests: deploy/\n",
            "deploy/web.yaml": deployment("web", #"command: ["/bin/sh", "-c", "echo hello from web; exec /bin/serve"]"#),
            "deploy/api.yaml": deployment("api", ""),
        ]
    }

    @Test func `a pull request becomes a stack, is updated and extended, and ends`() async throws {
        try await PodmanServe.run { fixture async throws in
            try fixture.configure()
            let first = try await fixture.repository.commit(Self.stackFile("one"), to: PullRequest.headRef(7))
            try await fixture.serving { serving async throws in
                #expect(try await serving.deliver(GitHubDelivery("opened", head: first)) == 202)
                try await serving.wait(for: .ready)
                #expect(try await fixture.ask("web", "http://api/").contains("one"))
                #expect(try await fixture.ask("web", "http://web:80/").contains("one"))
                let status = try await serving.cli(["status", "shop-7"]).output
                #expect(status.contains("Deployment/api  1/1    ready  -\n") && status.contains("Deployment/web  1/1    ready  -\n"))
                let logs = try await serving.cli(["logs", "shop-7", "web"]).output
                #expect(logs.wholeMatch(of: /web-0-[0-9a-f]+\/web hello from web\n/) != nil, "\(logs)")
                #expect(try await serving.cli(["logs", "shop-7", "db"], accepting: [1]).errors.contains("no service or workload \"db\""))
                let second = try await fixture.repository.commit(Self.stackFile("two"), to: PullRequest.headRef(7))
                #expect(try await serving.deliver(GitHubDelivery("synchronize", head: second)) == 202)
                try await serving.wait(for: .ready)
                #expect(try await fixture.ask("web", "http://api/").contains("two"))
                _ = try await serving.cli(["extend", "shop-7", "4h"])
                try await serving.deliver(GitHubDelivery("closed", head: second))
                try await serving.wait(for: .destroyed)
                #expect(try await serving.client.events(of: "shop-7").last?.message == "destroyed (closed): nothing of it is left")
            }
        }
    }

    @Test func `killed in between it goes on, and without its database it finds the stack on podman`() async throws {
        try await PodmanServe.run { fixture async throws in
            try fixture.configure()
            let head = try await fixture.repository.commit(Self.stackFile("one"), to: PullRequest.headRef(7))
            try await fixture.serving { serving async throws in
                try await serving.deliver(GitHubDelivery("opened", head: head))
                try await serving.wait(for: .deploying)
                await serving.process.kill()
            }
            let before = try await fixture.serving { serving async throws in
                try await serving.wait(for: .ready)
                let before = try await serving.client.stack("shop-7")
                await serving.process.kill()
                return before
            }
            try FileManager.default.removeItem(at: fixture.state)
            try await fixture.serving { serving async throws in
                _ = try await serving.process.line(containing: "stack=shop-7")
                try await serving.wait(for: .ready)
                let after = try await serving.client.stack("shop-7")
                #expect(after.expiresAt == before.expiresAt)
                #expect(after.commit == before.commit)
                try await serving.deliver(GitHubDelivery("closed", head: head))
                try await serving.wait(for: .destroying)
                await serving.process.kill()
            }
            try await fixture.serving { try await $0.wait(for: .destroyed) }
        }
    }

    @Test func `reap destroys what has expired without any serve`() async throws {
        try await PodmanServe.run { fixture async throws in
            try fixture.configure(lifetime: "{default: 60s, maximum: 7d}")
            let head = try await fixture.repository.commit(Self.stackFile("one"), to: PullRequest.headRef(7))
            try await fixture.serving { serving async throws in
                try await serving.deliver(GitHubDelivery("opened", head: head))
                try await serving.wait(for: .ready)
                _ = try await serving.cli(["extend", "shop-7", "--until", "+4s"])
                for _ in 0..<100 {
                    if try await serving.client.events(of: "shop-7").contains(where: { $0.message.contains("wrote the lease's end") }) {
                        break
                    }
                    try await Task.sleep(for: .milliseconds(100))
                }
                await serving.process.kill()
            }
            let config = fixture.directory.appending(path: "slingshot.yaml").path
            let later = try await ChildProcess.run(ServeFixture.binary, ["reap", "--config", config, "--at", "+48h"])
            #expect(later.output.contains("would-destroy"))
            for _ in 0..<100 {
                if try await ChildProcess.run(ServeFixture.binary, ["reap", "--config", config]).output.contains("destroyed") { return }
                try await Task.sleep(for: .milliseconds(200))
            }
            Issue.record("nothing was reaped")
        }
    }
}
