import ControlAPI
import Foundation
import NIOHTTP1
import SlingshotTestSupport
import StagingModel
import Testing

/// The stacks' addresses, with the real Caddy, the real program and a real cluster.
@Suite(.serialized, .timeLimit(.minutes(10))) struct GatewayTests {
    static let title = "<script>alert(1)</script> ${{ pr.title }} {{heading}}"

    @Test func `the link answers from the delivery on, becomes the app, and says when it is gone`() async throws {
        try await ServeFixture.run { fixture async throws in
            let visitor = try await GatewayVisitor()
            try fixture.configure(routing: "{kind: gateway, listen: \"127.0.0.1:\(visitor.port)\"}")
            let head = try await fixture.push(greeting: "Hello from the stack")
            try await fixture.serving { serving async throws in
                _ = try await serving.process.line(containing: "stacks are at http://<stack>.staging.localhost:\(visitor.port)")
                let unknown = try await visitor.open(browser: true)
                #expect(unknown.status == 404)
                #expect(unknown.body.contains("There is no stack here"))

                try await serving.deliver(GitHubDelivery("opened", head: head, title: Self.title))
                let page = try await visitor.open(browser: true)
                #expect(page.status == 503)
                #expect(page.headers.first(name: "X-Robots-Tag") == "noindex")
                #expect(page.headers.first(name: "Content-Security-Policy")?.contains("script-src 'self'") == true)
                #expect(page.body.contains("shop-7 is on its way"))
                #expect(page.body.contains("&lt;script&gt;alert(1)&lt;/script&gt; ${{ pr.title }} {{heading}}"))
                #expect(!page.body.contains("<script>alert"))
                let problem = try await visitor.open()
                #expect(problem.status == 503)
                #expect(problem.headers.first(name: "Retry-After") == "5")
                #expect(problem.headers.first(name: "Content-Type") == "application/problem+json")
                #expect(problem.body.contains("\"code\":\"stack-not-ready\""))

                let lines = try await visitor.lines(of: "/.slingshot/events") { $0 == "event: ready" }
                #expect(lines.contains("event: page"))
                #expect(lines.contains { $0.hasPrefix("data: \"") && $0.contains("deploying") })
                let app = try await visitor.open(browser: true)
                #expect(app.status == 200)
                #expect(app.body.contains("Hello from the stack"))
                #expect(app.body.contains("http://shop-7.staging.localhost:\(visitor.port)"))
                #expect(app.headers.first(name: "X-Robots-Tag") == "noindex")

                try await expectHostsAreRead(visitor)
                try await expectNoRouteIsNamed(visitor)

                try await serving.deliver(GitHubDelivery("closed", head: head))
                try await serving.wait(for: .destroyed)
                let gone = try await visitor.until("the stack is gone", browser: true) { $0.status == 410 }
                #expect(gone.body.contains("shop-7 is gone"))
                #expect(gone.body.contains("because its pull request was closed"))
                #expect(gone.body.contains("slingshot create shop 7"))
            }
        }
    }

    /// Whatever form a host has, it leads to its stack or to none.
    private func expectHostsAreRead(_ visitor: GatewayVisitor) async throws {
        for host in ["SHOP-7.Staging.LOCALHOST", "shop-7.staging.localhost.", "shop-7.staging.localhost:1"] {
            #expect(try await visitor.open(host: host).status == 200, "\(host)")
        }
        for host in [
            "shop-8.staging.localhost", "staging.localhost", "a.shop-7.staging.localhost", "shop_7.staging.localhost", "127.0.0.1",
            "xn--shp-7-jua.staging.localhost", "shop-7.staging.localhost.evil.example",
        ] {
            let answer = try await visitor.open(host: host)
            #expect(answer.status == 404, "\(host)")
            #expect(!answer.body.contains("shop-7"), "\(host)")
        }
        let absolute = try await visitor.connection { wire in
            try await wire.send(
                "GET http://shop-7.staging.localhost/ HTTP/1.1\r\nHost: shop-8.staging.localhost\r\nConnection: close\r\n\r\n")
            return try await wire.read(until: "</html>")
        }
        #expect(absolute.contains("Hello from the stack"))
        // The headers by which Slingshot and Caddy talk mean nothing in a visitor's mouth.
        let forged = try await visitor.open(
            "/unreachable",
            headers: [
                ("X-Slingshot-Route", "http"), ("X-Slingshot-Upstream", "127.0.0.1:1"), ("X-Slingshot-Target", "/.slingshot/page.css"),
            ])
        #expect(forged.status == 404)
        #expect(!forged.body.contains("stack-unreachable"))
    }

    private func expectNoRouteIsNamed(_ visitor: GatewayVisitor) async throws {
        let answer = try await visitor.open(host: "shop-7-api.staging.localhost")
        #expect(answer.status == 404)
        #expect(answer.body.contains("\"code\":\"no-route\""))
    }

    @Test func `a failed stack shows why, and its mended one takes over`() async throws {
        try await ServeFixture.run { fixture async throws in
            let visitor = try await GatewayVisitor()
            try fixture.configure(routing: "{kind: gateway, listen: \"127.0.0.1:\(visitor.port)\"}")
            let broken = try await fixture.push(greeting: "", stackFile: "template: web\nvalues: {image: x, prot: 80}\n")
            try await fixture.serving { serving async throws in
                try await serving.deliver(GitHubDelivery("opened", head: broken))
                let failed = try await visitor.until("the page says that it failed", browser: true) { $0.body.contains("shop-7 failed") }
                #expect(failed.status == 503)
                #expect(failed.body.contains(".slingshot.yaml:2:"))
                #expect(failed.body.contains("A push to the pull request tries again"))
                #expect(try await visitor.open().body.contains("\"code\":\"stack-failed\""))

                let mended = try await fixture.push(greeting: "Mended")
                try await serving.deliver(GitHubDelivery("synchronize", head: mended))
                try await visitor.until("the app answers") { $0.status == 200 && $0.body.contains("Mended") }
            }
        }
    }

    @Test func `sockets, streams and uploads pass, and outlive what others do`() async throws {
        try await ServeFixture.run { fixture async throws in
            let visitor = try await GatewayVisitor()
            try fixture.configure(routing: "{kind: gateway, listen: \"127.0.0.1:\(visitor.port)\"}")
            let head = try await fixture.repository.commit(
                [
                    ".slingshot.yaml": "manifests: deploy\nendpoints: {files: {service: web, port: http}}\n",
                    "deploy/stack.yaml": probingStack(image: fixture.image),
                ],
                to: PullRequest.headRef(7))
            try await fixture.serving { serving async throws in
                try await serving.launch(head)
                try await visitor.until("the app answers", "/cgi-bin/count") { $0.status == 200 }

                // A further host, which the stack file names; its address is in what the API tells.
                #expect(try await visitor.open("/cgi-bin/count", host: "shop-7-files.staging.localhost").status == 200)
                let told = try await serving.client.stack("shop-7").endpoints
                #expect(told == [StackEndpoint(name: "files", url: "http://shop-7-files.staging.localhost:\(visitor.port)")])

                let bytes = 200 << 20
                let caddy = try await caddy(of: fixture)
                let before = try Self.residentPeak(of: [caddy, serving.process.id])
                #expect(try await visitor.open("/cgi-bin/count", upload: bytes).body == "\(bytes)\n")
                // It went through, and was kept nowhere.
                for (before, after) in zip(before, try Self.residentPeak(of: [caddy, serving.process.id])) {
                    #expect(after - before < 32 << 10, "\(before) kB, then \(after) kB")
                }
                let stream = try await visitor.lines(of: "/cgi-bin/stream") { $0 == "data: 3" }
                #expect(stream.filter { $0.hasPrefix("data:") } == ["data: 1", "data: 2", "data: 3"])

                try await visitor.connection { wire in
                    try await wire.send(
                        "GET /ws HTTP/1.1\r\nHost: shop-7.staging.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
                    )
                    let answer = try await wire.read(until: "\r\n\r\n")
                    try #require(answer.hasPrefix("HTTP/1.1 101"), "\(answer)")
                    try await wire.send("over the socket")
                    #expect(try await wire.read(until: "socket") == "over the socket")
                    // Another stack comes and goes; this visitor's socket must not notice.
                    _ = try await serving.cli(["create", "shop", "8", "--ref", PullRequest.headRef(7)])
                    _ = try await serving.cli(["status", "shop-8", "--wait-for", "ready", "--timeout", "2m"])
                    #expect(try await visitor.open("/cgi-bin/count", host: "shop-8.staging.localhost").status == 200)
                    _ = try await serving.cli(["destroy", "shop-8", "--wait"])
                    try await wire.send("once more")
                    #expect(try await wire.read(until: "more") == "once more")
                }
                try await expectNothingIsReachable(visitor, fixture, serving)

                // What listens on that port is no more: a page that asks again, not a bare error.
                let refused = try await visitor.open("/dead", browser: true)
                #expect(refused.status == 503)
                #expect(refused.headers.first(name: "Retry-After") == "2")
                #expect(refused.body.contains("shop-7 does not answer"))
                #expect(refused.body.contains("data-mode=\"retry\""))
            }
        }
    }

    /// The most memory that processes have had, in kB.
    private static func residentPeak(of processes: [String]) throws -> [Int] {
        try processes.map { process in
            let status = try String(contentsOf: URL(filePath: "/proc/\(process)/status"), encoding: .utf8)
            return try #require(status.firstMatch(of: /VmHWM:\s+([0-9]+) kB/).flatMap { Int($0.output.1) })
        }
    }

    /// From inside the stack neither Caddy's control, nor the pages' own server, nor the API can be reached: of the network they have no
    /// more than the gateway's port.
    private func expectNothingIsReachable(_ visitor: GatewayVisitor, _ fixture: ServeFixture, _ serving: Serving) async throws {
        let control = try await visitor.open("/cgi-bin/probe?10.96.0.1+443")
        #expect(control.body.contains("10.96.0.1 443 open"))
        for port in [2019, visitor.port, serving.address.port ?? 0] {
            #expect(try await visitor.open("/cgi-bin/probe?gateway+\(port)").body.contains("\(port) closed"))
        }
        let directory = fixture.state.appending(path: "gateway").path
        let attributes = try FileManager.default.attributesOfItem(atPath: directory)
        #expect(attributes[.posixPermissions] as? Int == 0o700)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory).contains("caddy.sock"))
    }

    @Test func `a browser that waits ends on the app without a reload`() async throws {
        try await ServeFixture.run { fixture async throws in
            let visitor = try await GatewayVisitor()
            try fixture.configure(routing: "{kind: gateway, listen: \"127.0.0.1:\(visitor.port)\"}")
            // An app that takes its time, so that there is something to see.
            let head = try await fixture.push(greeting: "Here is the app", command: ["/bin/sh", "-c", "busybox sleep 8; exec /bin/serve"])
            try await fixture.serving { serving async throws in
                try await Chromium.with { browser in
                    try await serving.deliver(GitHubDelivery("opened", head: head, title: Self.title))
                    let url = "http://shop-7.staging.localhost:\(visitor.port)/"
                    try await browser.open(url)
                    try await browser.wait(for: "shop-7 is on its way")
                    try await browser.wait(for: "applied")
                    #expect(try await browser.value(of: "document.querySelectorAll('script').length") == 1)
                    try keep(try await browser.screenshot(), as: "progress")
                    try await browser.wait(for: "Here is the app")
                    try keep(try await browser.screenshot(), as: "app")
                    // The one that was asked for, and the one that the page made of itself.
                    #expect(browser.navigations.filter { $0 == url }.count == 2)
                    try await serving.deliver(GitHubDelivery("closed", head: head))
                    try await serving.wait(for: .destroyed)
                    try await browser.open(url)
                    try await browser.wait(for: "shop-7 is gone")
                    try keep(try await browser.screenshot(), as: "gone")
                }
            }
        }
    }

    @Test func `over TLS a share link and a password open a stack to few`() async throws {
        try await ServeFixture.run { fixture async throws in
            let visitor = try await GatewayVisitor(domain: "staging.test")
            let secret = fixture.directory.appending(path: "password")
            try Data("pass:word".utf8).write(to: secret)
            try fixture.configure(
                domain: "staging.test", routing: "{kind: gateway, listen: \"127.0.0.1:\(visitor.port)\", tls: internal}",
                access: "{basic: {user: team, password: {file: \(secret.path)}}}")
            let head = try await fixture.repository.commit(
                [".slingshot.yaml": "manifests: deploy\n", "deploy/stack.yaml": probingStack(image: fixture.image)],
                to: PullRequest.headRef(7))
            try await fixture.serving { serving async throws in
                _ = try await serving.process.line(containing: "stacks are at https://<stack>.staging.test:\(visitor.port)")
                try await serving.launch(head)
                func curl(_ arguments: String..., path: String = "/cgi-bin/headers") async throws -> String {
                    let host = "shop-7.staging.test:\(visitor.port)"
                    return try await ChildProcess.run(
                        URL(filePath: "/usr/bin/curl"),
                        ["-sik", "--max-time", "60", "--retry", "20", "--retry-connrefused", "--resolve", "\(host):127.0.0.1"] + arguments
                            + ["https://\(host)\(path)"]
                    ).output
                }
                let refused = try await curl()
                #expect(refused.contains("401"))
                #expect(refused.contains("\"code\":\"not-allowed\""))
                let known = try await curl("-u", "team:pass:word")
                #expect(known.contains("authorization=none"))

                let shared = try await serving.cli(["share", "shop-7", "--for", "2h"]).output
                let link = try #require(shared.split(separator: "\n").first)
                let path = try #require(link.split(separator: "staging.test:\(visitor.port)").last.map(String.init))
                let welcome = try await curl(path: path)
                #expect(welcome.contains("303"))
                let cookie = try #require(
                    welcome.split(separator: "\r\n").first { $0.lowercased().hasPrefix("set-cookie: __host-slingshot=") }?.dropFirst(12)
                        .split(separator: ";").first)
                let admitted = try await curl("-H", "Cookie: \(cookie)", "-H", "Authorization: Bearer mine")
                #expect(admitted.contains("authorization=Bearer mine"))
                #expect(try await curl("-H", "Cookie: \(cookie)x").contains("401"))
            }
        }
    }

    @Test func `stopping waits for nobody who watches a page`() async throws {
        try await ServeFixture.run { fixture async throws in
            let visitor = try await GatewayVisitor()
            try fixture.configure(routing: "{kind: gateway, listen: \"127.0.0.1:\(visitor.port)\"}")
            let broken = try await fixture.push(greeting: "", stackFile: "template: web\nvalues: {image: x, prot: 80}\n")
            let (_, status) = try await fixture.servingToEnd { serving async throws in
                try await serving.deliver(GitHubDelivery("opened", head: broken))
                try await visitor.until("the page says that it failed", browser: true) { $0.body.contains("shop-7 failed") }
                try await visitor.connection { wire in
                    try await wire.send("GET /.slingshot/events HTTP/1.1\r\nHost: shop-7.staging.localhost\r\n\r\n")
                    _ = try await wire.read(until: "event: page")
                    serving.process.terminate()
                    // "stopped" is told when every service ended by itself; who is cut off after 20 s ends without.
                    _ = try await serving.process.line(containing: "stopped")
                }
                await serving.process.ended()
            }
            #expect(status == 0)
            await #expect(throws: (any Error).self) { try await visitor.connection { _ in } }
            await #expect(throws: ChildProcess.Failure.self) { try await caddy(of: fixture) }
        }
    }

    @Test func `a killed Caddy comes back, and so does a killed serve`() async throws {
        try await ServeFixture.run { fixture async throws in
            let visitor = try await GatewayVisitor()
            try fixture.configure(routing: "{kind: gateway, listen: \"127.0.0.1:\(visitor.port)\"}")
            let head = try await fixture.push(greeting: "Still here")
            try await fixture.serving { serving async throws in
                try await serving.launch(head)
                try await visitor.until("the app answers") { $0.status == 200 }
                let first = try await caddy(of: fixture)
                _ = try await ChildProcess.run(URL(filePath: "/bin/kill"), ["-9", first])
                _ = try await serving.process.line(containing: "Caddy is started again")
                try await visitor.until("the app answers again") { $0.status == 200 && $0.body.contains("Still here") }
                #expect(try await caddy(of: fixture) != first)
                await serving.process.kill()
            }
            // Caddy is an orphan now, and holds the port. It knows the way to what is ready, and has nobody to ask about anything else.
            let ready = try await visitor.open()
            #expect(ready.status == 200 && ready.body.contains("Still here"))
            let orphaned = try await visitor.open(host: "shop-8.staging.localhost")
            #expect(orphaned.status == 503)
            #expect(orphaned.body.contains("Slingshot is restarting"))
            try await fixture.serving { _ async throws in
                _ = try await visitor.until("the app answers again") { $0.status == 200 && $0.body.contains("Still here") }
            }
        }
    }

    @Test func `a port that is taken, and a missing Caddy, are said plainly`() async throws {
        try await ServeFixture.run { fixture async throws in
            try fixture.configure(routing: "{kind: gateway, listen: \"127.0.0.1:1\"}")
            try await ServeFixture.run { other async throws in
                let visitor = try await GatewayVisitor()
                try other.configure(routing: "{kind: gateway, listen: \"127.0.0.1:\(visitor.port)\"}")
                try fixture.configure(routing: "{kind: gateway, listen: \"127.0.0.1:\(visitor.port)\"}")
                try await other.serving { serving async throws in
                    _ = try await serving.process.line(containing: "stacks are at")
                    let refused = try await fixture.serveFails()
                    #expect(refused.contains("slingshot: the gateway's port is taken"))
                    #expect(refused.contains("choose another `routing.listen`"))
                }
            }
            #expect(try await fixture.serveFails(path: "/nowhere").contains("install Debian's package `caddy`"))
        }
    }

    /// The process of the fixture's Caddy.
    private func caddy(of fixture: ServeFixture) async throws -> String {
        for name in try FileManager.default.contentsOfDirectory(atPath: "/proc") where Int(name) != nil {
            guard let line = FileManager.default.contents(atPath: "/proc/\(name)/cmdline").map({ String(decoding: $0, as: UTF8.self) })
            else { continue }
            if line.contains("caddy"), line.contains(fixture.state.path) { return name }
        }
        throw ChildProcess.Failure("there is no Caddy of \(fixture.state.path)")
    }
}

