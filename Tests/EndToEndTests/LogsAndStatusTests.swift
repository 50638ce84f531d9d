import ControlAPI
import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

/// What people see of a stack that runs, with the real program on a real cluster.
@Suite(.serialized, .timeLimit(.minutes(5))) struct LogsAndStatusTests {
    private let script = #"echo "hello from $SLINGSHOT_STACK"; printf '\033[31mred\n'; exec /bin/serve"#

    @Test func `logs are read, followed until the end, and can't steer the terminal`() async throws {
        try await ServeFixture.run { fixture async throws in
            try fixture.configure()
            let head = try await fixture.push(greeting: "Hello", command: ["/bin/sh", "-c", script])
            try await fixture.serving { serving async throws in
                #expect(try await serving.cli(["logs", "shop-7"], accepting: [3]).errors.contains("shop-7"))
                try await serving.launch(head)

                let output = try await serving.cli(["logs", "shop-7", "web"]).output
                let lines = output.split(separator: "\n")
                #expect(lines.count == 2)
                #expect(lines.allSatisfy { $0.wholeMatch(of: /web-[a-z0-9]+-[a-z0-9]+\/web .*/) != nil })
                #expect(lines.first?.hasSuffix(" hello from shop-7") == true)
                #expect(lines.last?.hasSuffix(" \u{FFFD}[31mred") == true)
                #expect(
                    try await serving.cli(["logs", "shop-7", "--tail", "1", "--since", "10m"]).output.split(separator: "\n").count == 1)
                let json = try await serving.cli(["logs", "shop-7", "-o", "json", "-c", "web"]).output.split(separator: "\n")
                #expect(
                    try json.map { try ControlCoding.decode(LogLine.self, from: Data($0.utf8)).text } == [
                        "hello from shop-7", "\u{1B}[31mred",
                    ])
                #expect(try await serving.cli(["logs", "shop-7", "db"], accepting: [1]).errors.contains("no service or workload \"db\""))
                #expect(try await serving.cli(["logs", "shop-7", "--previous"], accepting: [1]).errors.contains("leave --previous out"))

                // a follower sees the pod of the next commit too, and ends with the stack
                try await ChildProcess.running(
                    URL(filePath: "/bin/sh"), ["-c", #"exec "$0" "$@" 1>&2"#, ServeFixture.binary.path, "logs", "-f", "shop-7"],
                    environment: ["SLINGSHOT_SERVER": serving.address.absoluteString, "SLINGSHOT_TOKEN": ServeFixture.token]
                ) { follower in
                    _ = try await follower.line(containing: "hello from shop-7")
                    let second = try await fixture.push(greeting: "Hello", command: ["/bin/sh", "-c", "echo second; exec /bin/serve"])
                    try await serving.deliver(GitHubDelivery("synchronize", head: second))
                    _ = try await follower.line(containing: "/web second")
                    _ = try await serving.cli(["destroy", "shop-7", "--wait"])
                    let ended = await #expect(throws: ChildProcess.Failure.self) { try await follower.line(containing: "never printed") }
                    #expect(ended?.description.contains("it ended without") == true)
                }
            }
        }
    }

    @Test func `status shows the workloads, and answers from the record when the cluster is away`() async throws {
        try await ServeFixture.run { fixture async throws in
            try fixture.configure()
            let head = try await fixture.push(greeting: "Hello")
            try await fixture.serving { serving async throws in
                try await serving.launch(head)
                let text = try await serving.cli(["status", "shop-7"]).output
                #expect(text.contains("  Deployment/web  1/1    ready  -\n"))
                let view = try await serving.client.stack("shop-7", workloads: true)
                #expect(view.workloads == [WorkloadStatus(kind: "Deployment", name: "web", ready: 1, desired: 1, state: .ready)])
                let yaml = try await serving.cli(["status", "shop-7", "-o", "yaml"]).output
                #expect(yaml.contains("workloads:\n"))

                let broken = try await fixture.push(greeting: "", stackFile: "template: web\nvalues: {image: localhost/missing:1}\n")
                try await serving.deliver(GitHubDelivery("synchronize", head: broken))
                try await serving.wait(for: .failed)
                let failing = try await serving.client.stack("shop-7", workloads: true).workloads?.first
                #expect(failing?.state == .failing)
                #expect(failing?.message?.contains(#"the image "localhost/missing:1" can't be pulled"#) == true)
            }
            let text = try String(contentsOfFile: fixture.kubeconfig, encoding: .utf8)
            let away = fixture.directory.appending(path: "away.kubeconfig")
            let server = try #require(text.firstMatch(of: /server: (\S+)/))
            try Data(text.replacing(server.1, with: "https://127.0.0.1:1").utf8).write(to: away)
            try fixture.configure(kubeconfig: away.path)
            try await fixture.serving { serving async throws in
                let text = try await serving.cli(["status", "shop-7"]).output
                #expect(text.contains("Workloads: unknown: "))
                #expect(text.contains("did not answer"))
                let refused = try await serving.cli(["logs", "shop-7"], accepting: [1])
                #expect(refused.errors.contains("did not answer"))
            }
        }
    }
}
