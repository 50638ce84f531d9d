import ControlAPI
import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

/// The addresses of stacks on podman, with the real Caddy and the real program.
@Suite(.serialized, .timeLimit(.minutes(10))) struct PodmanGatewayTests {
    private func run(_ body: @Sendable (PodmanServe, GatewayVisitor) async throws -> Void) async throws {
        try await PodmanServe.run { fixture async throws in
            let visitor = try await GatewayVisitor()
            try fixture.configure(routing: "{kind: gateway, listen: \"127.0.0.1:\(visitor.port)\"}")
            try await body(fixture, visitor)
        }
    }

    private func push(_ greeting: String, replicas: Int64, _ fixture: PodmanServe) async throws -> CommitID {
        let values: JSONValue = [
            "image": .string(PodmanTestEngine.image), "port": 8080, "replicas": .integer(replicas), "env": ["GREETING": .string(greeting)],
        ]
        let file: JSONValue = [
            "template": "web", "values": values,
            "endpoints": ["again": ["service": "web", "port": "http"], "idle": ["service": "web", "port": 80]],
        ]
        return try await fixture.repository.commit([".slingshot.yaml": file.canonicalText], to: PullRequest.headRef(7))
    }

    @Test func `a commit's page is at the address, and the next one takes its place without a gap`() async throws {
        try await run { fixture, visitor async throws in
            let first = try await push("one", replicas: 2, fixture)
            try await fixture.serving { serving async throws in
                try await serving.launch(first)
                try await visitor.until("the page is there") { $0.status == 200 && $0.body.contains("<h1>one</h1>") }
                for host in ["shop-7-again", "shop-7-idle"] {
                    #expect(try await visitor.open(host: "\(host).staging.localhost").body.contains("<h1>one</h1>"))
                }
                #expect(try await visitor.open(host: "shop-7-none.staging.localhost").body.contains("\"code\":\"no-route\""))

                let second = try await push("two", replicas: 2, fixture)
                try await serving.deliver(GitHubDelivery("synchronize", head: second))
                var pages: [String] = []
                while try await serving.client.stack("shop-7").phase != .ready || pages.last != "two" {
                    let answer = try await visitor.open()
                    let page = answer.body.firstMatch(of: /<h1>(.*)<\/h1>/)?.output.1
                    pages.append(page.map(String.init) ?? "\(answer.status) \(answer.body)")
                    try #require(pages.count < 10_000)
                }
                // One after the other, and nothing else in between.
                let changes = zip(pages, pages.dropFirst()).filter { $0 != $1 }.map { "\($0) → \($1)" }
                #expect(pages.first == "one")
                #expect(changes == ["one → two"])
                for _ in 0..<20 { #expect(try await visitor.open().body.contains("<h1>two</h1>")) }

                try await serving.deliver(GitHubDelivery("closed", head: second))
                try await serving.wait(for: .destroyed)
                try await visitor.until("the stack is gone") { $0.status == 410 }
            }
        }
    }

    @Test func `the address comes back when a container, a pod or serve ends`() async throws {
        try await run { fixture, visitor async throws in
            let head = try await push("hello", replicas: 1, fixture)
            @Sendable func answers() async throws {
                try await visitor.until("the page is there") { $0.status == 200 && $0.body.contains("<h1>hello</h1>") }
            }
            @Sendable func name(_ list: [String]) async throws -> String {
                let names = try await PodmanTestEngine.podman(list).split(separator: "\n").map(String.init)
                return try #require(names.first { $0.hasPrefix("\(fixture.prefix)shop-7-web-") })
            }
            @Sendable func address(_ pod: String) async throws -> String {
                let infra = try await PodmanTestEngine.podman(["pod", "inspect", "--format", "{{.InfraContainerID}}", pod])
                let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
                return try await PodmanTestEngine.podman([
                    "inspect", "--format", format, infra.trimmingCharacters(in: .whitespacesAndNewlines),
                ]).trimmingCharacters(in: .whitespacesAndNewlines)
            }
            try await fixture.serving { serving async throws in
                try await serving.launch(head)
                try await answers()
                // Who comes while it is started again waits for it.
                let container = try await name(["ps", "--format", "{{.Names}}"])
                let began = try await PodmanTestEngine.podman(["inspect", "--format", "{{.State.StartedAt}}", container])
                _ = try await PodmanTestEngine.podman(["kill", container])
                let answer = try await visitor.open()
                #expect(answer.status == 200 && answer.body.contains("<h1>hello</h1>"), "\(answer)")
                #expect(try await PodmanTestEngine.podman(["inspect", "--format", "{{.State.StartedAt}}", container]) != began)

                let pod = try await name(["pod", "ls", "--format", "{{.Name}}"])
                let before = try await address(pod)
                _ = try await PodmanTestEngine.podman(["pod", "stop", "-t", "0", pod])
                while try await ["", before].contains(address(pod)) { try await Task.sleep(for: .milliseconds(100)) }
                try await answers()
                await serving.process.kill()
            }
            try await fixture.serving { serving async throws in
                try await answers()
                await serving.process.kill()
            }
            try fixture.removeDatabase()
            try await fixture.serving { serving async throws in
                try await answers()
                try await serving.deliver(GitHubDelivery("closed", head: head))
                try await serving.wait(for: .destroyed)
            }
        }
    }

    /// With an image that is built first, and an app that takes its time, so that there is something to see.
    @Test func `a browser that waits sees what the build and the containers write, and ends on the app without a reload`() async throws {
        try await run { fixture, visitor async throws in
            let routing = "{kind: gateway, listen: \"127.0.0.1:\(visitor.port)\"}"
            try fixture.configure(routing: routing, more: "builds: {localImages: [\"\(PodmanTestEngine.image)\"], network: none}")
            let script = "echo 'applying 3 migrations'; busybox sleep 6; echo migrated; busybox sleep 2; exec /bin/serve"
            let values: JSONValue = [
                "port": 8080, "env": ["GREETING": "Here is the app"], "command": ["/bin/sh", "-c", .string(script)],
            ]
            let file: JSONValue = ["template": "web", "build": ["context": "app"], "values": values]
            let containerfile = """
                FROM \(PodmanTestEngine.image)
                USER 0
                RUN echo compiling the shop; busybox sleep 6
                USER 65532
                """
            let head = try await fixture.repository.commit(
                [".slingshot.yaml": file.canonicalText, "app/Containerfile": containerfile], to: PullRequest.headRef(7))
            try await fixture.serving { serving async throws in
                try await Chromium.with { browser in
                    try await serving.deliver(GitHubDelivery("opened", head: head))
                    let url = "http://shop-7.staging.localhost:\(visitor.port)/"
                    try await browser.open(url)
                    try await browser.wait(for: "shop-7 is on its way")
                    try await browser.wait(until: "document.querySelector('#log').innerText.includes('compiling the shop')")
                    #expect(try await browser.value(of: "document.querySelector('[aria-current]').firstChild.textContent") == "Building")
                    try keep(try await browser.screenshot(), as: "podman-building")
                    try await browser.wait(for: "applying 3 migrations")
                    try keep(try await browser.screenshot(), as: "podman-deploying")
                    try await browser.wait(for: "Here is the app")
                    try keep(try await browser.screenshot(), as: "podman-app")
                    // The one that was asked for, and the one that the page made of itself.
                    #expect(browser.navigations.filter { $0 == url }.count == 2)
                    try await serving.deliver(GitHubDelivery("closed", head: head))
                    try await serving.wait(for: .destroyed)
                    try await browser.open(url)
                    try await browser.wait(for: "shop-7 is gone")
                    try keep(try await browser.screenshot(), as: "podman-gone")
                }
                try await BuildFixture.vanish(fixture.prefix)
            }
        }
    }
}