/// A stack whose scripts count what is uploaded, tell events one by one, echo a socket, and try to reach other machines.
private func probingStack(image: String) -> String {
    func script(_ lines: String...) -> JSONValue { .string(("#!/bin/sh\n" + lines.joined(separator: "\n")) + "\n") }
    let head = "printf 'Content-Type: text/plain\\r\\n\\r\\n'"
    let scripts: JSONValue = [
        "count": script(head, "busybox wc -c"),
        "stream": script(
            "printf 'Content-Type: text/event-stream\\r\\n\\r\\n'", "for n in 1 2 3; do printf 'data: %s\\n\\n' $n; busybox sleep 0.2; done"
        ),
        "headers": script(head, "echo authorization=${HTTP_AUTHORIZATION:-none}"),
        "probe": script(
            head, "host=${QUERY_STRING%+*}; port=${QUERY_STRING#*+}",
            "[ $host != gateway ] || host=$(busybox ip route | busybox sed -n 's/^default via \\([^ ]*\\).*/\\1/p')",
            "if busybox nc -w 2 $host $port </dev/null >/dev/null 2>&1; then echo $host $port open; else echo $host $port closed; fi"),
        "ws": script(
            "while IFS= read -r line; do [ ${#line} -gt 1 ] || break; done",
            "printf 'HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n\\r\\n'", "exec busybox cat"),
    ]
    func backend(_ path: String, _ port: Int64) -> JSONValue {
        ["path": .string(path), "pathType": "Prefix", "backend": ["service": ["name": "web", "port": ["number": .integer(port)]]]]
    }
    let objects: [JSONValue] = [
        ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "scripts"], "data": scripts],
        [
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "web"],
            "spec": [
                "selector": ["matchLabels": ["app": "web"]],
                "template": [
                    "metadata": ["labels": ["app": "web"]],
                    "spec": [
                        "containers": [
                            [
                                "name": "web", "image": .string(image),
                                "command": [
                                    "/bin/sh", "-c",
                                    "while :; do busybox nc -l -p 8081 -e /srv/cgi-bin/ws; done & exec busybox httpd -f -p 8080 -h /srv",
                                ],
                                "readinessProbe": ["httpGet": ["path": "/cgi-bin/count", "port": 8080], "periodSeconds": 1],
                                "volumeMounts": [["name": "scripts", "mountPath": "/srv/cgi-bin"]],
                            ]
                        ],
                        "volumes": [["name": "scripts", "configMap": ["name": "scripts", "defaultMode": 0o755]]],
                    ],
                ],
            ],
        ],
        [
            "apiVersion": "v1", "kind": "Service", "metadata": ["name": "web"],
            "spec": [
                "selector": ["app": "web"],
                "ports": [
                    ["name": "http", "port": 80, "targetPort": 8080], ["name": "ws", "port": 81, "targetPort": 8081],
                    ["name": "dead", "port": 82, "targetPort": 8082],
                ],
            ],
        ],
        [
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": ["name": "web"],
            "spec": [
                "rules": [["host": "${{ stack.host }}", "http": ["paths": [backend("/", 80), backend("/ws", 81), backend("/dead", 82)]]]]
            ],
        ],
    ]
    return objects.map(\.canonicalText).joined(separator: "\n---\n") + "\n"
}

extension ServeFixture {
    /// What `serve` says when it does not start.
    fileprivate func serveFails(path: String? = nil) async throws -> String {
        var environment = ["SLINGSHOT_TOKEN": Self.token, "SHOP_WEBHOOK_SECRET": Self.secret]
        environment["PATH"] = path
        return try await ChildProcess.run(
            Self.binary, ["serve", "--config", directory.appending(path: "slingshot.yaml").path], environment: environment, accepting: [1]
        ).errors
    }
}
